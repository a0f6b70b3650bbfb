"""Validation of the arguments of ``nearby_joints_nms``."""

from __future__ import annotations

import math
from typing import Any

from .checks import Array, ArrayModule, check_type
from .poses import validate_pose_order, validate_poses

__all__ = ["validate_nearby_joints_nms"]


def validate_nearby_joints_nms(
    xp: ArrayModule,
    keypoints: Array,
    scores: Array,
    distance: float,
    max_near: int | None,
    pose_scores: Array | None,
    image_index: Array | None,
) -> tuple[Any, ...]:
    """Return ``(keypoints, scores, pose_scores, image_index, distance, max_near)``."""
    poses = validate_poses(xp, keypoints, scores)
    check_type(xp.TYPES, "distance", distance, "float")
    check_type(xp.TYPES, "max_near", max_near, "int | None")
    if not 0.0 <= distance < math.inf:
        raise ValueError(f"distance must be at least 0 and finite, got {distance}")
    if max_near is None:
        max_near = keypoints.shape[1] // 2
    elif max_near < 0:
        raise ValueError(f"max_near must be at least 0, got {max_near}")
    return *poses, *validate_pose_order(xp, pose_scores, image_index, keypoints), distance, max_near
