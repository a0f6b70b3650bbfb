"""Cutting people out of images, in pure PyTorch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from ..arguments import tensors
from ..arguments.crop import crop_arguments, crop_matrices_arguments

__all__ = ["crop", "crop_kernel", "crop_matrices", "crop_matrices_kernel"]


def crop(
    images: torch.Tensor | Sequence[torch.Tensor],
    matrices: torch.Tensor,
    size: tuple[int, int],
    *,
    image_index: torch.Tensor | None = None,
    scale: float = 1 / 255,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    swap_rb: bool = False,
    dtype: torch.dtype = torch.float32,
    fill: float = 0,
) -> torch.Tensor:
    """The reference of :func:`rmpe_ext.crop`: same arguments, same results."""
    arguments = crop_arguments(
        tensors, images, matrices, size, image_index, scale, mean, std, swap_rb, dtype, fill
    )
    return crop_kernel(*arguments)


def crop_matrices(
    boxes: torch.Tensor,
    size: tuple[int, int],
    *,
    convention: str = "hrnet",
    padding: float | None = None,
    rotation: torch.Tensor | None = None,
) -> torch.Tensor:
    """The reference of :func:`rmpe_ext.crop_matrices`: same arguments, same results."""
    return crop_matrices_kernel(
        *crop_matrices_arguments(tensors, boxes, size, convention, padding, rotation)
    )


def crop_kernel(
    images: list[torch.Tensor],
    matrices: torch.Tensor,
    image_index: torch.Tensor | None,
    height: int,
    width: int,
    gain: list[float],
    bias: list[float],
    swap_rb: bool,
    dtype: torch.dtype,
    fill: float,
) -> torch.Tensor:
    """The op ``crop``: gathers the four neighbours of every output pixel of every crop at once."""
    device, count = matrices.device, matrices.shape[0]
    pixels, offsets, heights, widths = _flatten(images)
    if image_index is None:
        image_index = torch.arange(count, device=device) % max(len(offsets), 1)
    _check_image_index(image_index, len(offsets))
    offset, h, w = (
        torch.tensor(values, dtype=torch.int64, device=device)[image_index, None, None]
        for values in (offsets, heights, widths)
    )
    x, y = _source_coordinates(matrices, height, width)
    x0, y0 = x.floor(), y.floor()
    fx, fy = (x - x0).float(), (y - y0).float()
    total = torch.zeros(count, height, width, 3, device=device)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        tap_x, tap_y = x0.long() + dx, y0.long() + dy
        inside = (tap_x >= 0) & (tap_x < w) & (tap_y >= 0) & (tap_y < h)
        position = torch.where(inside, offset + tap_y * w + tap_x, 0)
        weight = (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
        value = torch.where(inside[..., None], pixels[position].float(), fill)
        total += weight[..., None] * value
    if swap_rb:
        total = total.flip(-1)
    total = total * torch.tensor(gain, device=device) + torch.tensor(bias, device=device)
    return total.permute(0, 3, 1, 2).to(dtype, memory_format=torch.contiguous_format)


def crop_matrices_kernel(
    boxes: torch.Tensor,
    rotation: torch.Tensor | None,
    height: int,
    width: int,
    padding: float,
    drop: float,
    grid: str,
) -> torch.Tensor:
    """The op ``crop_matrices``."""
    x1, y1, x2, y2 = boxes.double().unbind(1)
    cx, cy, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    wide = w * height > h * width
    w, h = torch.where(wide, w, h * width / height), torch.where(wide, w * height / width, h)
    cy = cy + drop * h
    shortened, before_center = grid == "align_corners", grid != "asymmetric"
    sx = (width - shortened) / (w * (1 + padding))
    sy = (height - shortened) / (h * (1 + padding))
    radians = torch.zeros_like(cx) if rotation is None else rotation.double() * (math.pi / 180)
    cos, sin = radians.cos(), radians.sin()
    xx, xy, yx, yy = sx * cos, sx * sin, 0 - sy * sin, sy * cos
    tx = (width - before_center) / 2 - (xx * cx + xy * cy)
    ty = (height - before_center) / 2 - (yx * cx + yy * cy)
    return torch.stack([xx, xy, tx, yx, yy, ty], dim=1).view(-1, 2, 3).to(boxes.dtype)


def _check_image_index(image_index: torch.Tensor, images: int) -> None:
    """Raise ValueError for an index out of range; it waits for the device to know."""
    outside = (image_index < 0) | (image_index >= images)
    if not outside.is_meta and bool(outside.any()):
        position = int(outside.nonzero()[0])
        raise ValueError(
            f"image_index must be in 0..{images - 1}, got {int(image_index[position])} at position "
            f"{position}"
        )


def _flatten(
    images: list[torch.Tensor],
) -> tuple[torch.Tensor, list[int], list[int], list[int]]:
    """All pixels (P, 3), and each image's first pixel, height and width.

    One pixel is put behind the last, so that a batch of empty images can be indexed too.
    """
    views = [view for image in images for view in (image if image.dim() == 4 else [image])]
    heights, widths = [v.shape[0] for v in views], [v.shape[1] for v in views]
    offsets = [0]
    for h, w in zip(heights, widths, strict=True):
        offsets.append(offsets[-1] + h * w)
    padding = images[0].new_zeros(1, 3)
    pixels = torch.cat([*(image.reshape(-1, 3) for image in images), padding])
    return pixels, offsets[:-1], heights, widths


def _source_coordinates(
    matrices: torch.Tensor, height: int, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where each crop pixel (N, height, width) lies in its image, in float64.

    A matrix without an inverse puts all its pixels far outside every image, and so does one that
    spreads the crop over more than 2^28 pixels, as in csrc/cpu/crop.cpp.
    """
    (xx, xy, x0), (yx, yy, y0) = (row.unbind(1) for row in matrices.double().unbind(1))
    determinant = xx * yy - xy * yx
    inverse = torch.stack([yy, -xy, xy * y0 - yy * x0, -yx, xx, yx * x0 - xx * y0], 1)
    inverse = inverse / determinant[:, None]
    grid = torch.arange(max(height, width), dtype=torch.float64, device=matrices.device)
    x, y = grid[:width], grid[:height, None]
    a, b, c, d, e, f = (column[:, None, None] for column in inverse.unbind(1))
    far = 2.0**28
    extent = (a.abs() + b.abs() + d.abs() + e.abs()) * max(height, width)
    usable = torch.isfinite(inverse).all(1)[:, None, None] & (extent <= far)
    return tuple(
        torch.where(usable, along * x + (across * y + start).clamp(-far, far), -far)
        for along, across, start in ((a, b, c), (d, e, f))
    )
