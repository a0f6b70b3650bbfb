"""Validation of the arguments of ``affine_sample``."""

from __future__ import annotations

from typing import Any

from .checks import (
    HALF,
    KERNEL,
    MAX_PIXELS,
    Array,
    ArrayModule,
    check_choice,
    check_dtype,
    check_size,
    check_type,
    wrong_shape,
)

__all__ = ["validate_affine_sample"]

_FLOATING = (*HALF, *KERNEL)
_MODES = ("bilinear", "nearest")
_PADDING_MODES = ("zeros", "border", "reflection")


def validate_affine_sample(
    xp: ArrayModule,
    input: Array,
    theta: Array,
    size: tuple[int, int],
    mode: str,
    padding_mode: str,
    align_corners: bool,
) -> tuple[Any, ...]:
    """Return ``(input, theta, height, width, mode, padding_mode, align_corners)``.

    16-bit ``theta`` is converted to float32: positions need more than its 11 bits.
    """
    shape = xp.shape_of("input", input)
    if len(shape) != 4:
        raise wrong_shape("input", input, "(N, C, H, W)")
    check_dtype(xp, "input", input, _FLOATING)
    count, channels, input_height, input_width = shape
    if input_height < 1 or input_width < 1:
        raise ValueError(
            f"input must have at least one pixel, got {input_height} x {input_width} "
            "(height x width)"
        )
    if input_height * input_width >= MAX_PIXELS:
        raise ValueError(
            "input must have fewer than 2^31 pixels (height x width), "
            f"got {input_height} x {input_width}"
        )
    if xp.shape_of("theta", theta) != (count, 2, 3):
        raise wrong_shape("theta", theta, f"({count}, 2, 3) like input")
    check_dtype(xp, "theta", theta, _FLOATING)
    xp.check_device("theta", theta, "input", input)
    name = xp.dtype_name(input.dtype)
    if xp.dtype_name(theta.dtype) == "float64" and name != "float64":
        raise TypeError(
            f"theta must be float32 or of lower precision where input is {name}, got float64; "
            "convert it to float32"
        )
    height, width = check_size(xp, size, count * channels)
    check_choice("mode", mode, _MODES)
    check_choice("padding_mode", padding_mode, _PADDING_MODES)
    check_type(xp.TYPES, "align_corners", align_corners, "bool")
    if xp.dtype_name(theta.dtype) in HALF:
        theta = xp.to_float32(theta)
    return input, theta, height, width, mode, padding_mode, align_corners
