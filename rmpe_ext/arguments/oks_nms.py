"""Arguments of ``oks_nms`` and ``soft_oks_nms``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType

from .._checks import (
    FLOATING,
    Array,
    check_dtype,
    check_numbers,
    check_type,
    shape_of,
    wrong_shape,
)
from ..sigmas import COCO_SIGMAS
from ._poses import lower_like, lower_order, lower_poses

__all__ = ["oks_nms_arguments", "soft_oks_nms_arguments"]


def oks_nms_arguments(
    xp: ModuleType,
    keypoints: Array,
    scores: Array,
    areas: Array,
    sigmas: Array | Sequence[float] | None,
    threshold: float,
    pose_scores: Array | None,
    image_index: Array | None,
) -> tuple:
    """``(keypoints, scores, areas, sigmas, pose_scores, image_index, threshold)`` of the op."""
    check_type(xp.TYPES, "threshold", threshold, "float")
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"threshold must be an OKS in 0..1, got {threshold}")
    return *_poses(xp, keypoints, scores, areas, sigmas, pose_scores, image_index), threshold


def soft_oks_nms_arguments(
    xp: ModuleType,
    keypoints: Array,
    scores: Array,
    areas: Array,
    sigmas: Array | Sequence[float] | None,
    threshold: float,
    max_kept: int,
    pose_scores: Array | None,
    image_index: Array | None,
) -> tuple:
    """``(keypoints, scores, areas, sigmas, pose_scores, image_index, threshold, max_kept)``."""
    check_type(xp.TYPES, "threshold", threshold, "float")
    check_type(xp.TYPES, "max_kept", max_kept, "int")
    if not 0.0 < threshold < math.inf:
        raise ValueError(f"threshold must be above 0 and finite, got {threshold}")
    if max_kept < 1:
        raise ValueError(f"max_kept must be at least 1, got {max_kept}")
    poses = _poses(xp, keypoints, scores, areas, sigmas, pose_scores, image_index)
    return *poses, threshold, max_kept


def _poses(
    xp: ModuleType,
    keypoints: Array,
    scores: Array,
    areas: Array,
    sigmas: Array | Sequence[float] | None,
    pose_scores: Array | None,
    image_index: Array | None,
) -> tuple:
    poses = lower_poses(xp, keypoints, scores)
    count, joints, _ = keypoints.shape
    if shape_of(xp, "areas", areas) != (count,):
        raise wrong_shape("areas", areas, "(N,) like keypoints")
    return (
        *poses,
        lower_like(xp, "areas", areas, "keypoints", keypoints),
        _sigmas(xp, sigmas, joints, poses[0]),
        *lower_order(xp, pose_scores, image_index, keypoints),
    )


def _sigmas(
    xp: ModuleType, sigmas: Array | Sequence[float] | None, joints: int, keypoints: Array
) -> Array:
    """``sigmas`` (K,) as a tensor like ``keypoints``."""
    if sigmas is None:
        if joints != len(COCO_SIGMAS):
            raise ValueError(
                f"sigmas must be given where keypoints are not the {len(COCO_SIGMAS)} of COCO, "
                f"got None for {joints} keypoints"
            )
        return xp.array(COCO_SIGMAS, keypoints)
    if isinstance(sigmas, xp.Array):
        if shape_of(xp, "sigmas", sigmas) != (joints,):
            raise wrong_shape("sigmas", sigmas, "(K,) like keypoints")
        check_dtype(xp, "sigmas", sigmas, FLOATING)
        xp.check_device("sigmas", sigmas, "keypoints", keypoints)
        return xp.cast(xp.detached(sigmas), keypoints)
    sigmas = check_numbers("sigmas", sigmas, f"a {xp.ARRAY}, or numbers")
    if len(sigmas) != joints:
        raise ValueError(
            f"sigmas must have one value for each of {joints} keypoints, got {len(sigmas)}"
        )
    for sigma in sigmas:
        if not 0.0 < sigma < math.inf:
            raise ValueError(f"sigmas must be above 0 and finite, got {sigma}")
    return xp.array(tuple(sigmas), keypoints)
