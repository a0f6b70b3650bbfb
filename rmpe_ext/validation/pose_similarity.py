"""Validation of the arguments of ``pose_similarity``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..presets import PoseNMSPreset, PresetName, resolve_preset
from .checks import Array, ArrayModule
from .poses import validate_pose_boxes, validate_poses

__all__ = ["distance_parameters", "validate_pose_similarity"]


def validate_pose_similarity(
    xp: ArrayModule,
    keypoints: Array,
    scores: Array,
    boxes: Array,
    preset: PresetName | PoseNMSPreset,
    parameters: Mapping[str, Any],
) -> tuple[Any, ...]:
    """Return ``(keypoints, scores, boxes, sigma1, ..., match_radius)``."""
    row = resolve_preset(preset, parameters)
    poses = *validate_poses(xp, keypoints, scores), validate_pose_boxes(xp, boxes, keypoints)
    return *poses, row.sigma1, row.sigma2, row.lam, *distance_parameters(row)


def distance_parameters(row: PoseNMSPreset) -> tuple[bool, bool, float, float]:
    """Return ``squared, box_unit, match_box, match_radius``; -1 stands for None."""
    return (
        row.squared,
        row.unit == "box",
        -1.0 if row.match_box is None else row.match_box,
        -1.0 if row.match_radius is None else row.match_radius,
    )
