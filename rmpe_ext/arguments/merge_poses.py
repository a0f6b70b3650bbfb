"""Arguments of ``merge_poses``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .._checks import check_dtype, check_same, check_shape
from ..presets import PoseNMSPreset, resolve_preset
from ._poses import lower_pose_boxes, lower_poses

__all__ = ["merge_poses_arguments"]


def merge_poses_arguments(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    suppressor: torch.Tensor,
    preset: str | PoseNMSPreset,
    parameters: Mapping[str, Any],
) -> tuple:
    """``(keypoints, scores, boxes, suppressor, merge_box, ..., zero_score)`` of the op."""
    row = resolve_preset(preset, parameters)
    poses = lower_poses(keypoints, scores)
    boxes = lower_pose_boxes(boxes, keypoints)
    check_shape("suppressor", suppressor, (keypoints.shape[0],), "(N,) like keypoints")
    check_dtype("suppressor", suppressor, (torch.int64,))
    check_same("suppressor", suppressor.device, "keypoints", keypoints.device, "device")
    return (
        *poses,
        boxes,
        suppressor,
        row.merge_box,
        row.merge_radius,
        row.min_score,
        row.zero_score,
    )
