"""Merging kept poses with those that they suppressed, in pure PyTorch."""

from __future__ import annotations

import torch

from ...return_types import MergedPoses

__all__ = ["merge_poses_kernel"]


def merge_poses_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    suppressor: torch.Tensor,
    merge_box: float,
    merge_radius: float,
    min_score: float,
    zero_score: float,
) -> MergedPoses[torch.Tensor]:
    """The op ``merge_poses``."""
    count = keypoints.shape[0]
    own = torch.arange(count, device=keypoints.device)
    kept = suppressor == own
    into = suppressor.clamp(0, max(0, count - 1))
    merged = (into == suppressor) & kept[into]

    # Sides are 0 where NaN, and where x2 <= x1 or y2 <= y1.
    low, high = boxes[:, :2].double(), boxes[:, 2:].double()
    sides = torch.where(high > low, high - low, 0.0)
    radius2 = (merge_box * sides.amax(1)).clamp(max=merge_radius).square().to(keypoints.dtype)

    weights = torch.where((scores <= 0) & torch.isfinite(scores), zero_score, scores)
    offset = keypoints - keypoints[into]
    distance2 = offset.square().sum(2)
    adds = (
        merged[:, None]
        & (distance2 <= radius2[into, None])
        & torch.isfinite(distance2 + weights)
        & torch.isfinite(weights[into])
    )
    weight = torch.where(adds, weights, 0.0)
    total = torch.zeros_like(weight).index_add_(0, into, weight)
    # Sums of differences to the kept pose are exactly 0 where nothing is merged into it.
    shift = torch.where(adds[..., None], weight[..., None] * offset, 0.0)
    change = torch.where(adds, weight * (weights - weights[into]), 0.0)
    shift = torch.zeros_like(shift).index_add_(0, into, shift) / total[..., None]
    change = torch.zeros_like(change).index_add_(0, into, change) / total

    changed = kept[:, None] & (total > 0)
    merged_keypoints = torch.where(changed[..., None], keypoints + shift, keypoints)
    merged_scores = torch.where(changed, weights + change, scores)
    enough = _best(scores) >= min_score
    keep = kept & enough & (_best(merged_scores) >= min_score)
    return MergedPoses(merged_keypoints, merged_scores, keep)


def _best(scores: torch.Tensor) -> torch.Tensor:
    """Return the highest score of each pose (N,), ignoring NaN."""
    return torch.where(torch.isnan(scores), -torch.inf, scores).amax(1)
