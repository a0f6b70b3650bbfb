"""Sampling images through affine maps, in pure PyTorch."""

from __future__ import annotations

from typing import NamedTuple

import torch

__all__ = ["affine_sample_backward_kernel", "affine_sample_kernel"]


class _Tap(NamedTuple):
    """One of the pixels that contribute to each sample, on one axis."""

    pixel: torch.Tensor  # (N, h, w) int64, clamped into the image
    inside: torch.Tensor  # (N, h, w) bool
    weight: torch.Tensor  # (N, h, w), differentiable with respect to theta
    weight_slope: torch.Tensor  # (N, h, w), derivative of the weight over the position


def affine_sample_kernel(
    input: torch.Tensor,
    theta: torch.Tensor,
    height: int,
    width: int,
    mode: str,
    padding_mode: str,
    align_corners: bool,
) -> torch.Tensor:
    """The op ``affine_sample``; PyTorch's autograd differentiates it any number of times."""
    count, channels, input_height, input_width = input.shape
    pixels = _at_least_float32(input).flatten(2)
    columns, rows = _taps(
        theta, (input_height, input_width), (height, width), mode, padding_mode, align_corners,
        pixels.dtype,
    )  # fmt: skip
    total = pixels.new_zeros(count, channels, height * width)
    for row in rows:
        for column in columns:
            values = pixels.gather(2, _offsets(row, column, input_width, channels))
            weight = _flat(row.weight * column.weight)
            total = total + torch.where(_flat(row.inside & column.inside), values * weight, 0.0)
    return total.view(count, channels, height, width).to(input.dtype)


