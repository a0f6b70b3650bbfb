"""Validation of the arguments of ``crop``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .checks import (
    HALF,
    KERNEL,
    Array,
    ArrayModule,
    check_dtype,
    check_numbers,
    check_real,
    check_size,
    check_type,
    show,
    type_of,
    wrong_shape,
)
from .poses import validate_image_index

__all__ = ["validate_crop"]

_OUTPUT = ("float32", *HALF)  # the dtypes of crops
_LARGEST = 3.4028234663852886e38  # in float32, in which the kernels normalize


def validate_crop(
    xp: ArrayModule,
    images: Array | Sequence[Array],
    matrices: Array,
    size: tuple[int, int],
    image_index: Array | None,
    scale: float,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    swap_rb: bool,
    dtype: Any,
    fill: float,
) -> tuple[Any, ...]:
    """Return the arguments of the op, in its order.

    ``images, matrices, image_index, height, width, gain, bias, swap_rb, dtype, fill``.
    """
    images, image_count = _images(xp, images)
    shape = xp.shape_of("matrices", matrices)
    if len(shape) != 3 or shape[1] != 2 or shape[2] != 3:
        raise wrong_shape("matrices", matrices, "(N, 2, 3)")
    check_dtype(xp, "matrices", matrices, KERNEL)
    if xp.requires_grad(matrices):
        raise ValueError(
            "matrices must not require grad: crop reads 8-bit pixels and has no gradient; "
            "pass matrices.detach()"
        )
    xp.check_device("matrices", matrices, "images", images[0])
    count = shape[0]
    if image_count == 0 and count > 0:
        raise ValueError(f"images must hold at least one image for {count} crops, got none")
    image_index = validate_image_index(xp, image_index, "matrices", matrices)
    if image_index is None and image_count not in (1, count):
        raise ValueError(
            f"image_index is needed to say which of {image_count} images each of {count} crops "
            "comes from"
        )
    dtype = _output_dtype(xp, dtype)
    scale = check_real(xp.TYPES, "scale", scale, "finite")
    check_type(xp.TYPES, "swap_rb", swap_rb, "bool")
    fill = check_real(xp.TYPES, "fill", fill, "finite in float32", least=-_LARGEST, most=_LARGEST)
    height, width = check_size(xp, size, 3 * count)
    gain, bias = _normalization(scale, mean, std)
    return (
        images,
        matrices,
        image_index,
        height,
        width,
        gain,
        bias,
        swap_rb,
        dtype,
        fill,
    )


def _output_dtype(xp: ArrayModule, dtype: Any) -> Any:
    """Return the dtype of the crops; raise TypeError unless the op can write it."""
    try:
        dtype = xp.as_dtype(dtype)
        if xp.dtype_name(dtype) in _OUTPUT:
            return dtype
    except (TypeError, ValueError, SyntaxError):  # not a dtype
        pass
    raise TypeError(f"dtype must be float32, float16 or bfloat16, got {show(dtype)}")


def _normalization(
    scale: float, means: Sequence[float] | None, stds: Sequence[float] | None
) -> tuple[list[float], list[float]]:
    """Return ``gain`` and ``bias``, so that ``value * gain + bias`` normalizes a channel."""
    if means is None and stds is None and abs(scale) <= _LARGEST:
        return [scale] * 3, [-0.0] * 3
    mean = [0.0] * 3 if means is None else check_numbers("mean", means, 3, "channel")
    std = [1.0] * 3 if stds is None else check_numbers("std", stds, 3, "channel")
    if 0.0 in std:
        raise ValueError(f"std must not contain 0, got {std}")
    (m0, m1, m2), (s0, s1, s2) = mean, std
    gain, bias = [scale / s0, scale / s1, scale / s2], [-m0 / s0, -m1 / s1, -m2 / s2]
    # A small sum of squares has small terms; only a large one needs a look at each of them.
    squares = sum([value * value for value in (*gain, *bias, *std)])
    if not squares <= _LARGEST:
        for name, values in (("mean", mean), ("std", std)):
            if not all(map(math.isfinite, values)):
                raise ValueError(f"{name} must be finite, got {values}")
        for name, values in (("scale", gain), ("mean", bias)):
            if any(abs(value) > _LARGEST for value in values):
                raise ValueError(
                    f"{name} must be finite in float32 after division by std, got {values}"
                )
    return gain, bias


def _images(xp: ArrayModule, images: Array | Sequence[Array]) -> tuple[list[Array], int]:
    """Return the images as the list that the op takes, and their number."""
    if isinstance(images, xp.ARRAY_TYPE):
        shape = xp.shape_of("images", images)
        if len(shape) not in (3, 4) or shape[-1] != 3:
            raise wrong_shape("images", images, "(B, H, W, 3), (H, W, 3), or a list of (H, W, 3)")
        check_dtype(xp, "images", images, ("uint8",))
        return [images], shape[0] if len(shape) == 4 else 1
    if not isinstance(images, Sequence):
        raise TypeError(
            f"images must be a {xp.ARRAY_NAME}, or a list of them, got {type_of(images)}"
        )
    if not images:
        raise ValueError("images must hold at least one image, got an empty list")
    for i, image in enumerate(images):
        name = f"images[{i}]"
        shape = xp.shape_of(name, image)
        if len(shape) != 3 or shape[2] != 3:
            raise wrong_shape(name, image, "(H, W, 3)")
        check_dtype(xp, name, image, ("uint8",))
        xp.check_device(name, image, "images[0]", images[0])
    return list(images), len(images)
