"""NMS of poses by the number of joints that coincide, in pure PyTorch."""

from __future__ import annotations

import torch

from ...return_types import NMSResult
from ._greedy import confidence, suppress

__all__ = ["nearby_joints_nms_kernel"]


def nearby_joints_nms_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    distance: float,
    max_near: int,
) -> NMSResult[torch.Tensor]:
    """The op ``nearby_joints_nms``."""
    extent = keypoints.double().amax(1) - keypoints.double().amin(1)
    close2 = (distance * distance * extent.square().sum(1)).to(keypoints.dtype)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        distance2 = (keypoints[j] - keypoints[i, None]).square().sum(-1)
        return (distance2 <= close2[i, None, None]).sum(2) > max_near

    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    return suppress(eliminates, pose_scores, comparable, image_index, keypoints.shape[1])
