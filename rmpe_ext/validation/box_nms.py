"""Validation of the arguments of ``box_nms``."""

from __future__ import annotations

from typing import Any

from .checks import FLOATING, Array, ArrayModule, check_dtype, check_type, shape_of, wrong_shape
from .poses import validate_image_index, validate_like

__all__ = ["validate_box_nms"]


def validate_box_nms(
    xp: ArrayModule,
    boxes: Array,
    scores: Array,
    threshold: float,
    image_index: Array | None,
) -> tuple[Any, ...]:
    """Return ``(boxes, scores, threshold, image_index)``."""
    shape = shape_of(xp, "boxes", boxes)
    if len(shape) != 2 or shape[1] != 4:
        raise wrong_shape("boxes", boxes, "(N, 4)")
    check_dtype(xp, "boxes", boxes, FLOATING)
    if shape_of(xp, "scores", scores) != (shape[0],):
        raise wrong_shape("scores", scores, "(N,) like boxes")
    scores = validate_like(xp, "scores", scores, "boxes", boxes)
    check_type(xp.TYPES, "threshold", threshold, "float")
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"threshold must be an IoU in 0..1, got {threshold}")
    image_index = validate_image_index(xp, image_index, "boxes", boxes)
    return xp.to_kernel_dtype(boxes), scores, threshold, image_index
