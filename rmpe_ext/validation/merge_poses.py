"""Validation of the arguments of ``merge_poses``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..presets import PoseNMSPreset, PresetName, resolve_preset
from .checks import Array, ArrayModule, check_dtype, wrong_shape
from .poses import validate_pose_boxes, validate_poses

__all__ = ["validate_merge_poses"]


def validate_merge_poses(
    xp: ArrayModule,
    keypoints: Array,
    scores: Array,
    boxes: Array,
    suppressor: Array,
    preset: PresetName | PoseNMSPreset,
    parameters: Mapping[str, Any],
) -> tuple[Any, ...]:
    """Return ``(keypoints, scores, boxes, suppressor, merge_box, ..., zero_score)``."""
    row = resolve_preset(preset, parameters)
    poses = validate_poses(xp, keypoints, scores)
    boxes = validate_pose_boxes(xp, boxes, keypoints)
    if xp.shape_of("suppressor", suppressor) != (keypoints.shape[0],):
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
