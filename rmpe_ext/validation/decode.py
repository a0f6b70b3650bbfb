"""Validation of the arguments of ``decode``; ``decode_simcc`` shares some of them."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable
from typing import Any

from ..conventions import GRIDS, Convention, ConventionName, resolve_convention
from .checks import (
    FLOATING,
    KERNEL,
    Array,
    ArrayModule,
    check_choice,
    check_dtype,
    check_real,
    check_same,
    check_type,
    show,
    wrong_shape,
)

__all__ = [
    "validate_matrices",
    "validate_theta",
    "validate_decode",
    "swapped_joints",
]


def validate_decode(
    xp: ArrayModule,
    heatmaps: Array,
    convention: ConventionName | Convention,
    matrices: Array | None,
    flipped: Array | None,
    flip_pairs: Iterable[tuple[int, int]] | None,
    stride: float,
    offset: float | None,
    grid: str | None,
    theta: Array | None,
    align_corners: bool,
) -> tuple[Any, ...]:
    """Return the arguments of the op, in its order.

    ``heatmaps, matrices, theta, flipped, swapped_joint, subpixel, refinement, grid, stride, offset,
    align_corners``. ``swapped_joint[k]`` is the joint of ``flipped`` that shows joint ``k``; it is
    None without ``flipped``.
    """
    shape = xp.shape_of("heatmaps", heatmaps)
    if len(shape) != 4:
        raise wrong_shape("heatmaps", heatmaps, "(N, K, H, W)")
    check_dtype(xp, "heatmaps", heatmaps, FLOATING)
    count, joints, height, width = shape
    if height < 1 or width < 1:
        raise ValueError(
            f"heatmaps must have at least one pixel, got {height} x {width} (height x width)"
        )
    row = resolve_convention(convention)
    matrices = validate_matrices(xp, matrices, "heatmaps", heatmaps)
    theta = validate_theta(xp, theta, "heatmaps", heatmaps)
    stride = check_real(xp.TYPES, "stride", stride, "above 0 and finite", above=0.0)
    check_type(xp.TYPES, "offset", offset, "float | None")
    check_type(xp.TYPES, "align_corners", align_corners, "bool")
    if grid is None:
        grid = row.grid
    else:
        check_choice("grid", grid, GRIDS)
    if offset is None:
        offset = 0.5 * (stride - 1) if grid == "half_pixel" else 0.0
    else:
        offset = check_real(xp.TYPES, "offset", offset, "finite")
    swapped_joint = None
    if flipped is not None:
        if xp.shape_of("flipped", flipped) != shape:
            raise wrong_shape("flipped", flipped, f"{tuple(shape)} like heatmaps")
        check_same("flipped", flipped.dtype, "heatmaps", heatmaps.dtype, "dtype")
        xp.check_device("flipped", flipped, "heatmaps", heatmaps)
        flipped = xp.detach(flipped)
        swapped_joint = swapped_joints(flip_pairs, joints)
    return (
        xp.detach(heatmaps),
        matrices,
        theta,
        flipped,
        swapped_joint,
        row.subpixel,
        row.refinement,
        grid,
        stride,
        offset,
        align_corners,
    )


def validate_matrices(
    xp: ArrayModule, matrices: Array | None, other: str, maps: Array
) -> Array | None:
    """Return ``matrices``, detached; raise unless they fit the maps (N, ...)."""
    if matrices is None:
        return None
    count = maps.shape[0]
    if xp.shape_of("matrices", matrices) != (count, 2, 3):
        raise wrong_shape("matrices", matrices, f"({count}, 2, 3) like {other}")
    check_dtype(xp, "matrices", matrices, KERNEL)
    xp.check_device("matrices", matrices, other, maps)
    return xp.detach(matrices)


def validate_theta(xp: ArrayModule, theta: Array | None, other: str, maps: Array) -> Array | None:
    """Return ``theta``, detached, in its kernel dtype; raise unless it fits the maps (N, ...)."""
    if theta is None:
        return None
    count = maps.shape[0]
    if xp.shape_of("theta", theta) != (count, 2, 3):
        raise wrong_shape("theta", theta, f"({count}, 2, 3) like {other}")
    check_dtype(xp, "theta", theta, FLOATING)
    xp.check_device("theta", theta, other, maps)
    return xp.to_kernel_dtype(theta)


def swapped_joints(flip_pairs: Iterable[tuple[int, int]] | None, joints: int) -> list[int]:
    """Return the joint of the mirrored image that each joint becomes."""
    if flip_pairs is None:
        raise ValueError(
            "flip_pairs must name the left and right joints when flipped is given; "
            "pass () for a skeleton without such pairs"
        )
    swapped = list(range(joints))
    try:
        for pair in flip_pairs:
            _swap_pair(swapped, tuple(itertools.islice(pair, 3)))
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"flip_pairs must be pairs of joints, got {show(flip_pairs)}") from error
    return swapped


def _swap_pair(swapped: list[int], pair: tuple[int, ...]) -> None:
    """Let the joints of a pair change places; raise unless they are two that have not yet."""
    if len(pair) != 2:
        raise ValueError(f"flip_pairs must be pairs of joints, got {show(pair)}")
    if isinstance(pair[0], bool) or isinstance(pair[1], bool):
        raise TypeError
    left, right = map(operator.index, pair)
    for joint in (left, right):
        if not 0 <= joint < len(swapped):
            raise ValueError(
                f"flip_pairs must be joints in 0..{len(swapped) - 1}, got {show(joint)}"
            )
        if swapped[joint] != joint or left == right:
            raise ValueError(f"flip_pairs must name a joint once, got {joint} twice")
    swapped[left], swapped[right] = right, left
