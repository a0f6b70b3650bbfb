"""Arguments of ``pose_similarity``, ``pose_nms`` and ``box_nms``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from .._checks import FLOATING, Array, check_dtype, check_type, shape_of, wrong_shape
from ..presets import PoseNMSPreset, resolve_preset
from ._poses import (
    lower_image_index,
    lower_like,
    lower_order,
    lower_pose_boxes,
    lower_poses,
)

__all__ = ["box_nms_arguments", "pose_nms_arguments", "pose_similarity_arguments"]


def pose_nms_arguments(
    xp: ModuleType,
    keypoints: Array,
    scores: Array,
    boxes: Array,
    preset: str | PoseNMSPreset,
    pose_scores: Array | None,
    image_index: Array | None,
    parameters: Mapping[str, Any],
) -> tuple:
    """``(keypoints, scores, boxes, pose_scores, image_index, sigma1, ..., near_box)`` of the op."""
    row = resolve_preset(preset, parameters)
    return (
        *lower_poses(xp, keypoints, scores),
        lower_pose_boxes(xp, boxes, keypoints),
        *lower_order(xp, pose_scores, image_index, keypoints),
        row.sigma1,
        row.sigma2,
        row.lam,
        row.eta,
        *_distance(row),
        row.near_joints,
        row.near_radius,
        row.near_box,
    )


def pose_similarity_arguments(
    xp: ModuleType,
    keypoints: Array,
    scores: Array,
    boxes: Array,
    preset: str | PoseNMSPreset,
    parameters: Mapping[str, Any],
) -> tuple:
    """``(keypoints, scores, boxes, sigma1, ..., match_radius)`` of the op."""
    row = resolve_preset(preset, parameters)
    poses = *lower_poses(xp, keypoints, scores), lower_pose_boxes(xp, boxes, keypoints)
    return *poses, row.sigma1, row.sigma2, row.lam, *_distance(row)


def box_nms_arguments(
    xp: ModuleType,
    boxes: Array,
    scores: Array,
    threshold: float,
    image_index: Array | None,
) -> tuple:
    """``(boxes, scores, threshold, image_index)`` of the op."""
    shape = shape_of(xp, "boxes", boxes)
    if len(shape) != 2 or shape[1] != 4:
        raise wrong_shape("boxes", boxes, "(N, 4)")
    check_dtype(xp, "boxes", boxes, FLOATING)
    if shape_of(xp, "scores", scores) != (shape[0],):
        raise wrong_shape("scores", scores, "(N,) like boxes")
    scores = lower_like(xp, "scores", scores, "boxes", boxes)
    check_type(xp.TYPES, "threshold", threshold, "float")
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"threshold must be an IoU in 0..1, got {threshold}")
    return (
        xp.native(boxes),
        scores,
        threshold,
        lower_image_index(xp, image_index, "boxes", boxes),
    )


def _distance(row: PoseNMSPreset) -> tuple[bool, bool, float, float]:
    """``squared, box_unit, match_box, match_radius``; -1 stands for a bound that is off."""
    return (
        row.squared,
        row.unit == "box",
        -1.0 if row.match_box is None else row.match_box,
        -1.0 if row.match_radius is None else row.match_radius,
    )
