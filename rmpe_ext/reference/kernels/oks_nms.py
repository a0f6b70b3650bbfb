"""NMS of poses by object keypoint similarity, in pure PyTorch."""

from __future__ import annotations

import torch

from ...return_types import NMSResult
from ._greedy import confidence, suppress

__all__ = ["joint_scales", "oks", "oks_nms_kernel"]

_EPSILON = torch.finfo(torch.float64).eps  # added to areas
_LARGEST_SCALE = 1e38  # bounds a joint's scale, so that 0 times it is 0 and not NaN


def oks_nms_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    threshold: float,
) -> NMSResult[torch.Tensor]:
    """The op ``oks_nms``."""
    half_areas, scales = 0.5 * areas.clamp(min=0), joint_scales(sigmas)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        return oks(keypoints, half_areas, scales, i, j) > threshold

    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    comparable &= torch.isfinite(areas)
    return suppress(eliminates, pose_scores, comparable, image_index, keypoints.shape[1])


def joint_scales(sigmas: torch.Tensor) -> torch.Tensor:
    """Return ``1 / (2 (2 sigma)^2)`` of each joint (K,)."""
    scales = 1.0 / (8.0 * sigmas.double().square())
    return scales.clamp(max=_LARGEST_SCALE).to(sigmas.dtype)


def oks(
    keypoints: torch.Tensor,
    half_areas: torch.Tensor,
    scales: torch.Tensor,
    i: torch.Tensor,
    j: torch.Tensor,
) -> torch.Tensor:
    """Return the OKS (R, M) of poses i (R,) and j (R, M)."""
    distance2 = (keypoints[j] - keypoints[i, None]).square().sum(-1)
    falloff = 1.0 / (half_areas[j] + half_areas[i, None] + _EPSILON)
    return torch.exp(-(distance2 * falloff[..., None]) * scales).mean(2)
