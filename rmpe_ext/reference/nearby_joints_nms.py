"""Nearby-joints NMS in pure PyTorch."""

from __future__ import annotations

import torch

from ..arguments import tensors
from ..arguments.nearby_joints_nms import nearby_joints_nms_arguments
from ..results import NMSResult
from ._greedy import confidence, suppress

__all__ = ["nearby_joints_nms", "nearby_joints_nms_kernel"]


def nearby_joints_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    *,
    distance: float = 0.05,
    max_near: int | None = None,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | None = None,
) -> NMSResult[torch.Tensor]:
    """The reference of :func:`rmpe_ext.nearby_joints_nms`: same arguments, same results."""
    return NMSResult(
        *nearby_joints_nms_kernel(
            *nearby_joints_nms_arguments(
                tensors, keypoints, scores, distance, max_near, pose_scores, image_index
            )
        )
    )


def nearby_joints_nms_kernel(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    pose_scores: torch.Tensor | None,
    image_index: torch.Tensor | None,
    distance: float,
    max_near: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``nearby_joints_nms``."""
    extent = keypoints.double().amax(1) - keypoints.double().amin(1)
    close2 = (distance**2 * extent.square().sum(1)).to(keypoints.dtype)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        distance2 = (keypoints[j] - keypoints[i, None]).square().sum(-1)
        return (distance2 <= close2[i, None, None]).sum(2) > max_near

    pose_scores, comparable = confidence(keypoints, scores, pose_scores)
    return suppress(eliminates, pose_scores, comparable, image_index, keypoints.shape[1])
