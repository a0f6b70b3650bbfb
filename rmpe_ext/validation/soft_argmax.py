"""Validation of the arguments of ``soft_argmax``."""

from __future__ import annotations

from .checks import FLOATING, Array, ArrayModule, check_dtype, check_real, wrong_shape

__all__ = ["validate_soft_argmax"]


def validate_soft_argmax(xp: ArrayModule, heatmaps: Array, beta: float) -> tuple[Array, float]:
    """Return ``(heatmaps, beta)``."""
    shape = xp.shape_of("heatmaps", heatmaps)
    if len(shape) != 4:
        raise wrong_shape("heatmaps", heatmaps, "(N, K, H, W)")
    check_dtype(xp, "heatmaps", heatmaps, FLOATING)
    _, _, height, width = shape
    if height < 1 or width < 1:
        raise ValueError(
            f"heatmaps must have at least one pixel, got {height} x {width} (height x width)"
        )
    return heatmaps, check_real(xp.TYPES, "beta", beta, "above 0 and finite", above=0.0)