def affine_sample_backward_kernel(
    grad: torch.Tensor,
    input: torch.Tensor | None,
    theta: torch.Tensor,
    input_height: int,
    input_width: int,
    mode: str,
    padding_mode: str,
    align_corners: bool,
    deterministic: bool,
    needs_input: bool,
    needs_theta: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``affine_sample_backward``; a gradient that is not needed is returned empty.

    ``deterministic`` is not read: PyTorch applies its own setting to ``scatter_add_``.
    """
    count, channels, height, width = grad.shape
    input_size, size = (input_height, input_width), (height, width)
    gradient = _at_least_float32(grad).flatten(2)
    columns, rows = _taps(
        theta, input_size, size, mode, padding_mode, align_corners, gradient.dtype
    )
    grad_input = gradient.new_zeros(count, channels, input_height * input_width)
    gx, gy = (gradient.new_zeros(count, 1, height * width) for _ in range(2))
    for row in rows:
        for column in columns:
            inside = _flat(row.inside & column.inside)
            offsets = _offsets(row, column, input_width, channels)
            if needs_input:
                weight = _flat(row.weight * column.weight)
                grad_input.scatter_add_(2, offsets, torch.where(inside, gradient * weight, 0.0))
            if needs_theta and input is not None and mode == "bilinear":
                values = _at_least_float32(input).flatten(2).gather(2, offsets)
                product = torch.where(inside, gradient * values, 0.0).sum(1, keepdim=True)
                gx += product * _flat(row.weight * column.weight_slope)
                gy += product * _flat(row.weight_slope * column.weight)
    grad_theta = theta.new_empty(0)
    if needs_theta:
        grad_theta = _theta_gradient(gx, gy, input_size, size, align_corners).to(theta.dtype)
    if not needs_input:
        return grad.new_empty(0), grad_theta
    return grad_input.view(count, channels, *input_size).to(grad.dtype), grad_theta


def _at_least_float32(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _flat(tensor: torch.Tensor) -> torch.Tensor:
    """Reshape (N, h, w) to (N, 1, h w), which broadcasts over channels."""
    return tensor.flatten(1)[:, None]


def _offsets(row: _Tap, column: _Tap, input_width: int, channels: int) -> torch.Tensor:
    return _flat(row.pixel * input_width + column.pixel).expand(-1, channels, -1)


def _ratio(input_size: int, size: int, align_corners: bool) -> float:
    """Return the input pixels per output pixel when theta is the identity."""
    if not align_corners:
        return input_size / size
    return (input_size - 1) / (size - 1) if size > 1 else 0.0


def _unit(input_size: int, align_corners: bool) -> float:
    """Return the input pixels in one unit of normalized coordinates."""
    return 0.5 * (input_size - 1 if align_corners else input_size)


def _from_center(size: int, device: torch.device) -> torch.Tensor:
    return torch.arange(size, dtype=torch.float64, device=device) - 0.5 * (size - 1)


def _taps(
    theta: torch.Tensor,
    input_size: tuple[int, int],
    size: tuple[int, int],
    mode: str,
    padding_mode: str,
    align_corners: bool,
    dtype: torch.dtype,
) -> tuple[list[_Tap], list[_Tap]]:
    """Return the columns and the rows of pixels that contribute to each sample."""
    height, width = size
    x, y = _from_center(width, theta.device), _from_center(height, theta.device)[:, None]
    taps = []
    for axis, pixels in enumerate(reversed(input_size)):
        row = theta[:, axis].double()
        step_x = row[:, 0] * _ratio(pixels, width, align_corners)
        step_y = row[:, 1] * _ratio(pixels, height, align_corners)
        origin = row[:, 2] * _unit(pixels, align_corners) + 0.5 * (pixels - 1)
        extent = step_x.abs() * width + step_y.abs() * height + origin.abs()
        step_x, step_y, origin, usable = (
            v[:, None, None] for v in (step_x, step_y, origin, extent.isfinite())
        )
        coordinate = torch.where(usable, step_x * x + step_y * y + origin, torch.nan)
        position, slope = _pad(coordinate, pixels, padding_mode, align_corners)
        taps.append(_axis_taps(position, slope, pixels, mode, dtype))
    return taps[0], taps[1]


def _axis_taps(
    position: torch.Tensor, slope: torch.Tensor, pixels: int, mode: str, dtype: torch.dtype
) -> list[_Tap]:
    if mode == "nearest":
        # Zero times the position keeps theta in the graph, with gradient 0 as in grid_sample.
        candidates = [(position.detach().round(), 1.0 + 0.0 * position, torch.zeros_like(slope))]
    else:
        first = position.detach().floor()
        fraction = position - first
        candidates = [(first, 1.0 - fraction, -slope), (first + 1, fraction, slope)]
    return [
        _Tap(
            index.long().clamp(0, pixels - 1),
            (index >= 0) & (index < pixels),
            weight.to(dtype),
            weight_slope.to(dtype),
        )
        for index, weight, weight_slope in candidates
    ]


def _pad(
    coordinate: torch.Tensor, pixels: int, padding_mode: str, align_corners: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return where each coordinate is sampled, and the derivative of that position."""
    last = float(pixels - 1)
    slope = torch.ones_like(coordinate)
    if padding_mode == "zeros":
        # Clamped to two pixels outside, where every pixel counts as 0; NaN too.
        inside = (coordinate > -2.0) & (coordinate < last + 2.0)
        beyond = torch.where(coordinate >= last + 2.0, last + 2.0, -2.0)
        return torch.where(inside, coordinate, beyond), slope
    if padding_mode == "reflection":
        low, span = (0.0, last) if align_corners else (-0.5, last + 1.0)
        turns = ((coordinate.detach() - low) / span).floor() if span > 0 else 0.0 * coordinate
        along = (coordinate - low) - turns.detach() * span
        backward = turns.remainder(2.0) != 0
        coordinate = torch.where(backward, span - along, along) + low
        slope = torch.where(backward, -1.0, 1.0).to(slope)
    # As in grid_sample, the borders themselves have slope 0. NaN is sampled at 0.
    above, below = coordinate > 0.0, coordinate < last
    held = torch.where(above, torch.full_like(slope, last), 0.0)
    inside = above & below
    return torch.where(inside, coordinate, held), torch.where(inside, slope, 0.0)


def _theta_gradient(
    gx: torch.Tensor,
    gy: torch.Tensor,
    input_size: tuple[int, int],
    size: tuple[int, int],
    align_corners: bool,
) -> torch.Tensor:
    """Return (N, 2, 3) float64, from the gradients (N, 1, h w) of the sampled positions."""
    height, width = size
    x, y = _from_center(width, gx.device), _from_center(height, gx.device)
    rows = []
    for g, pixels in ((gx, input_size[1]), (gy, input_size[0])):
        g = g.view(-1, height, width).double()
        rows.append(
            torch.stack(
                [
                    (g.sum(1) @ x) * _ratio(pixels, width, align_corners),
                    (g.sum(2) @ y) * _ratio(pixels, height, align_corners),
                    g.sum((1, 2)) * _unit(pixels, align_corners),
                ],
                1,
            )
        )
    return torch.stack(rows, 1)
