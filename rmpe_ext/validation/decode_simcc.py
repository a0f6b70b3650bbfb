"""Validation of the arguments of ``decode_simcc``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

from .checks import (
    FLOATING,
    Array,
    ArrayModule,
    check_choice,
    check_dtype,
    check_real,
    check_same,
    check_type,
    wrong_shape,
)
from .decode import swapped_joints, validate_matrices, validate_theta

__all__ = ["SimccScore", "validate_decode_simcc"]

SimccScore = Literal["min", "mean", "max"]
_SCORES = get_args(SimccScore)


def validate_decode_simcc(
    xp: ArrayModule,
    x_maps: Array,
    y_maps: Array,
    score: SimccScore,
    split_ratio: float,
    matrices: Array | None,
    flipped: tuple[Array, Array] | None,
    flip_pairs: Iterable[tuple[int, int]] | None,
    theta: Array | None,
    align_corners: bool,
) -> tuple[Any, ...]:
    """Return the arguments of the op, in its order.

    ``x_maps, y_maps, matrices, theta, flipped_x, flipped_y, swapped_joint, score, split_ratio,
    align_corners``.
    """
    shape = xp.shape_of("x_maps", x_maps)
    if len(shape) != 3:
        raise wrong_shape("x_maps", x_maps, "(N, K, Wx)")
    check_dtype(xp, "x_maps", x_maps, FLOATING)
    count, joints, width = shape
    y_shape = xp.shape_of("y_maps", y_maps)
    if len(y_shape) != 3 or y_shape[0] != count or y_shape[1] != joints:
        raise wrong_shape("y_maps", y_maps, f"({count}, {joints}, Hy) like x_maps")
    check_same("y_maps", y_maps.dtype, "x_maps", x_maps.dtype, "dtype")
    xp.check_device("y_maps", y_maps, "x_maps", x_maps)
    for name, size in (("x_maps", width), ("y_maps", y_shape[2])):
        if size < 1:
            raise ValueError(f"{name} must have at least one bin, got {size}")
    check_choice("score", score, _SCORES)
    split_ratio = check_real(xp.TYPES, "split_ratio", split_ratio, "above 0 and finite", above=0.0)
    check_type(xp.TYPES, "align_corners", align_corners, "bool")
    matrices = validate_matrices(xp, matrices, "x_maps", x_maps)
    theta = validate_theta(xp, theta, "x_maps", x_maps)
    mirrored: list[Array | None] = [None, None]
    swapped_joint = None
    if flipped is not None:
        if not isinstance(flipped, (tuple, list)) or len(flipped) != 2:
            raise ValueError(
                "flipped must be a pair, the x_maps and the y_maps of the mirrored images"
            )
        for i, (other, maps) in enumerate((("x_maps", x_maps), ("y_maps", y_maps))):
            name = f"flipped[{i}]"
            if xp.shape_of(name, flipped[i]) != maps.shape:
                raise wrong_shape(name, flipped[i], f"{tuple(maps.shape)} like {other}")
            check_same(name, flipped[i].dtype, other, maps.dtype, "dtype")
            xp.check_device(name, flipped[i], other, maps)
            mirrored[i] = xp.detach(flipped[i])
        swapped_joint = swapped_joints(flip_pairs, joints)
    return (
        xp.detach(x_maps),
        xp.detach(y_maps),
        matrices,
        theta,
        *mirrored,
        swapped_joint,
        score,
        split_ratio,
        align_corners,
    )
