"""Arguments of ``decode_simcc``."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from .._checks import check_dtype, check_same, check_shape
from .decode import MAP_DTYPES, check_matrices, check_theta, detached, swapped_joints

__all__ = ["decode_simcc_arguments"]


def decode_simcc_arguments(
    x_maps: torch.Tensor,
    y_maps: torch.Tensor,
    split_ratio: float,
    matrices: torch.Tensor | None,
    flipped: tuple[torch.Tensor, torch.Tensor] | None,
    flip_pairs: Iterable[tuple[int, int]] | None,
    theta: torch.Tensor | None,
    align_corners: bool,
) -> tuple:
    """The arguments of the op, in its order.

    ``x_maps, y_maps, matrices, theta, flipped_x, flipped_y, swapped_joint, split_ratio,
    align_corners``.
    """
    check_shape("x_maps", x_maps, (None,) * 3, "(N, K, Wx)")
    check_dtype("x_maps", x_maps, MAP_DTYPES)
    count, joints, width = x_maps.shape
    check_shape("y_maps", y_maps, (count, joints, None), f"({count}, {joints}, Hy) like x_maps")
    check_same("y_maps", y_maps.dtype, "x_maps", x_maps.dtype, "dtype")
    check_same("y_maps", y_maps.device, "x_maps", x_maps.device, "device")
    for name, size in (("x_maps", width), ("y_maps", y_maps.shape[2])):
        if size < 1:
            raise ValueError(f"{name} must have at least one bin, got {size}")
    if not 0.0 < split_ratio < math.inf:
        raise ValueError(f"split_ratio must be above 0 and finite, got {split_ratio}")
    matrices = check_matrices(matrices, "x_maps", x_maps)
    theta = check_theta(theta, "x_maps", x_maps)
    mirrored: list[torch.Tensor | None] = [None, None]
    swapped_joint = None
    if flipped is not None:
        if not isinstance(flipped, (tuple, list)) or len(flipped) != 2:
            raise ValueError(
                "flipped must be a pair, the x_maps and the y_maps of the mirrored images"
            )
        for i, (other, maps) in enumerate((("x_maps", x_maps), ("y_maps", y_maps))):
            shape = tuple(maps.shape)
            check_shape(f"flipped[{i}]", flipped[i], shape, f"{shape} like {other}")
            check_same(f"flipped[{i}]", flipped[i].dtype, other, maps.dtype, "dtype")
            check_same(f"flipped[{i}]", flipped[i].device, other, maps.device, "device")
            mirrored[i] = detached(flipped[i])
        swapped_joint = swapped_joints(flip_pairs, joints)
    return (
        detached(x_maps),
        detached(y_maps),
        matrices,
        theta,
        *mirrored,
        swapped_joint,
        float(split_ratio),
        bool(align_corners),
    )
