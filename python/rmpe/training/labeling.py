"""Labels from a network: only the keypoints that it finds again in the mirrored image.

A network that is trained on these learns what a better one is sure of (distillation). What is not
sure is unknown, not absent, and does not count in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..arrays import as_array
from ..people import People
from ..pipeline import PoseEstimator
from ..skeletons import SILHOUETTE

__all__ = ["Sureness", "label_images", "sure_keypoints"]


@dataclass(frozen=True)
class Sureness:
    """Which keypoints are sure.

    Attributes
    ----------
    similarity
        Least similarity of a keypoint and its mirror image's, ``exp(-d^2 / (8 sigma^2 area))``.
    score
        Least score of both.
    keypoints
        A person with fewer sure keypoints gets no keypoints, only a box.
    """

    similarity: float = 0.5
    score: float = 0.3
    keypoints: int = 8


def sure_keypoints(people: People, mirrored: People, sureness: Sureness) -> npt.NDArray[np.bool_]:
    """Compare poses with those of the same people in the mirrored images.

    Parameters
    ----------
    people, mirrored : People
        P each, in the same order.
    sureness : Sureness

    Returns
    -------
    array (P, K) of bool

    Raises
    ------
    ValueError
        Where the skeleton has no sigmas.
    """
    skeleton = people.skeleton
    if skeleton.sigmas is None:
        raise ValueError(f"the skeleton must have sigmas, {skeleton.name} has none")
    device = people.boxes.device
    widths = torch.tensor([size[1] for size in people.image_sizes], device=device)
    widths = widths[people.image_index]
    swap = list(range(len(skeleton)))
    for left, right in skeleton.flip_pairs:
        swap[left], swap[right] = right, left
    back = mirrored.keypoints[:, swap].clone()
    back[..., 0] = widths[:, None] - 1 - back[..., 0]
    squared = (people.keypoints - back).square().sum(dim=2)
    sides = people.boxes[:, 2:] - people.boxes[:, :2]
    area = SILHOUETTE * sides.prod(dim=1, keepdim=True)
    sigmas = torch.tensor(skeleton.sigmas, dtype=torch.float32, device=device)
    similarity = (-squared / (8 * sigmas.square() * area)).exp()
    scores = torch.minimum(people.keypoint_scores, mirrored.keypoint_scores[:, swap])
    # What is not a number is not sure.
    sure = (similarity >= sureness.similarity) & (scores >= sureness.score)
    sure &= (sure.sum(dim=1) >= sureness.keypoints)[:, None]
    return as_array(sure)


def label_images(
    estimator: PoseEstimator,
    images: Sequence[npt.NDArray[np.uint8]],
    sureness: Sureness,
    boxes: Sequence[npt.NDArray[np.float64]] | None = None,
) -> list[list[dict[str, Any]]]:
    """Label the people of some images.

    Parameters
    ----------
    estimator : PoseEstimator
    images : sequence of array (H, W, 3)
        uint8, RGB.
    sureness : Sureness
    boxes : sequence of array (P_i, 4), optional
        ``x1, y1, x2, y2`` of the people, in place of the detector's.

    Returns
    -------
    list of list of dict
        For each image its people, with COCO's fields but the numbers of image and annotation.

    Raises
    ------
    ValueError
        Where the skeleton has no sigmas.
    """
    people = estimator(list(images), boxes=boxes)
    flipped = [np.ascontiguousarray(image[:, ::-1]) for image in images]
    mirrored_boxes = []
    for i, image in enumerate(images):
        own = as_array(people.boxes[people.image_index == i])
        mirrored_boxes.append(
            np.stack([image.shape[1] - own[:, 2], own[:, 1], image.shape[1] - own[:, 0], own[:, 3]],
                     axis=1)
        )  # fmt: skip
    # Nobody is suppressed now: the same people, in the same order.
    nms, estimator.nms = estimator.nms, None
    try:
        again = estimator(flipped, boxes=mirrored_boxes)
    finally:
        estimator.nms = nms
    sure = sure_keypoints(people, again, sureness)
    labels: list[list[dict[str, Any]]] = [[] for _ in images]
    for row, image_index in enumerate(people.image_index.tolist()):
        labels[image_index].append(_annotation(people, row, sure[row]))
    return labels


def _annotation(people: People, row: int, sure: npt.NDArray[np.bool_]) -> dict[str, Any]:
    x1, y1, x2, y2 = (round(value, 2) for value in people.boxes[row].tolist())
    keypoints: list[float] = []
    for (x, y), known in zip(people.keypoints[row].tolist(), sure.tolist(), strict=True):
        keypoints += [round(x, 2), round(y, 2), 2] if known else [0, 0, 0]
    width, height = round(x2 - x1, 2), round(y2 - y1, 2)
    return {
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [x1, y1, width, height],
        "area": round(SILHOUETTE * width * height, 2),
        "keypoints": keypoints,
        "num_keypoints": int(sure.sum()),
    }
