"""OKS NMS, hard and soft, in pure PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..arguments import tensors
from ..arguments.oks_nms import oks_nms_arguments, soft_oks_nms_arguments
from ..results import NMSResult, SoftNMSResult
from ._greedy import confidence, grid_by_image, suppress

__all__ = ["oks_nms", "oks_nms_kernel", "soft_oks_nms", "soft_oks_nms_kernel"]

_EPSILON = torch.finfo(torch.float64).eps  # added to areas
_LARGEST_SCALE = 1e38  # of a joint; keeps 0 times it a number


def oks_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | None = None,
) -> NMSResult[torch.Tensor]:
    """The reference of :func:`rmpe_ext.oks_nms`: same arguments, same results."""
    return NMSResult(
        *oks_nms_kernel(
            *oks_nms_arguments(
                tensors, keypoints, scores, areas, sigmas, threshold, pose_scores, image_index
            )
        )
    )


def soft_oks_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    max_kept: int = 20,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | None = None,
) -> SoftNMSResult[torch.Tensor]:
    """The reference of :func:`rmpe_ext.soft_oks_nms`: same arguments, same results."""
    return SoftNMSResult(
        *soft_oks_nms_kernel(
            *soft_oks_nms_arguments(
                tensors,
                keypoints,
                scores,
                areas,
                sigmas,
                threshold,
                max_kept,
                pose_scores,
                image_index,
            )
        )
    )


def oks_nms_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    threshold: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``oks_nms``."""
    half_areas, scales = 0.5 * areas.clamp(min=0), _joint_scales(sigmas)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        return _oks(keypoints, half_areas, scales, i, j) > threshold

    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    comparable &= torch.isfinite(areas)
    return suppress(eliminates, pose_scores, comparable, image_index, keypoints.shape[1])


def soft_oks_nms_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    threshold: float,
    max_kept: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The op ``soft_oks_nms``."""
    count = keypoints.shape[0]
    half_areas, scales = 0.5 * areas.clamp(min=0), _joint_scales(sigmas)
    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    comparable &= torch.isfinite(areas) & torch.isfinite(pose_scores)
    pose_scores = pose_scores.double()
    if count == 0:
        return comparable.clone(), pose_scores.to(keypoints.dtype), comparable.long()

    # In input order, so that the first of equal scores has the lower index; the last ones are
    # those that take no part, whose ranks are their places.
    order = (~comparable).to(torch.uint8).argsort(stable=True)
    members, present, row, column = grid_by_image(order, image_index)
    places = torch.arange(members.shape[1], device=members.device)
    left = present & comparable[members]
    rank = torch.where(present & ~left & (places < max_kept), places, -1)
    current = pose_scores[members]
    for r in range(min(max_kept, members.shape[1])):
        masked = torch.where(left, current, -torch.inf)
        best = left & (masked == masked.amax(1, keepdim=True))
        place = torch.where(best, places, places.numel()).amin(1, keepdim=True)
        picked = left & (places == place)
        rank = torch.where(picked, r, rank)
        left &= ~picked
        # Where an image has none left, this compares with anything, and changes nothing.
        reference = members.gather(1, place.clamp(max=places.numel() - 1))[:, 0]
        oks = _oks(keypoints, half_areas, scales, reference, members).double()
        current = torch.where(left, current * torch.exp(-oks.square() / threshold), current)
    ranks = rank[row, column]
    return ranks >= 0, current[row, column].to(keypoints.dtype), ranks


def _joint_scales(sigmas: torch.Tensor) -> torch.Tensor:
    """``1 / (2 (2 sigma)^2)`` of each joint (K,)."""
    scales = 1.0 / (8.0 * sigmas.double().square())
    return scales.clamp(max=_LARGEST_SCALE).to(sigmas.dtype)


def _oks(
    keypoints: torch.Tensor,
    half_areas: torch.Tensor,
    scales: torch.Tensor,
    i: torch.Tensor,
    j: torch.Tensor,
) -> torch.Tensor:
    """OKS (R, M) of poses i (R,) and j (R, M)."""
    distance2 = (keypoints[j] - keypoints[i, None]).square().sum(-1)
    falloff = 1.0 / (half_areas[j] + half_areas[i, None] + _EPSILON)
    return torch.exp(-(distance2 * falloff[..., None]) * scales).mean(2)
