"""Arguments of ``merge_poses``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from .._checks import Array, check_dtype, shape_of, wrong_shape
from ..presets import PoseNMSPreset, resolve_preset
from ._poses import lower_pose_boxes, lower_poses

__all__ = ["merge_poses_arguments"]


def merge_poses_arguments(
    xp: ModuleType,
    keypoints: Array,
    scores: Array,
    boxes: Array,
    suppressor: Array,
    preset: str | PoseNMSPreset,
    parameters: Mapping[str, Any],
) -> tuple:
    """``(keypoints, scores, boxes, suppressor, merge_box, ..., zero_score)`` of the op."""
    row = resolve_preset(preset, parameters)
    poses = lower_poses(xp, keypoints, scores)
    boxes = lower_pose_boxes(xp, boxes, keypoints)
    if shape_of(xp, "suppressor", suppressor) != (keypoints.shape[0],):
        raise wrong_shape("suppressor", suppressor, "(N,) like keypoints")
    check_dtype(xp, "suppressor", suppressor, ("int64",))
    xp.check_device("suppressor", suppressor, "keypoints", keypoints)
    return (
        *poses,
        boxes,
        suppressor,
        row.merge_box,
        row.merge_radius,
        row.min_score,
        row.zero_score,
    )
