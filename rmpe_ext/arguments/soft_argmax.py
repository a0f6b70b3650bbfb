"""Arguments of ``soft_argmax``."""

from __future__ import annotations

import math
from types import ModuleType

from .._checks import FLOATING, Array, check_dtype, check_shape, check_type

__all__ = ["soft_argmax_arguments"]


def soft_argmax_arguments(xp: ModuleType, heatmaps: Array, beta: float) -> tuple[Array, float]:
    """``(heatmaps, beta)`` of the op."""
    check_shape(xp, "heatmaps", heatmaps, (None,) * 4, "(N, K, H, W)")
    check_dtype(xp, "heatmaps", heatmaps, FLOATING)
    height, width = heatmaps.shape[2:]
    if height < 1 or width < 1:
        raise ValueError(
            f"heatmaps must have at least one pixel, got {height} x {width} (height x width)"
        )
    check_type(xp.TYPES, "beta", beta, "float")
    if not 0.0 < beta < math.inf:
        raise ValueError(f"beta must be above 0 and finite, got {beta}")
    return heatmaps, float(beta)
