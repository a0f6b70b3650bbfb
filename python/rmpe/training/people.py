"""The annotated people of a set, as arrays: what samples are made of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..datasets import load_dataset
from ..datasets.coco import PERSON
from .photographs import Photographs, cache_photographs

__all__ = ["TrainingPeople", "load_people"]

# Sides below this have no joints that could be told apart.
_SMALLEST_SIDE = 8


@dataclass(frozen=True, eq=False)
class TrainingPeople:
    """P people with at least one labelled joint each, and their photographs.

    Attributes
    ----------
    images
        uint8 (H_i, W_i, 3), RGB.
    image_index
        (P,) int64: the image that each is in.
    boxes
        (P, 4) float64: ``x1, y1, x2, y2`` in pixels of the image, edges.
    keypoints
        (P, K, 2) float64: pixels of the image, centres at integers.
    labelled
        (P, K) bool. What is not labelled is unknown, not absent.
    skipped
        How many annotations were left out, by the reason.
    """

    images: tuple[torch.Tensor, ...]
    image_index: np.ndarray
    boxes: np.ndarray
    keypoints: np.ndarray
    labelled: np.ndarray
    skipped: Counter[str]

    def __len__(self) -> int:
        """Return the number of people, P."""
        return len(self.boxes)

    def select(self, rows: np.ndarray) -> TrainingPeople:
        """Keep some of the people, with all images."""
        return TrainingPeople(
            self.images,
            self.image_index[rows],
            self.boxes[rows],
            self.keypoints[rows],
            self.labelled[rows],
            self.skipped,
        )


def load_people(
    annotations: Path,
    images: Path,
    cache: Path,
    *,
    longest_side: int,
    progress: Callable[[int], object] | None = None,
) -> TrainingPeople:
    """Read COCO annotations and cache their photographs.

    Parameters
    ----------
    annotations : Path
        COCO keypoint annotations.
    images : Path
        Folder of the photographs.
    cache : Path
        Folder for decoded photographs; see `cache_photographs`.
    longest_side : int
        Larger photographs are reduced to it, and the annotations with them.
    progress : callable, optional
        Called with the number of photographs just decoded.

    Raises
    ------
    ValueError
        Where the annotations cannot be read, or nobody is left to train on.
    """
    dataset = load_dataset(annotations, images)
    photographs = cache_photographs(
        dataset.paths, cache, longest_side=longest_side, progress=progress
    )
    position = {image_id: i for i, image_id in enumerate(dataset.image_ids)}
    skipped: Counter[str] = Counter()
    rows: list[tuple[int, list[float], list[float]]] = []
    for entry in json.loads(annotations.read_text())["annotations"]:
        reason = _reason_to_skip(entry, position, photographs)
        if reason:
            skipped[reason] += 1
        else:
            rows.append((position[entry["image_id"]], entry["bbox"], entry["keypoints"]))
    if not rows:
        raise ValueError(
            f"{annotations} has nobody to train on: {_describe(skipped) or 'no annotations'}"
        )
    return _arrays(rows, photographs, skipped)


def _reason_to_skip(
    entry: dict[str, Any], position: dict[int, int], photographs: Photographs
) -> str | None:
    """Why an annotation makes no sample, or None."""
    if entry["category_id"] != PERSON:
        return "not a person"
    if entry["image_id"] not in position:
        return "image missing"
    if photographs.images[position[entry["image_id"]]] is None:
        return "image unreadable"
    if entry["iscrowd"]:
        return "a crowd"
    values = np.asarray([*entry["bbox"], *entry["keypoints"]], np.float64)
    if not np.isfinite(values).all():
        return "a number that is not finite"
    if not (values[6::3] > 0).any():
        return "no labelled joint"
    if min(entry["bbox"][2:]) < _SMALLEST_SIDE:
        return f"box under {_SMALLEST_SIDE} pixels"
    return None


def _arrays(
    rows: list[tuple[int, list[float], list[float]]],
    photographs: Photographs,
    skipped: Counter[str],
) -> TrainingPeople:
    index = np.array([row[0] for row in rows], np.int64)
    boxes = np.array([row[1] for row in rows], np.float64)
    boxes[:, 2:] += boxes[:, :2]
    triples = np.array([row[2] for row in rows], np.float64).reshape(len(rows), -1, 3)
    scales = photographs.scales[index]
    boxes *= scales[:, None]
    # Centres are at integers: a reduced pixel's centre is the mean of those that it came from.
    points = (triples[..., :2] + 0.5) * scales[:, None, None] - 0.5
    sizes = np.array([(0, 0) if i is None else i.shape[:2] for i in photographs.images])[index]
    inside = (
        (boxes[:, 0] < sizes[:, 1])
        & (boxes[:, 1] < sizes[:, 0])
        & (boxes[:, 2] > 0)
        & (boxes[:, 3] > 0)
    )
    if not inside.all():
        skipped["box outside the image"] += int((~inside).sum())
    images = tuple(
        torch.empty(0, 0, 3, dtype=torch.uint8) if i is None else i for i in photographs.images
    )
    return TrainingPeople(images, index, boxes, points, triples[..., 2] > 0, skipped).select(inside)


def _describe(skipped: Counter[str]) -> str:
    return ", ".join(f"{count} skipped ({reason})" for reason, count in skipped.most_common())
