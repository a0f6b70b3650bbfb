"""Validation of the arguments of ``oks_nms``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..sigmas import COCO_SIGMAS
from .checks import (
    FLOATING,
    Array,
    ArrayModule,
    check_dtype,
    check_numbers,
    check_real,
    wrong_shape,
)
from .poses import validate_like, validate_pose_order, validate_poses

__all__ = ["validate_oks_nms", "validate_people"]

# Of float32, the smallest normal number and the largest.
_LEAST_SIGMA, _LARGEST_SIGMA = 2.0**-126, 3.4028234663852886e38


def validate_oks_nms(
    xp: ArrayModule,
    keypoints: Array,
    scores: Array,
    areas: Array,
    sigmas: Array | Sequence[float] | None,
    threshold: float,
    pose_scores: Array | None,
    image_index: Array | None,
) -> tuple[Any, ...]:
    """Return ``(keypoints, scores, areas, sigmas, pose_scores, image_index, threshold)``."""
    threshold = check_real(xp.TYPES, "threshold", threshold, "an OKS in 0..1", least=0.0, most=1.0)
    people = validate_people(xp, keypoints, scores, areas, sigmas, pose_scores, image_index)
    return *people, threshold


def validate_people(
    xp: ArrayModule,
    keypoints: Array,
    scores: Array,
    areas: Array,
    sigmas: Array | Sequence[float] | None,
    pose_scores: Array | None,
    image_index: Array | None,
) -> tuple[Any, ...]:
    """Return ``(keypoints, scores, areas, sigmas, pose_scores, image_index)``."""
    poses = validate_poses(xp, keypoints, scores)
    count, joints, _ = keypoints.shape
    if xp.shape_of("areas", areas) != (count,):
        raise wrong_shape("areas", areas, "(N,) like keypoints")
    return (
        *poses,
        validate_like(xp, "areas", areas, "keypoints", keypoints),
        _validate_sigmas(xp, sigmas, joints, poses[0]),
        *validate_pose_order(xp, pose_scores, image_index, keypoints),
    )


def _validate_sigmas(
    xp: ArrayModule, sigmas: Array | Sequence[float] | None, joints: int, keypoints: Array
) -> Array:
    """Return ``sigmas`` (K,) in the dtype of ``keypoints``."""
    if sigmas is None:
        if joints != len(COCO_SIGMAS):
            raise ValueError(
                f"sigmas must be given where keypoints are not the {len(COCO_SIGMAS)} of COCO, "
                f"got None for {joints} keypoints"
            )
        return xp.from_numbers(COCO_SIGMAS, keypoints)
    if isinstance(sigmas, xp.ARRAY_TYPE):
        if xp.shape_of("sigmas", sigmas) != (joints,):
            raise wrong_shape("sigmas", sigmas, "(K,) like keypoints")
        check_dtype(xp, "sigmas", sigmas, FLOATING)
        xp.check_device("sigmas", sigmas, "keypoints", keypoints)
        sigmas = xp.detach(sigmas)
        _check_range(xp.known_values(sigmas) or ())
        return xp.to_dtype_of(sigmas, keypoints)
    numbers = check_numbers("sigmas", sigmas, joints, "joint")
    _check_range(numbers)
    return xp.from_numbers(tuple(numbers), keypoints)


def _check_range(sigmas: Sequence[float]) -> None:
    for sigma in sigmas:
        if not _LEAST_SIGMA <= sigma <= _LARGEST_SIGMA:
            raise ValueError(f"sigmas must be above 0 and finite in float32, got {sigma}")
