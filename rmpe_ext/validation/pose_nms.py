"""Validation of the arguments of ``pose_nms``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..presets import PoseNMSPreset, PresetName, resolve_preset
from .checks import Array, ArrayModule
from .pose_similarity import distance_parameters
from .poses import validate_pose_boxes, validate_pose_order, validate_poses

__all__ = ["validate_pose_nms"]


def validate_pose_nms(
    xp: ArrayModule,
    keypoints: Array,
    scores: Array,
    boxes: Array,
    preset: PresetName | PoseNMSPreset,
    pose_scores: Array | None,
    image_index: Array | None,
    parameters: Mapping[str, Any],
) -> tuple[Any, ...]:
    """Return ``(keypoints, scores, boxes, pose_scores, image_index, sigma1, ..., near_box)``."""
    row = resolve_preset(preset, parameters)
    return (
        *validate_poses(xp, keypoints, scores),
        validate_pose_boxes(xp, boxes, keypoints),
        *validate_pose_order(xp, pose_scores, image_index, keypoints),
        row.sigma1,
        row.sigma2,
        row.lam,
        row.eta,
        *distance_parameters(row),
        row.near_joints,
        row.near_radius,
        row.near_box,
    )
