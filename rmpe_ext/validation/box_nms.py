"""Validation of the arguments of ``box_nms``."""

from __future__ import annotations

from typing import Any

from .checks import FLOATING, Array, ArrayModule, check_dtype, check_real, listed_boxes, wrong_shape
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
    if isinstance(boxes, (list, tuple)):
        boxes = listed_boxes(xp, boxes, scores if isinstance(scores, xp.ARRAY_TYPE) else None)
    shape = xp.shape_of("boxes", boxes)
    if len(shape) != 2 or shape[1] != 4:
        raise wrong_shape("boxes", boxes, "(N, 4)")
    check_dtype(xp, "boxes", boxes, FLOATING)
    if xp.shape_of("scores", scores) != (shape[0],):
        raise wrong_shape("scores", scores, "(N,) like boxes")
    scores = validate_like(xp, "scores", scores, "boxes", boxes)
    threshold = check_real(xp.TYPES, "threshold", threshold, "an IoU in 0..1", least=0.0, most=1.0)
    image_index = validate_image_index(xp, image_index, "boxes", boxes)
    return xp.to_kernel_dtype(boxes), scores, threshold, image_index
