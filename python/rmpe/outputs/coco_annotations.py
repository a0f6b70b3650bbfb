"""COCO keypoint annotations, as annotation tools import them.

Numbers of images are those of the results, annotations are counted from 1; so are categories, in
the order in which they come, where the detector looks for more than people. Of a keypoint, the
visibility is 2; one that is not finite, or scores less than what drawings show where nobody says
otherwise, is not labeled: 0, 0, 0. ``bbox`` is the box of the detector, ``area`` the part of it
that people cover in COCO, on average. ``score`` and, where people were tracked, ``track_id`` are
there too: tools take them as attributes, or leave them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ..class_names import PERSON
from ..skeletons import SILHOUETTE, SKELETONS, Skeleton
from .drawing_style import DrawingStyle
from .files import AppendedFile, Directory
from .records import Record, class_of
from .run_file import known_run
from .text_format import flat_keypoints

__all__ = ["COCO_ANNOTATIONS", "categories"]


def categories(
    skeleton: Skeleton | None, classes: Iterable[str] = (PERSON,)
) -> list[dict[str, Any]]:
    """COCO's list of categories, numbered from 1; without a skeleton no keypoint has a name."""
    keypoints: dict[str, Any] = {}
    if skeleton is not None:
        keypoints = {
            "keypoints": list(skeleton.keypoints),
            "skeleton": [[a + 1, b + 1] for a, b in skeleton.limbs],
        }
    return [
        {"id": number, "name": name, "supercategory": name, **keypoints}
        for number, name in enumerate(classes, 1)
    ]


class _CocoAnnotations:
    file_name = "coco-annotations.json"
    summary = (
        "COCO keypoint annotations, for annotation tools such as CVAT and FiftyOne: all images, "
        "and the people in them with their boxes"
    )
    needs = ""

    @contextmanager
    def writing(self, directory: Directory) -> Iterator[_Writer]:
        with directory.replacing(self.file_name) as file:
            writer = _Writer(file, DrawingStyle().keypoint_score(known_run(directory).drawn_score))
            yield writer
            writer.finish()


class _Writer:
    """Writes annotations as they come; images, of which little is said, follow at the end."""

    def __init__(self, file: AppendedFile, least: float) -> None:
        self._file, self._least = file, least
        self._images: list[str] = []
        self._skeleton: str | None = None
        self._classes: list[str] = []
        self._count = 0
        file.write(b'{"annotations": [')

    def append(self, record: Record) -> None:
        if "error" in record:
            return
        image = {"id": record["image_id"], "file_name": record["name"]}
        image |= {"width": record["width"], "height": record["height"]}
        self._images.append(json.dumps(image))
        self._skeleton = self._skeleton or record["skeleton"]
        for person in record["people"]:
            before = ",\n" if self._count else "\n"
            self._count += 1
            self._file.write((before + json.dumps(self._annotation(record, person))).encode())

    def _annotation(self, record: Record, person: Record) -> Record:
        name = class_of(person)
        if name not in self._classes:
            self._classes.append(name)
        flat = flat_keypoints(person)
        keypoints: list[float] = []
        for x, y, score in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
            keypoints += (x, y, 2) if score >= self._least else (0, 0, 0)
        x1, y1, x2, y2 = (value or 0.0 for value in person["box"])
        width, height = round(x2 - x1, 3), round(y2 - y1, 3)
        annotation = {
            "id": self._count,
            "image_id": record["image_id"],
            "category_id": self._classes.index(name) + 1,
            "bbox": [x1, y1, width, height],
            "area": round(SILHOUETTE * width * height, 3),
            "iscrowd": 0,
            "keypoints": keypoints,
            "num_keypoints": keypoints[2::3].count(2),
            "score": person["score"] or 0.0,
        }
        if person.get("track_id") is not None:
            annotation["track_id"] = person["track_id"]
        return annotation

    def finish(self) -> None:
        # Where all images were skipped, or of a skeleton that is not known, no keypoint has a name.
        skeleton = SKELETONS.get(self._skeleton or "")
        people = categories(skeleton, self._classes or (PERSON,))
        images = ",\n".join(self._images)
        end = f'\n],\n"images": [\n{images}\n],\n"categories": {json.dumps(people)}}}\n'
        self._file.write(end.encode())


COCO_ANNOTATIONS = _CocoAnnotations()
