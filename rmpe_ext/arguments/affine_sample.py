"""Arguments of ``affine_sample``."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import torch

from .._checks import check_choice, check_dtype, check_same, check_shape

__all__ = ["affine_sample_arguments"]

_HALF = (torch.float16, torch.bfloat16)
_FLOATING = (*_HALF, torch.float32, torch.float64)
_MODES = ("bilinear", "nearest")
_PADDING_MODES = ("zeros", "border", "reflection")


def affine_sample_arguments(
    input: torch.Tensor,
    theta: torch.Tensor,
    size: tuple[int, int],
    mode: str,
    padding_mode: str,
    align_corners: bool,
) -> tuple:
    """``(input, theta, height, width, mode, padding_mode, align_corners)`` of the op.

    16-bit ``theta`` is widened, exactly, because positions need more than 11 bits.
    """
    check_shape("input", input, (None,) * 4, "(N, C, H, W)")
    check_dtype("input", input, _FLOATING)
    input_height, input_width = input.shape[2:]
    if input_height < 1 or input_width < 1:
        raise ValueError(
            f"input must have at least one pixel, got {input_height} x {input_width} "
            "(height x width)"
        )
    if input_height * input_width >= 2**31:
        raise ValueError(
            "input must have fewer than 2^31 pixels (height x width), "
            f"got {input_height} x {input_width}"
        )
    count = input.shape[0]
    check_shape("theta", theta, (count, 2, 3), f"({count}, 2, 3) like input")
    check_dtype("theta", theta, _FLOATING)
    check_same("theta", theta.device, "input", input.device, "device")
    if theta.dtype == torch.float64 and input.dtype != torch.float64:
        name = str(input.dtype).removeprefix("torch.")
        raise TypeError(
            f"theta must be float32 or of lower precision where input is {name}, got float64; "
            "pass theta.float()"
        )
    height, width = _size(size)
    check_choice("mode", mode, _MODES)
    check_choice("padding_mode", padding_mode, _PADDING_MODES)
    if theta.dtype in _HALF:
        theta = theta.float()
    return input, theta, height, width, mode, padding_mode, bool(align_corners)


def _size(size: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(size, Sequence) or len(size) != 2:
        raise TypeError(f"size must be (height, width), got {size!r}")
    try:
        # A torch.SymInt stays one, so that a compiled graph serves every size.
        height, width = (s if isinstance(s, torch.SymInt) else operator.index(s) for s in size)
    except TypeError as error:
        raise TypeError(f"size must be (height, width), both int, got {tuple(size)}") from error
    if height < 1 or width < 1:
        raise ValueError(f"size must be (height, width), both at least 1, got {tuple(size)}")
    return height, width
