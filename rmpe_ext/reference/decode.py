"""Heatmaps to keypoints, in pure PyTorch."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from ..arguments.decode import decode_arguments

__all__ = ["decode", "decode_kernel"]

# The blur, the floor and the bounds on the Hessian of csrc/core/decode.h.
_BLUR_RADIUS = 5
_BLUR_SIGMA = 2.0
_FLOOR = 1e-10
_FLAT = 1e-10
_SINGULAR = 1e-12


def decode(
    heatmaps: torch.Tensor,
    *,
    convention: str = "hrnet",
    matrices: torch.Tensor | None = None,
    flipped: torch.Tensor | None = None,
    flip_pairs: Iterable[tuple[int, int]] | None = None,
    stride: float = 4,
    offset: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The reference of :func:`rmpe_ext.decode`: same arguments, same results."""
    arguments = decode_arguments(
        heatmaps, convention, matrices, flipped, flip_pairs, stride, offset
    )
    return decode_kernel(*arguments)


def decode_kernel(
    heatmaps: torch.Tensor,
    matrices: torch.Tensor | None,
    flipped: torch.Tensor | None,
    swapped_joint: list[int],
    subpixel: str,
    flip_shift: bool,
    stride: float,
    offset: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``decode``: all joints of all persons at once."""
    count, joints, height, width = heatmaps.shape
    if count == 0 or joints == 0:
        return heatmaps.new_empty(count, joints, 2), heatmaps.new_empty(count, joints)
    if flipped is not None:
        heatmaps = 0.5 * (heatmaps + _mirror(flipped, swapped_joint, flip_shift))
    maps = heatmaps.reshape(count * joints, height, width)
    scores = maps.amax((1, 2))
    # argmax names no winner among equals, so the first is looked for.
    index = torch.arange(height * width, device=maps.device)
    is_peak = maps.flatten(1) == scores[:, None]
    first = torch.where(is_peak, index, height * width - 1).amin(1)
    x, y = first % width, first // width
    step = _taylor_step if subpixel == "taylor" else _quarter_step
    dx, dy = step(maps, scores, x, y)
    keypoints = torch.stack([x + dx, y + dy], 1)
    keypoints = torch.where(scores[:, None] > 0, keypoints, 0.0)
    keypoints = torch.where(scores.isnan()[:, None], torch.nan, keypoints)
    keypoints = keypoints.view(count, joints, 2)
    if matrices is not None:
        keypoints = _to_image(stride * keypoints + offset, matrices)
    return keypoints.to(heatmaps.dtype), scores.view(count, joints)


def _mirror(flipped: torch.Tensor, swapped_joint: list[int], shift: bool) -> torch.Tensor:
    # Slices, because an index made from a list would have to be copied to the device.
    mirrored = torch.stack([flipped[:, joint] for joint in swapped_joint], 1).flip(3)
    if not shift:
        return mirrored
    return torch.cat([mirrored[..., :1], mirrored[..., :-1]], 3)


def _quarter_step(
    maps: torch.Tensor, scores: torch.Tensor, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A quarter pixel toward the larger neighbour on each axis (M,), float64."""
    height, width = maps.shape[1:]
    inside = (1 < x) & (x < width - 1) & (1 < y) & (y < height - 1)

    def quarter(dx: int, dy: int) -> torch.Tensor:
        ahead, behind = _at(maps, x + dx, y + dy), _at(maps, x - dx, y - dy)
        sign = (ahead > behind).double() - (ahead < behind).double()
        return torch.where(inside, 0.25 * sign, 0.0)

    return quarter(1, 0), quarter(0, 1)


def _taylor_step(
    maps: torch.Tensor, scores: torch.Tensor, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """``-Hess^-1 grad`` of the logarithm of the blurred maps (M,), float64."""
    height, width = maps.shape[1:]
    blurred = _blur(maps)
    blurred = blurred * (scores.double() / blurred.amax((1, 2)))[:, None, None]
    logarithm = blurred.clamp(min=_FLOOR).log()

    def h(dx: int, dy: int) -> torch.Tensor:
        return _at(logarithm, x + dx, y + dy)

    gx, gy = 0.5 * (h(1, 0) - h(-1, 0)), 0.5 * (h(0, 1) - h(0, -1))
    dxx = 0.25 * (h(2, 0) - 2 * h(0, 0) + h(-2, 0))
    dyy = 0.25 * (h(0, 2) - 2 * h(0, 0) + h(0, -2))
    dxy = 0.25 * (h(1, 1) - h(1, -1) - h(-1, 1) + h(-1, -1))
    determinant = dxx * dyy - dxy * dxy
    step_x = (dxy * gy - dyy * gx) / determinant
    step_y = (dxy * gx - dxx * gy) / determinant
    usable = (1 < x) & (x < width - 2) & (1 < y) & (y < height - 2)
    curvature = dxx.abs() + dyy.abs() + dxy.abs()
    usable &= (curvature > _FLAT) & (determinant.abs() > _SINGULAR * curvature**2)
    usable &= step_x.isfinite() & step_y.isfinite()
    return torch.where(usable, step_x, 0.0), torch.where(usable, step_y, 0.0)


def _blur(maps: torch.Tensor) -> torch.Tensor:
    """The maps (M, H, W) blurred by a Gaussian, zeros outside, in float64."""
    # Infinities would spread over the whole map through the zeros of the matrices.
    maps = maps.double().clamp(min=torch.finfo(torch.float32).min)
    return _blur_matrix(maps.shape[1], maps) @ maps @ _blur_matrix(maps.shape[2], maps)


def _blur_matrix(size: int, like: torch.Tensor) -> torch.Tensor:
    """The 1-D blur of ``size`` pixels as a symmetric banded matrix (size, size)."""
    taps = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1, device=like.device, dtype=like.dtype)
    total = torch.exp(-(taps**2) / (2 * _BLUR_SIGMA**2)).sum()
    pixel = torch.arange(size, device=like.device, dtype=like.dtype)
    distance = (pixel[:, None] - pixel).abs()
    weights = torch.exp(-(distance**2) / (2 * _BLUR_SIGMA**2)) / total
    return torch.where(distance <= _BLUR_RADIUS, weights, 0.0)


def _at(maps: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The value (M,) of each map at its own pixel, clamped into the map."""
    height, width = maps.shape[1:]
    index = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
    return maps.flatten(1).gather(1, index[:, None])[:, 0]


def _to_image(points: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Crop pixels (N, K, 2) through the inverses of (N, 2, 3); NaN where there is none."""
    (xx, xy, x0), (yx, yy, y0) = (row.unbind(1) for row in matrices.double().unbind(1))
    inverse = torch.stack([yy, -xy, -yx, xx], 1) / (xx * yy - xy * yx)[:, None]
    usable = inverse.isfinite().all(1) & x0.isfinite() & y0.isfinite()
    relative = points - torch.stack([x0, y0], 1)[:, None]
    mapped = relative @ inverse.view(-1, 2, 2).transpose(1, 2)
    return torch.where(usable[:, None, None], mapped, torch.nan)
