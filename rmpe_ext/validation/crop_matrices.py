"""Validation of the arguments of ``crop_matrices``."""

from __future__ import annotations

import math
from typing import Any

from ..conventions import CONVENTIONS, ConventionName
from .checks import (
    HALF,
    KERNEL,
    Array,
    ArrayModule,
    check_choice,
    check_dtype,
    check_size,
    check_type,
    shape_of,
    wrong_shape,
)

__all__ = ["validate_crop_matrices"]


def validate_crop_matrices(
    xp: ArrayModule,
    boxes: Array,
    size: tuple[int, int],
    convention: ConventionName,
    padding: float | None,
    rotation: Array | None,
) -> tuple[Any, ...]:
    """Return ``(boxes, rotation, height, width, padding, center_shift, grid)``."""
    shape = shape_of(xp, "boxes", boxes)
    if len(shape) != 2 or shape[1] != 4:
        raise wrong_shape("boxes", boxes, "(N, 4)")
    if xp.dtype_name(boxes.dtype) in HALF:
        boxes = xp.to_float32(boxes)
    check_dtype(xp, "boxes", boxes, KERNEL)
    check_choice("convention", convention, CONVENTIONS)
    row = CONVENTIONS[convention]
    check_type(xp.TYPES, "padding", padding, "float | None")
    if padding is None:
        padding = row.padding
    if not -1.0 < padding < math.inf:
        raise ValueError(f"padding must be a fraction above -1 (0.25 grows by 25 %), got {padding}")
    if rotation is not None:
        if shape_of(xp, "rotation", rotation) != (shape[0],):
            raise wrong_shape("rotation", rotation, "(N,) like boxes")
        check_dtype(xp, "rotation", rotation, KERNEL)
        xp.check_device("rotation", rotation, "boxes", boxes)
        rotation = xp.detach(rotation)
    height, width = check_size(xp, size)
    return xp.detach(boxes), rotation, height, width, float(padding), row.center_shift, row.grid
