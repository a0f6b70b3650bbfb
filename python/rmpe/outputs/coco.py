"""COCO keypoint results, as ``pycocotools`` loads them.

A list with an item for each person: ``image_id`` (an integer, see `name_images`), ``category_id``
1, ``keypoints`` [x, y, score, ...] in the order of the skeleton, ``score``. There is no box: with
one, ``pycocotools`` would take the person's area from it. A joint that is not finite is 0, 0, 0.
Where people were tracked, ``track_id`` is there too. The keypoints of COCO-WholeBody stand as its
evaluation reads them: COCO's 17 in ``keypoints``, and those of the feet, the face and the hands in
``foot_kpts``, ``face_kpts``, ``lefthand_kpts`` and ``righthand_kpts``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..skeletons import WHOLEBODY_133
from ..skeletons.wholebody import BODY, FACE, FEET, LEFT_HAND, RIGHT_HAND
from .records import Record, is_person
from .text_format import flat_keypoints, json_list

__all__ = ["COCO", "coco_people"]

_WHOLE = {"keypoints": slice(None)}
_PARTS = {
    "keypoints": BODY,
    "foot_kpts": FEET,
    "face_kpts": FACE,
    "lefthand_kpts": LEFT_HAND,
    "righthand_kpts": RIGHT_HAND,
}


def coco_people(record: Record) -> Iterator[Record]:
    """Give the item of each person of a record."""
    parts = _PARTS if record.get("skeleton") == WHOLEBODY_133.name else _WHOLE
    for person in filter(is_person, record.get("people", ())):
        item = {
            "image_id": record["image_id"],
            "category_id": 1,
            **{field: flat_keypoints(person, part) for field, part in parts.items()},
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
