"""Validation of the arguments of ``soft_oks_nms``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .checks import Array, ArrayModule, check_real, check_whole
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
    threshold = check_real(xp.TYPES, "threshold", threshold, "above 0 and finite", above=0.0)
    max_kept = check_whole(xp.TYPES, "max_kept", max_kept, least=1)
    people = validate_people(xp, keypoints, scores, areas, sigmas, pose_scores, image_index)
    return *people, threshold, max_kept
