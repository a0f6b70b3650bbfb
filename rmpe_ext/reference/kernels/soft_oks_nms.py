"""Soft-NMS by object keypoint similarity, in pure PyTorch."""

from __future__ import annotations

import torch

from ...return_types import SoftNMSResult
from ._greedy import confidence, group_by_image
from .oks_nms import joint_scales, oks

__all__ = ["soft_oks_nms_kernel"]


def soft_oks_nms_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    threshold: float,
    max_kept: int,
) -> SoftNMSResult[torch.Tensor]:
    """The op ``soft_oks_nms``."""
    count = keypoints.shape[0]
    half_areas, scales = 0.5 * areas.clamp(min=0), joint_scales(sigmas)
    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    comparable &= torch.isfinite(areas) & torch.isfinite(pose_scores)
    pose_scores = pose_scores.double()
    if count == 0:
        decayed = pose_scores.to(keypoints.dtype)
        return SoftNMSResult(comparable.clone(), decayed, comparable.long())

    # In input order, so that of equal scores the lower index comes first. Poses that are not
    # comparable come last, and their rank is their column.
    order = (~comparable).to(torch.uint8).argsort(stable=True)
    members, present, row, column = group_by_image(order, image_index)
    columns = torch.arange(members.shape[1], device=members.device)
    left = present & comparable[members]
    rank = torch.where(present & ~left & (columns < max_kept), columns, -1)
    current = pose_scores[members]
    for r in range(min(max_kept, members.shape[1])):
        masked = torch.where(left, current, -torch.inf)
        best = left & (masked == masked.amax(1, keepdim=True))
        first = torch.where(best, columns, columns.numel()).amin(1, keepdim=True)
        picked = left & (columns == first)
        rank = torch.where(picked, r, rank)
        left &= ~picked
        # An image without poses left compares with an arbitrary one, which changes nothing.
        reference = members.gather(1, first.clamp(max=columns.numel() - 1))[:, 0]
        similarity = oks(keypoints, half_areas, scales, reference, members).double()
        current = torch.where(left, current * torch.exp(-similarity.square() / threshold), current)
    ranks = rank[row, column]
    return SoftNMSResult(ranks >= 0, current[row, column].to(keypoints.dtype), ranks)
