"""Arguments of ``decode``."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from .._checks import check_choice, check_dtype, check_same, check_shape
from ..conventions import CONVENTIONS, DECODE_CONVENTIONS

__all__ = ["decode_arguments"]

_NATIVE = (torch.float32, torch.float64)
_FLOATING = (*_NATIVE, torch.float16, torch.bfloat16)


def decode_arguments(
    heatmaps: torch.Tensor,
    convention: str,
    matrices: torch.Tensor | None,
    flipped: torch.Tensor | None,
    flip_pairs: Iterable[tuple[int, int]] | None,
    stride: float,
    offset: float | None,
) -> tuple:
    """``(heatmaps, matrices, flipped, swapped_joint, subpixel, flip_shift, stride, offset)``.

    ``swapped_joint[k]`` is the joint of ``flipped`` that shows joint ``k``; empty without it.
    """
    check_shape("heatmaps", heatmaps, (None,) * 4, "(N, K, H, W)")
    check_dtype("heatmaps", heatmaps, _FLOATING)
    count, joints, height, width = heatmaps.shape
    if height < 1 or width < 1:
        raise ValueError(
            f"heatmaps must have at least one pixel, got {height} x {width} (height x width)"
        )
    check_choice("convention", convention, DECODE_CONVENTIONS)
    row = CONVENTIONS[convention]
    if matrices is not None:
        check_shape("matrices", matrices, (count, 2, 3), f"({count}, 2, 3) like heatmaps")
        check_dtype("matrices", matrices, _NATIVE)
        check_same("matrices", matrices.device, "heatmaps", heatmaps.device, "device")
        matrices = matrices.detach()
    if not 0.0 < stride < math.inf:
        raise ValueError(f"stride must be above 0 and finite, got {stride}")
    if offset is None:
        offset = row.offset
    elif not math.isfinite(offset):
        raise ValueError(f"offset must be finite, got {offset}")
    swapped_joint: list[int] = []
    if flipped is not None:
        shape = (count, joints, height, width)
        check_shape("flipped", flipped, shape, f"{shape} like heatmaps")
        check_same("flipped", flipped.dtype, "heatmaps", heatmaps.dtype, "dtype")
        check_same("flipped", flipped.device, "heatmaps", heatmaps.device, "device")
        flipped = _native(flipped)
        swapped_joint = _swap(flip_pairs, joints)
    return (
        _native(heatmaps),
        matrices,
        flipped,
        swapped_joint,
        row.subpixel,
        row.flip_shift,
        float(stride),
        float(offset),
    )


def _native(heatmaps: torch.Tensor) -> torch.Tensor:
    heatmaps = heatmaps.detach()
    return heatmaps if heatmaps.dtype in _NATIVE else heatmaps.float()


def _swap(flip_pairs: Iterable[tuple[int, int]] | None, joints: int) -> list[int]:
    """Which joint of the mirrored image each joint is, from the left-right pairs."""
    if flip_pairs is None:
        raise ValueError(
            "flip_pairs must name the left and right joints when flipped is given; "
            "pass () for a skeleton without such pairs"
        )
    swapped = list(range(joints))
    seen: set[int] = set()
    for pair in flip_pairs:
        if len(pair) != 2:
            raise ValueError(f"flip_pairs must be pairs of joints, got {tuple(pair)}")
        left, right = int(pair[0]), int(pair[1])
        for joint in (left, right):
            if not 0 <= joint < joints:
                raise ValueError(f"flip_pairs must be joints in 0..{joints - 1}, got {joint}")
            if joint in seen:
                raise ValueError(f"flip_pairs must name a joint once, got {joint} twice")
            seen.add(joint)
        swapped[left], swapped[right] = right, left
    return swapped
