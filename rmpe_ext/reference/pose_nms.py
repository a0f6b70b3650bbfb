"""Pose NMS and box NMS, in pure PyTorch."""

from __future__ import annotations

from typing import Any

import torch

from ..arguments import tensors
from ..arguments.pose_nms import (
    box_nms_arguments,
    pose_nms_arguments,
    pose_similarity_arguments,
)
from ..presets import DEFAULT_PRESET, PoseNMSPreset
from ..results import NMSResult
from ._greedy import confidence, finite_poses, over_pairs, suppress

__all__ = [
    "box_nms",
    "box_nms_kernel",
    "pose_nms",
    "pose_nms_kernel",
    "pose_similarity",
    "pose_similarity_kernel",
]

_BOX_UNIT = 0.1  # of the longer side of the reference box
_SMALLEST_UNIT = 1e-12  # pixels, for a box without extent: joints that coincide keep distance 0


def pose_similarity(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> torch.Tensor:
    """The reference of :func:`rmpe_ext.pose_similarity`: same arguments, same results."""
    return pose_similarity_kernel(
        *pose_similarity_arguments(tensors, keypoints, scores, boxes, preset, parameters)
    )


def pose_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | None = None,
    **parameters: Any,
) -> NMSResult[torch.Tensor]:
    """The reference of :func:`rmpe_ext.pose_nms`: same arguments, same results."""
    return NMSResult(
        *pose_nms_kernel(
            *pose_nms_arguments(
                tensors, keypoints, scores, boxes, preset, pose_scores, image_index, parameters
            )
        )
    )


def box_nms(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    threshold: float,
    *,
    image_index: torch.Tensor | None = None,
) -> NMSResult[torch.Tensor]:
    """The reference of :func:`rmpe_ext.box_nms`: same arguments, same results."""
    return NMSResult(
        *box_nms_kernel(*box_nms_arguments(tensors, boxes, scores, threshold, image_index))
    )


def pose_similarity_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    sigma1: float,
    sigma2: float,
    lam: float,
    squared: bool,
    box_unit: bool,
    match_box: float,
    match_radius: float,
) -> torch.Tensor:
    """The op ``pose_similarity``."""
    count, joints, _ = keypoints.shape
    weights = torch.tanh(scores / sigma1)
    finite = finite_poses(keypoints, scores) & torch.isfinite(boxes).all(1)

    def similarity(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        distance2, matches = _offsets(keypoints, boxes, i, j, box_unit, match_box, match_radius)
        d = _similarity(distance2, matches, weights, boxes, i, j, sigma2, lam, squared, box_unit)
        return torch.where(finite[i, None] & finite[j], d, torch.nan)

    everyone = torch.arange(count, device=keypoints.device).expand(count, count)
    return over_pairs(similarity, everyone, joints, keypoints.dtype)


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
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``pose_nms``."""
    weights = torch.tanh(scores / sigma1)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        distance2, matches = _offsets(keypoints, boxes, i, j, box_unit, match_box, match_radius)
        too_similar = eta < _similarity(
            distance2, matches, weights, boxes, i, j, sigma2, lam, squared, box_unit
        )
        if near_joints > 0:
            reach = (near_box * _extent(boxes[i]).amax(1)).clamp(max=near_radius)
            near = distance2 <= reach.square()[:, None, None]
            too_similar |= near.sum(2) >= near_joints
        return too_similar

    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    comparable &= torch.isfinite(boxes).all(1)
    return suppress(eliminates, pose_scores, comparable, image_index, keypoints.shape[1])


def box_nms_kernel(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    threshold: float,
    image_index: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``box_nms``."""
    areas = _extent(boxes).prod(1)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        a, b = boxes[i, None], boxes[j]
        low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
        intersection = (high - low).clamp(min=0).prod(2)
        # Two boxes without area give 0 / 0, NaN, which exceeds no threshold.
        return intersection / (areas[i, None] + areas[j] - intersection) > threshold

    comparable = torch.isfinite(boxes).all(1) & ~torch.isnan(scores)
    return suppress(eliminates, scores, comparable, image_index, 4)


def _extent(boxes: torch.Tensor) -> torch.Tensor:
    """Width and height (N, 2); 0 where a box is turned inside out."""
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0)


def _unit(boxes: torch.Tensor, box_unit: bool) -> torch.Tensor:
    """The unit of distance of each reference box, in pixels, (N, 1, 1)."""
    longer = _extent(boxes).amax(1)[:, None, None].double()
    return (_BOX_UNIT * longer if box_unit else torch.ones_like(longer)).clamp(min=_SMALLEST_UNIT)


def _offsets(
    keypoints: torch.Tensor,
    boxes: torch.Tensor,
    i: torch.Tensor,
    j: torch.Tensor,
    box_unit: bool,
    match_box: float,
    match_radius: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each joint of poses i (R,) and j (R, M), the squared distance, and whether they match.

    Both are (R, M, K); distances in pixels.
    """
    offset = keypoints[j] - keypoints[i, None]
    distance2 = offset.square().sum(-1)
    matches = torch.ones_like(distance2, dtype=torch.bool)
    if match_box >= 0:
        half = (0.5 * match_box * _extent(boxes[i])).view(-1, 1, 1, 2)
        matches &= (offset.abs() <= half).all(-1)
    if match_radius >= 0:
        radius2 = (match_radius * _unit(boxes[i], box_unit)).square()
        matches &= distance2 <= radius2.to(distance2.dtype)
    return distance2, matches


def _similarity(
    distance2: torch.Tensor,
    matches: torch.Tensor,
    weights: torch.Tensor,
    boxes: torch.Tensor,
    i: torch.Tensor,
    j: torch.Tensor,
    sigma2: float,
    lam: float,
    squared: bool,
    box_unit: bool,
) -> torch.Tensor:
    """d (R, M) of poses i (R,) and j (R, M)."""
    unit = _unit(boxes[i], box_unit)
    falloff = 1.0 / ((unit.square() if squared else unit) * sigma2)
    falloff = falloff.clamp(max=torch.finfo(distance2.dtype).max).to(distance2.dtype)
    distance = distance2 if squared else distance2.sqrt()
    k_sim = torch.where(matches, weights[i, None] * weights[j], 0.0).sum(2)
    h_sim = torch.exp(-falloff * distance).sum(2)
    return k_sim + lam * h_sim
