"""COCO keypoint results, as ``pycocotools`` loads them."""

from __future__ import annotations

from .json_list import JSONListWriter, flat_keypoints
from .records import Record


class COCOWriter(JSONListWriter):
    """COCO keypoint results, as ``pycocotools`` loads them.

    A list with an item for each person: ``image_id`` (an integer, see `label_images`),
    ``category_id`` 1, ``keypoints`` [x, y, score, ...] in the order of the skeleton, ``score``.
    There is no box: with one, ``pycocotools`` would take the person's area from it.
    A joint that is not finite is 0, 0, 0.
    """

    file_name = "coco-results.json"

    def append(self, entry: Record) -> None:
        for person in entry.get("people", ()):
            self._add({
                "image_id": entry["image_id"],
                "category_id": 1,
                "keypoints": flat_keypoints(person),
                "score": person["score"] or 0.0,
            })  # fmt: skip
