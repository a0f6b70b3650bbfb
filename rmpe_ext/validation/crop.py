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
    check_size,
    check_type,
    shape_of,
    wrong_shape,
)

__all__ = ["validate_crop"]

_OUTPUT = ("float32", *HALF)  # the dtypes of crops


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
    shape = shape_of(xp, "matrices", matrices)
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
    if image_index is not None:
        if shape_of(xp, "image_index", image_index) != (count,):
            raise wrong_shape("image_index", image_index, "(N,) like matrices")
        check_dtype(xp, "image_index", image_index, ("int64",))
        xp.check_device("image_index", image_index, "matrices", matrices)
    elif image_count not in (1, count):
        raise ValueError(
            f"image_index is needed to say which of {image_count} images each of {count} crops "
            "comes from"
        )
    _check_output_dtype(xp, dtype)
    check_type(xp.TYPES, "scale", scale, "float")
    check_type(xp.TYPES, "swap_rb", swap_rb, "bool")
    check_type(xp.TYPES, "fill", fill, "float")
    height, width = check_size(xp, size)
    means, stds = _three("mean", mean, 0.0), _three("std", std, 1.0)
    if 0.0 in stds:
        raise ValueError(f"std must not contain 0, got {stds}")
    # The terms of a finite sum are finite; another sum may have overflowed.
    if not -math.inf < scale + fill + sum(means) + sum(stds) < math.inf:
        for name, values in (("scale", [scale]), ("fill", [fill]), ("mean", means), ("std", stds)):
            if not all(map(math.isfinite, values)):
                raise ValueError(f"{name} must be finite, got {values}")
    (m0, m1, m2), (s0, s1, s2) = means, stds
    gain, bias = [scale / s0, scale / s1, scale / s2], [-m0 / s0, -m1 / s1, -m2 / s2]
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
        float(fill),
    )


def _check_output_dtype(xp: ArrayModule, dtype: Any) -> None:
    """Raise TypeError unless crops can be written in ``dtype``."""
    if not isinstance(dtype, xp.DTYPE_TYPE) or xp.dtype_name(dtype) not in _OUTPUT:
        raise TypeError(f"dtype must be float32, float16 or bfloat16, got {dtype!r}")


def _images(xp: ArrayModule, images: Array | Sequence[Array]) -> tuple[list[Array], int]:
    """Return the images as the list that the op takes, and their number."""
    if isinstance(images, xp.ARRAY_TYPE):
        shape = shape_of(xp, "images", images)
        if len(shape) != 4 or shape[3] != 3:
            raise wrong_shape("images", images, "(B, H, W, 3), or a list of (H, W, 3)")
        check_dtype(xp, "images", images, ("uint8",))
        return [images], shape[0]
    if not isinstance(images, Sequence):
        raise TypeError(
            f"images must be a {xp.ARRAY_NAME}, or a list of them, got {type(images).__name__}"
        )
    if not images:
        raise ValueError("images must hold at least one image, got an empty list")
    images = list(images)
    for i, image in enumerate(images):
        name = f"images[{i}]"
        shape = shape_of(xp, name, image)
        if len(shape) != 3 or shape[2] != 3:
            raise wrong_shape(name, image, "(H, W, 3)")
        check_dtype(xp, name, image, ("uint8",))
        xp.check_device(name, image, "images[0]", images[0])
    return images, len(images)


def _three(name: str, values: Sequence[float] | None, default: float) -> list[float]:
    if values is None:
        return [default] * 3
    values = check_numbers(name, values, "3 numbers, one for each channel")
    if len(values) != 3:
        raise ValueError(f"{name} must have 3 values, one for each channel, got {len(values)}")
    return values
