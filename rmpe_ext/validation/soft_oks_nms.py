"""Validation of the arguments of ``soft_oks_nms``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .checks import Array, ArrayModule, check_type
from .oks_nms import validate_people

__all__ = ["validate_soft_oks_nms"]


def validate_soft_oks_nms(
    xp: ArrayModule,
    keypoints: Array,
    scores: Array,
    areas: Array,
    sigmas: Array | Sequence[float] | None,
    threshold: float,
    max_kept: int,
    pose_scores: Array | None,
    image_index: Array | None,
) -> tuple[Any, ...]:
    """Return ``(keypoints, ..., image_index, threshold, max_kept)``, as oks_nms has them."""
    check_type(xp.TYPES, "threshold", threshold, "float")
    check_type(xp.TYPES, "max_kept", max_kept, "int")
    if not 0.0 < threshold < math.inf:
        raise ValueError(f"threshold must be above 0 and finite, got {threshold}")
    if max_kept < 1:
        raise ValueError(f"max_kept must be at least 1, got {max_kept}")
    people = validate_people(xp, keypoints, scores, areas, sigmas, pose_scores, image_index)
    return *people, threshold, max_kept
