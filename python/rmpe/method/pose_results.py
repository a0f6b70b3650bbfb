"""Poses that somebody else found: a file of COCO keypoint results, made `People` again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ..datasets.coco import corners, read_boxes
from ..datasets.dataset import Dataset, DatasetError
from ..datasets.entries import Entries
from ..datasets.json_file import read_json
from ..people import People

__all__ = ["read_pose_results"]


def read_pose_results(file: Path, dataset: Dataset) -> People:
    """Read the poses of a data set's images, before any suppression.

    Parameters
    ----------
    file : Path
        COCO keypoint results, JSON: a list of objects with ``image_id``, ``keypoints``
        [x, y, score, ...], ``score``, and perhaps ``bbox`` [x, y, width, height]. All are people,
        whatever their ``category_id``.
    dataset : Dataset

    Returns
    -------
    People
        Image by image, numbered as in the data set; those in other images are left out. A box that
        is not given is the smallest around the keypoints that score above 0, NaN where none does.

    Raises
    ------
    rmpe.datasets.dataset.DatasetError
        The file cannot be read, is no such list, or has nobody in the images of the data set.
    """
    results = Entries(file, "results", read_json(file))
    index = {image_id: i for i, image_id in enumerate(dataset.image_ids)}
    images = np.array([index.get(one, -1) for one in results.ids("image_id")], np.int64)
    order = np.argsort(images, kind="stable")
    order = order[images[order] >= 0]
    if not len(order):
        raise DatasetError(
            f"{file} must have poses in the images of {dataset.annotations}; none of its "
            f"{len(results)} is in one of these {len(dataset)}"
        )
    results = results.select(order.tolist())
    skeleton = dataset.skeleton
    numbers = 3 * len(skeleton)
    rule = f"x, y, score of the {len(skeleton)} keypoints of {skeleton.name}, {numbers} numbers"
    joints = results.arrays("keypoints", (numbers,), rule).reshape(-1, len(skeleton), 3)
    scores = results.numbers("score", "a finite number")
    return People(
        keypoints=torch.from_numpy(joints[..., :2]).float(),
        keypoint_scores=torch.from_numpy(joints[..., 2]).float(),
        boxes=torch.from_numpy(_boxes(results, joints)).float(),
        box_scores=torch.full((len(results),), torch.nan),
        scores=torch.from_numpy(scores).float(),
        image_index=torch.from_numpy(images[order]),
        # Nothing here asks for them, and not all annotations have them.
        image_sizes=((1, 1),) * len(dataset),
        skeleton=skeleton,
    )


def _boxes(results: Entries, joints: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Corners (P, 4): those that are given, else those of the joints (P, K, 3)."""
    sure = joints[..., 2:] > 0
    low = np.where(sure, joints[..., :2], np.inf).min(axis=1)
    high = np.where(sure, joints[..., :2], -np.inf).max(axis=1)
    boxes = np.concatenate([low, high], axis=1)
    boxes[np.isinf(boxes)] = np.nan
    given = [i for i, one in enumerate(results) if one.get("bbox") is not None]
    boxes[given] = corners(read_boxes(results.select(given)))
    return boxes
