"""Cutting crops out of images, in pure PyTorch."""

from __future__ import annotations

import torch

__all__ = ["crop_kernel"]


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
    """The op ``crop``; it gathers the four neighbors of all pixels of all crops at once."""
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
    total = torch.zeros(count, height, width, 3, dtype=torch.float32, device=device)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        tap_x, tap_y = x0.long() + dx, y0.long() + dy
        inside = (tap_x >= 0) & (tap_x < w) & (tap_y >= 0) & (tap_y < h)
        position = torch.where(inside, offset + tap_y * w + tap_x, 0)
        weight = (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
        value = torch.where(inside[..., None], pixels[position].float(), fill)
        total += weight[..., None] * value
    if swap_rb:
        total = total.flip(-1)
    gains, biases = (
        torch.tensor(values, dtype=torch.float32, device=device) for values in (gain, bias)
    )
    total = total * gains + biases
    return total.permute(0, 3, 1, 2).to(dtype, memory_format=torch.contiguous_format)


def _check_image_index(image_index: torch.Tensor, images: int) -> None:
    """Raise ValueError for an index out of range; reading the values synchronizes with a GPU."""
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
    """Return all pixels (P, 3), and each image's first pixel, height and width.

    One pixel is appended, so that a batch of empty images can be indexed too.
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
    """Return the position in its image of each crop pixel, x and y (N, height, width), in float64.

    A matrix without an inverse puts all pixels far outside the image. So does one that spreads the
    crop over more than 2^28 image pixels, as in csrc/cpu/crop.cpp.
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
    return (
        torch.where(usable, a * x + (b * y + c).clamp(-far, far), -far),
        torch.where(usable, d * x + (e * y + f).clamp(-far, far), -far),
    )
