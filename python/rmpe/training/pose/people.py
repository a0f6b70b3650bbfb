"""The annotated people of a set, as arrays: what samples are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ...datasets import load_dataset
from ...skeletons import Skeleton
from ..photographs import cache_photographs

__all__ = ["TrainingPeople", "load_people"]

# Sides below this, in pixels, have no joints that could be told apart.
_SMALLEST_SIDE = 8


@dataclass(frozen=True, eq=False)
class TrainingPeople:
    """P people with at least one labeled joint each, and their photographs.

    Attributes
    ----------
    skeleton
        What the K joints are.
    images
        uint8 (H_i, W_i, 3), RGB; without pixels where a file could not be read.
    image_index
        (P,) int64: the image that each is in.
    boxes
        (P, 4) float64: ``x1, y1, x2, y2`` in pixels of the image, edges.
    keypoints
        (P, K, 2) float64: pixels of the image, centers at integers.
    labeled
        (P, K) bool. What is not labeled is unknown, not absent.
    areas
        (P,) float64: of the silhouettes, in square pixels.
    skipped
        How many were left out, by the reason.
    """

    skeleton: Skeleton
    images: tuple[torch.Tensor, ...]
    image_index: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float64]
    keypoints: npt.NDArray[np.float64]
    labeled: npt.NDArray[np.bool_]
    areas: npt.NDArray[np.float64]
    skipped: Counter[str]

    def __len__(self) -> int:
        """Return the number of people, P."""
        return len(self.boxes)

    def select(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> TrainingPeople:
        """Keep some of the people, with all images."""
        return replace(
            self,
            image_index=self.image_index[rows],
            boxes=self.boxes[rows],
            keypoints=self.keypoints[rows],
            labeled=self.labeled[rows],
            areas=self.areas[rows],
        )


def load_people(
    annotations: Path,
    images: Path,
    cache: Path,
    *,
    longest_side: int,
    format: str = "coco",
    split: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> TrainingPeople:
    """Read annotations and cache their photographs.

    Parameters
    ----------
    annotations : Path
    images : Path
        Folder of the photographs.
    cache : Path
        Folder for decoded photographs; see `cache_photographs`.
    longest_side : int
        Larger photographs are reduced to it, and the annotations with them.
    format : str
    split : str, optional
        Of the annotations; see :func:`rmpe.datasets.load_dataset`.
    progress : callable, optional
        Called with the number of photographs just decoded.

    Raises
    ------
    rmpe.datasets.dataset.DatasetError
        Where the annotations cannot be read.
    ValueError
        Where nobody is left to train on.
    """
    dataset = load_dataset(annotations, images, format=format, split=split)
    photographs = cache_photographs(
        dataset.paths, cache, longest_side=longest_side, progress=progress
    )
    index = dataset.image_index
    scale = photographs.scales[index]
    sizes = np.array([image.shape[:2] for image in photographs.images])[index].reshape(-1, 2)
    people = TrainingPeople(
        skeleton=dataset.skeleton,
        images=photographs.images,
        image_index=index,
        boxes=dataset.boxes * scale[:, None],
        # Centers are at integers: a reduced pixel's is the mean of those that it came from.
        keypoints=(dataset.keypoints + 0.5) * scale[:, None, None] - 0.5,
        labeled=dataset.visibility > 0,
        areas=dataset.areas * scale**2,
        skipped=Counter({"image missing": dataset.missing} if dataset.missing else {}),
    )
    far = people.labeled & _far_outside(people.keypoints, sizes)
    if far.any():
        # A slip of whoever labeled; a crop that holds it would show nothing else.
        people.skipped["labels far outside the image"] = int(far.sum())
        people = replace(people, labeled=people.labeled & ~far)
    rejected = {
        "image unreadable": sizes[:, 0] == 0,
        "a crowd": dataset.crowd,
        "no labeled joint": ~people.labeled.any(axis=1),
        f"box under {_SMALLEST_SIDE} pixels": _smallest_sides(people.boxes) < _SMALLEST_SIDE,
        "box outside the image": _outside(people.boxes, sizes),
    }
    kept = np.ones(len(people), bool)
    for reason, rows in rejected.items():
        count = int((kept & rows).sum())
        if count:
            people.skipped[reason] = count
        kept &= ~rows
    if not kept.any():
        raise ValueError(f"{annotations} has nobody to train on; skipped: {dict(people.skipped)}")
    return people.select(kept)


def _smallest_sides(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sides: npt.NDArray[np.float64] = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
    return sides


def _far_outside(
    keypoints: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether joints (P, K, 2) are beyond an image (P, 2) by more than its height or width."""
    sides = sizes[:, None, ::-1]
    beyond = ((keypoints < -sides) | (keypoints > 2 * sides)).any(axis=2)
    far: npt.NDArray[np.bool_] = beyond & (sizes[:, :1] > 0)
    return far


def _outside(boxes: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether nothing of a box (P, 4) is in its image, of a height and width (P, 2)."""
    outside: npt.NDArray[np.bool_] = (
        (boxes[:, 0] >= sizes[:, 1])
        | (boxes[:, 1] >= sizes[:, 0])
        | (boxes[:, 2] <= 0)
        | (boxes[:, 3] <= 0)
    )
    return outside
