"""Validation of the arguments of ``nearby_joints_nms``."""

from __future__ import annotations

from typing import Any

from .checks import Array, ArrayModule, check_real, check_type, check_whole
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
    distance = check_real(xp.TYPES, "distance", distance, "at least 0 and finite", least=0.0)
    check_type(xp.TYPES, "max_near", max_near, "int | None")
    if max_near is None:
        max_near = keypoints.shape[1] // 2
    else:
        max_near = check_whole(xp.TYPES, "max_near", max_near, least=0)
    return *poses, *validate_pose_order(xp, pose_scores, image_index, keypoints), distance, max_near
