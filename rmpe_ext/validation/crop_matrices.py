"""Validation of the arguments of ``crop_matrices``."""

from __future__ import annotations

from typing import Any

from ..conventions import PADDING_RULE, Convention, ConventionName, resolve_convention
from .checks import (
    HALF,
    KERNEL,
    Array,
    ArrayModule,
    check_dtype,
    check_real,
    check_size,
    check_type,
    listed_boxes,
    wrong_shape,
)

__all__ = ["validate_crop_matrices"]


def validate_crop_matrices(
    xp: ArrayModule,
    boxes: Array,
    size: tuple[int, int],
    convention: ConventionName | Convention,
    padding: float | None,
    rotation: Array | None,
) -> tuple[Any, ...]:
    """Return ``(boxes, rotation, height, width, padding, center_shift, grid)``."""
    if isinstance(boxes, (list, tuple)):
        boxes = listed_boxes(xp, boxes, None)
    shape = xp.shape_of("boxes", boxes)
    if len(shape) != 2 or shape[1] != 4:
        raise wrong_shape("boxes", boxes, "(N, 4)")
    if xp.dtype_name(boxes.dtype) in HALF:
        boxes = xp.to_float32(boxes)
    check_dtype(xp, "boxes", boxes, KERNEL)
    row = resolve_convention(convention)
    check_type(xp.TYPES, "padding", padding, "float | None")
    if padding is None:
        padding = row.padding
    else:
        padding = check_real(xp.TYPES, "padding", padding, PADDING_RULE, above=-1.0, below=1.0)
    if rotation is not None:
        if xp.shape_of("rotation", rotation) != (shape[0],):
            raise wrong_shape("rotation", rotation, "(N,) like boxes")
        check_dtype(xp, "rotation", rotation, KERNEL)
        xp.check_device("rotation", rotation, "boxes", boxes)
        rotation = xp.detach(rotation)
    height, width = check_size(xp, size, shape[0])
    return xp.detach(boxes), rotation, height, width, padding, row.center_shift, row.grid
