"""COCO keypoint results, as ``pycocotools`` loads them.

A list with an item for each person: ``image_id`` (an integer, see `name_images`), ``category_id``
1, ``keypoints`` [x, y, score, ...] in the order of the skeleton, ``score``. There is no box: with
one, ``pycocotools`` would take the person's area from it. A joint that is not finite is 0, 0, 0.
Where people were tracked, ``track_id`` is there too.
"""

from __future__ import annotations

from collections.abc import Iterator

from .records import Record
from .text_format import flat_keypoints, json_list

__all__ = ["COCO", "coco_people"]


def coco_people(record: Record) -> Iterator[Record]:
    """Give the item of each person of a record."""
    for person in record.get("people", ()):
        item = {
            "image_id": record["image_id"],
            "category_id": 1,
            "keypoints": flat_keypoints(person),
            "score": person["score"] or 0.0,
        }
        if person.get("track_id") is not None:
            item["track_id"] = person["track_id"]
        yield item


COCO = json_list(
    "coco-results.json",
    coco_people,
    summary="COCO keypoint results, for pycocotools: a list of people, so an image without any "
    "does not appear",
)
