"""Merging poses in pure PyTorch."""

from __future__ import annotations

from typing import Any

import torch

from ..arguments import tensors
from ..arguments.merge_poses import merge_poses_arguments
from ..presets import DEFAULT_PRESET, PoseNMSPreset
from ..results import MergedPoses

__all__ = ["merge_poses", "merge_poses_kernel"]


def merge_poses(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    suppressor: torch.Tensor,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> MergedPoses[torch.Tensor]:
    """The reference of :func:`rmpe_ext.merge_poses`: same arguments, same results."""
    return MergedPoses(
        *merge_poses_kernel(
            *merge_poses_arguments(
                tensors, keypoints, scores, boxes, suppressor, preset, parameters
            )
        )
    )


def merge_poses_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    suppressor: torch.Tensor,
    merge_box: float,
    merge_radius: float,
    min_score: float,
    zero_score: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The op ``merge_poses``."""
    count = keypoints.shape[0]
    own = torch.arange(count, device=keypoints.device)
    kept = suppressor == own
    into = suppressor.clamp(0, max(0, count - 1))
    merged = (into == suppressor) & kept[into]

    # Only where the high end is higher: a NaN, or a box turned inside out, has no extent.
    low, high = boxes[:, :2].double(), boxes[:, 2:].double()
    extent = torch.where(high > low, high - low, 0.0)
    reach2 = (merge_box * extent.amax(1)).clamp(max=merge_radius).square().to(keypoints.dtype)

    weights = torch.where((scores <= 0) & torch.isfinite(scores), zero_score, scores)
    offset = keypoints - keypoints[into]
    distance2 = offset.square().sum(2)
    adds = (
        merged[:, None]
        & (distance2 <= reach2[into, None])
        & torch.isfinite(distance2 + weights)
        & torch.isfinite(weights[into])
    )
    weight = torch.where(adds, weights, 0.0)
    total = torch.zeros_like(weight).index_add_(0, into, weight)
    # As differences to the kept pose: where nothing is merged in, they are exactly 0.
    shift = torch.where(adds[..., None], weight[..., None] * offset, 0.0)
    change = torch.where(adds, weight * (weights - weights[into]), 0.0)
    shift = torch.zeros_like(shift).index_add_(0, into, shift) / total[..., None]
    change = torch.zeros_like(change).index_add_(0, into, change) / total

    changed = kept[:, None] & (total > 0)
    merged_keypoints = torch.where(changed[..., None], keypoints + shift, keypoints)
    merged_scores = torch.where(changed, weights + change, scores)
    enough = _best(scores) >= min_score
    return merged_keypoints, merged_scores, kept & enough & (_best(merged_scores) >= min_score)


def _best(scores: torch.Tensor) -> torch.Tensor:
    """The highest score of each pose (N,); a NaN is no score."""
    return torch.where(torch.isnan(scores), -torch.inf, scores).amax(1)
