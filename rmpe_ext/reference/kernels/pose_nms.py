"""Parametric pose NMS, in pure PyTorch."""

from __future__ import annotations

import torch

from ...return_types import NMSResult
from ._boxes import box_sides
from ._greedy import confidence, suppress
from .pose_similarity import offsets, similarity

__all__ = ["pose_nms_kernel"]


def pose_nms_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    sigma1: float,
    sigma2: float,
    lam: float,
    eta: float,
    squared: bool,
    box_unit: bool,
    match_box: float,
    match_radius: float,
    near_joints: int,
    near_radius: float,
    near_box: float,
) -> NMSResult[torch.Tensor]:
    """The op ``pose_nms``."""
    weights = torch.tanh(scores / sigma1)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        distance2, matches = offsets(keypoints, boxes, i, j, box_unit, match_box, match_radius)
        too_similar = eta < similarity(
            distance2, matches, weights, boxes, i, j, sigma2, lam, squared, box_unit
        )
        if near_joints > 0:
            # Beyond float32 there is no radius that could be smaller.
            most = min(near_radius, torch.finfo(boxes.dtype).max)
            reach = (near_box * box_sides(boxes[i]).amax(1)).clamp(max=most)
            near = distance2 <= reach.square()[:, None, None]
            too_similar |= near.sum(2) >= near_joints
        return too_similar

    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    comparable &= torch.isfinite(boxes).all(1)
    return suppress(eliminates, pose_scores, comparable, image_index, keypoints.shape[1])
