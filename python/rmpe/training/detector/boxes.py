"""Photographs with the boxes of what is in them, as arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...class_names import PERSON
from ...datasets.boxes import BoxDataset, read_boxes
from ...datasets.coco import corners
from ...datasets.dataset import DatasetError
from ...datasets.json_file import read_json
from ...metrics.box_iou import box_iou
from ..photographs import cache_photographs

__all__ = ["BoxedImages", "all_boxes", "load_boxes"]

Floats = npt.NDArray[np.float64]
# Two boxes that overlap more than this are one person's.
_SAME = 0.7


@dataclass(frozen=True, eq=False)
class BoxedImages:
    """B photographs and the P boxes in them.

    Attributes
    ----------
    images
        B of uint8 (H_i, W_i, 3), RGB.
    first
        (B + 1,) int64: the boxes of image i are the rows ``first[i]`` to ``first[i + 1]``.
    boxes
        (P, 4) float64: ``x1, y1, x2, y2`` in fractions of the image.
    class_index
        (P,) int64: what each box holds, an index into the classes of the configuration.
    ignored
        (P,) bool: regions in which nothing is right or wrong, as crowds.
    skipped
        How many photographs were left out, by the reason.
    """

    images: tuple[torch.Tensor, ...]
    first: npt.NDArray[np.int64]
    boxes: Floats
    class_index: npt.NDArray[np.int64]
    ignored: npt.NDArray[np.bool_]
    skipped: Counter[str]

    def __len__(self) -> int:
        """Return the number of photographs, B."""
        return len(self.images)


def load_boxes(
    annotations: Path,
    images: Path,
    cache: Path,
    *,
    longest_side: int,
    classes: Sequence[str] = (PERSON,),
    more_boxes: str = "",
    progress: Callable[[int], object] | None = None,
) -> BoxedImages:
    """Read annotations and cache their photographs.

    Parameters
    ----------
    annotations, images, cache, longest_side, progress
        As :func:`rmpe.training.pose.people.load_people` takes them.
    classes : sequence of str
        Names of the categories that count.
    more_boxes : str
        See :class:`rmpe.training.detector.config.Source`.

    Raises
    ------
    rmpe.datasets.dataset.DatasetError
        Where the annotations cannot be read.
    ValueError
        Where no photograph is left to train on.
    """
    dataset = read_boxes(annotations, images, classes)
    photographs = cache_photographs(
        dataset.paths, cache, longest_side=longest_side, progress=progress
    )
    kept, boxes, class_index, ignored = [], [], [], []
    skipped = Counter({"image missing": dataset.missing} if dataset.missing else {})
    for i, (found, crowd, of_class) in enumerate(all_boxes(dataset, more_boxes)):
        height, width = photographs.images[i].shape[:2]
        if not height:
            skipped["image unreadable"] += 1
            continue
        inside = (found * photographs.scales[i] / (width, height, width, height)).clip(0, 1)
        usable = (inside[:, 2:] > inside[:, :2]).all(axis=1)
        if not (usable & ~crowd).any():
            # A photograph without boxes may still show people.
            skipped["nobody in it"] += 1
            continue
        kept.append(i)
        boxes.append(inside[usable])
        class_index.append(of_class[usable])
        ignored.append(crowd[usable])
    if not kept:
        raise ValueError(f"{annotations} has nothing to train on; skipped: {dict(skipped)}")
    return BoxedImages(
        images=tuple(photographs.images[i] for i in kept),
        first=np.cumsum([0, *map(len, boxes)]),
        boxes=np.concatenate(boxes),
        class_index=np.concatenate(class_index),
        ignored=np.concatenate(ignored),
        skipped=skipped,
    )


def all_boxes(
    dataset: BoxDataset, more_boxes: str = ""
) -> list[tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int64]]]:
    """The boxes (P_i, 4) in each image of a data set, in pixels.

    With each (P_i,) whether it is a crowd, and its index into the classes.

    Parameters
    ----------
    dataset : BoxDataset
    more_boxes : str
        The field of an image that lists more people; those who are annotated already, by their
        overlap, do not come twice.

    Raises
    ------
    DatasetError
        Where that field holds anything but boxes.
    """
    more = _more_boxes(dataset, more_boxes) if more_boxes else {}
    person = dataset.classes.index(PERSON) if more else 0
    found = []
    for i, image_id in enumerate(dataset.image_ids):
        rows = dataset.rows(i)
        own, crowd, of_class = dataset.boxes[rows], dataset.crowd[rows], dataset.class_index[rows]
        others = more.get(image_id, np.empty((0, 4)))
        people = own[of_class == person]
        if len(others) and len(people):
            others = others[box_iou(others[:, None], people).max(axis=1) <= _SAME]
        found.append(
            (
                np.concatenate([own, others]),
                np.concatenate([crowd, np.zeros(len(others), bool)]),
                np.concatenate([of_class, np.full(len(others), person)]),
            )
        )
    return found


def _more_boxes(dataset: BoxDataset, field: str) -> dict[Any, Floats]:
    """The boxes that the images list themselves, by the image's id."""
    found = {}
    content: Any = read_json(dataset.annotations)
    for image in content["images"]:
        if not image.get(field):
            continue
        try:
            boxes = np.array(image[field], np.float64).reshape(-1, 4)
        except (TypeError, ValueError, OverflowError):
            boxes = np.full((1, 4), np.nan)
        if not np.isfinite(boxes).all() or (boxes[:, 2:] < 0).any():
            raise DatasetError(
                f"{dataset.annotations}: {field} of the image {image['id']!r} must be a list of "
                f"boxes [x, y, width, height], got {str(image[field])[:80]}"
            )
        found[image["id"]] = corners(boxes)
    return found
