"""Arguments of ``crop`` and ``crop_matrices``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from .._checks import check_choice, check_dtype, check_same, check_shape, check_tensor
from ..conventions import CONVENTIONS

__all__ = ["crop_arguments", "crop_matrices_arguments"]

_FLOATING = (torch.float32, torch.float64)
_HALF = (torch.float16, torch.bfloat16)


def crop_arguments(
    images: torch.Tensor | Sequence[torch.Tensor],
    matrices: torch.Tensor,
    size: tuple[int, int],
    image_index: torch.Tensor | None,
    scale: float,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    swap_rb: bool,
    dtype: torch.dtype,
    fill: float,
) -> tuple:
    """The arguments of the op, in its order.

    ``images, matrices, image_index, height, width, gain, bias, swap_rb, dtype, fill``.
    """
    images = _images(images)
    image_count = images[0].shape[0] if images[0].dim() == 4 else len(images)
    check_shape("matrices", matrices, (None, 2, 3), "(N, 2, 3)")
    check_dtype("matrices", matrices, _FLOATING)
    if matrices.requires_grad:
        raise ValueError(
            "matrices must not require grad: crop reads 8-bit pixels and has no gradient; "
            "pass matrices.detach()"
        )
    check_same("matrices", matrices.device, "images", images[0].device, "device")
    if image_index is not None:
        check_shape("image_index", image_index, (matrices.shape[0],), "(N,) like matrices")
        check_dtype("image_index", image_index, (torch.int64,))
        check_same("image_index", image_index.device, "matrices", matrices.device, "device")
    elif image_count not in (1, matrices.shape[0]):
        raise ValueError(
            f"image_index is needed to say which of {image_count} images each of "
            f"{matrices.shape[0]} crops comes from"
        )
    _check_output_dtype(dtype)
    height, width = _size(size)
    means, stds = _three("mean", mean, 0.0), _three("std", std, 1.0)
    if 0.0 in stds:
        raise ValueError(f"std must not contain 0, got {stds}")
    gain = [scale / s for s in stds]
    bias = [-m / s for m, s in zip(means, stds, strict=True)]
    return images, matrices, image_index, height, width, gain, bias, swap_rb, dtype, float(fill)


def crop_matrices_arguments(
    boxes: torch.Tensor,
    size: tuple[int, int],
    convention: str,
    padding: float | None,
    rotation: torch.Tensor | None,
) -> tuple:
    """``(boxes, rotation, height, width, padding, drop, grid)`` of the op."""
    check_shape("boxes", boxes, (None, 4), "(N, 4)")
    if boxes.dtype in _HALF:
        boxes = boxes.float()
    check_dtype("boxes", boxes, _FLOATING)
    check_choice("convention", convention, CONVENTIONS)
    row = CONVENTIONS[convention]
    if padding is None:
        padding = row.padding
    if not -1.0 < padding < math.inf:
        raise ValueError(f"padding must be a fraction above -1 (0.25 grows by 25 %), got {padding}")
    if rotation is not None:
        check_shape("rotation", rotation, (boxes.shape[0],), "(N,) like boxes")
        check_dtype("rotation", rotation, _FLOATING)
        check_same("rotation", rotation.device, "boxes", boxes.device, "device")
    height, width = _size(size)
    return boxes.detach(), rotation, height, width, float(padding), row.drop, row.grid


def _check_output_dtype(dtype: torch.dtype) -> None:
    """Raise TypeError unless crops can be written in ``dtype``."""
    if dtype not in (torch.float32, *_HALF):
        raise TypeError(f"dtype must be float32, float16 or bfloat16, got {dtype}")


def _images(images: torch.Tensor | Sequence[torch.Tensor]) -> list[torch.Tensor]:
    if isinstance(images, torch.Tensor):
        check_shape("images", images, (None, None, None, 3), "(B, H, W, 3), or a list of (H, W, 3)")
        check_dtype("images", images, (torch.uint8,))
        return [images]
    images = list(images)
    if not images:
        raise ValueError("images must hold at least one image, got an empty list")
    for i, image in enumerate(images):
        name = f"images[{i}]"
        check_tensor(name, image)
        check_shape(name, image, (None, None, 3), "(H, W, 3)")
        check_dtype(name, image, (torch.uint8,))
        check_same(name, image.device, "images[0]", images[0].device, "device")
    return images


def _size(size: tuple[int, int]) -> tuple[int, int]:
    height, width = size
    if height < 1 or width < 1:
        raise ValueError(f"size must be (height, width), both at least 1, got {tuple(size)}")
    return int(height), int(width)


def _three(name: str, values: Sequence[float] | None, default: float) -> list[float]:
    if values is None:
        return [default] * 3
    values = [float(v) for v in values]
    if len(values) != 3:
        raise ValueError(f"{name} must have 3 values, one for each channel, got {len(values)}")
    return values
