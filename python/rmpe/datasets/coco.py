"""COCO keypoint annotations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..skeletons import COCO_17
from .dataset import Dataset

__all__ = ["PERSON", "read"]

# COCO's number of the category "person".
PERSON = 1
# What the measure reads of every annotation, and of those of people.
_FIELDS = ("id", "image_id", "category_id")
_PERSON_FIELDS = ("bbox", "area", "iscrowd", "keypoints", "num_keypoints")


def read(annotations: Path, images: Path) -> Dataset:
    """Pair the annotations with the files in ``images``.

    Raises
    ------
    ValueError
        If ``annotations`` is no COCO annotation file, or none of its images is there.
    """
    try:
        content = json.loads(annotations.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{annotations} is not a COCO annotation file: {error}") from error
    parts = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not content.keys() >= set(parts):
        raise ValueError(
            f"{annotations} is not a COCO annotation file: it must hold {', '.join(parts)}, "
            f"got {', '.join(content) if isinstance(content, dict) else type(content).__name__}"
        )
    listed, entries, categories = (content[part] for part in parts)
    _check_fields(annotations, "categories", categories, ("id",))
    _check_fields(annotations, "images", listed, ("id", "file_name"))
    _check_fields(annotations, "annotations", entries, _FIELDS)
    people = [entry for entry in entries if entry["category_id"] == PERSON]
    _check_fields(annotations, "annotations of people", people, _PERSON_FIELDS)
    boxes: dict[int, list[list[float]]] = {}
    for person in people:
        if person["num_keypoints"] and not person["iscrowd"]:
            x, y, w, h = person["bbox"]
            boxes.setdefault(person["image_id"], []).append([x, y, x + w, y + h])
    present = [image for image in listed if (images / Path(image["file_name"]).name).is_file()]
    if not present:
        raise ValueError(f"none of the {len(listed)} images of {annotations} is in {images}")
    return Dataset(
        annotations=annotations,
        image_ids=tuple(image["id"] for image in present),
        paths=tuple(images / Path(image["file_name"]).name for image in present),
        boxes=tuple(
            np.array(boxes.get(image["id"], []), np.float32).reshape(-1, 4) for image in present
        ),
    )


def _check_fields(
    source: Path, kind: str, entries: Iterable[dict[str, Any]], fields: Sequence[str]
) -> None:
    """Make sure that entries of a COCO file have the fields that will be read.

    A list of numbers is also compared with the length that COCO gives it.
    """
    lengths = {"bbox": 4, "keypoints": 3 * len(COCO_17.keypoints)}
    if not isinstance(entries, list):
        raise ValueError(f"{source}: {kind} must be a list, got {type(entries).__name__}")
    for position, entry in enumerate(entries):
        for field in fields:
            if not isinstance(entry, dict) or field not in entry:
                raise ValueError(
                    f"{source} cannot be evaluated on: all {kind} must have {', '.join(fields)}; "
                    f"number {position} has no {field}"
                )
            length = lengths.get(field)
            if length is not None and np.shape(entry[field]) != (length,):
                raise ValueError(
                    f"{source}: {field} must hold {length} numbers, got {entry[field]!r} in "
                    f"number {position} of the {kind}"
                )
