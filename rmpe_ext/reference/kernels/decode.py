"""Decoding heatmaps into keypoints, in pure PyTorch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from ...conventions import BORDERS

__all__ = ["decode_kernel", "first_maximum", "swap", "to_image"]

_BLUR_RADIUS = 5  # where a convention gives none
# Bounds on the Hessian, as in csrc/core/decode.h.
_FLAT = 1e-10
_SINGULAR = 1e-12
_EPS = torch.finfo(torch.float32).eps
_LOWEST = -1e300


def decode_kernel(
    heatmaps: torch.Tensor,
    matrices: torch.Tensor | None,
    theta: torch.Tensor | None,
    flipped: torch.Tensor | None,
    swapped_joint: list[int] | None,
    subpixel: str,
    refinement: Sequence[float],
    grid: str,
    stride: float,
    offset: float,
    align_corners: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``decode``, for all joints of all people at once."""
    count, joints, height, width = heatmaps.shape
    r = _Refinement.unpack(refinement, grid)
    heatmaps = heatmaps.to(torch.promote_types(heatmaps.dtype, torch.float32))
    if count == 0 or joints == 0:
        return heatmaps.new_empty(count, joints, 2), heatmaps.new_empty(count, joints)
    if flipped is not None and swapped_joint is not None:
        heatmaps = 0.5 * (heatmaps + _mirror(flipped, swapped_joint, r.flip_shift))
    maps = heatmaps.reshape(count * joints, height, width)
    maximum, index = first_maximum(maps.flatten(1))
    is_newton = subpixel in ("dark", "dark_udp")
    blurred = _blurred(maps, r) if r.blur_first or is_newton else maps
    if r.blur_first:
        _, index = first_maximum(blurred.flatten(1))
    x, y = index % width, index // width
    if subpixel == "quarter":
        dx, dy = _quarter_step(blurred, x, y)
    elif is_newton:
        if r.rescale:
            blurred = blurred * (maximum.double() / blurred.amax((1, 2)))[:, None, None]
        logarithm = blurred.clamp(*r.log_range).log()
        dx, dy = (_dark_step if subpixel == "dark" else _dark_udp_step)(logarithm, x, y)
    else:
        dx = dy = torch.zeros_like(x, dtype=torch.float64)
    along_x = _is_inside(x, width, r.margin) & _is_inside(y, height, r.cross_margin)
    along_y = _is_inside(y, height, r.margin) & _is_inside(x, width, r.cross_margin)
    if subpixel != "quarter":  # a Newton step moves along both axes or none
        along_x = along_y = along_x & along_y
    dx = torch.where(along_x, dx + r.peak_shift, 0.0)
    dy = torch.where(along_y, dy + r.peak_shift, 0.0)
    keypoints = torch.stack([x + dx, y + dy], 1)
    if not math.isnan(r.no_peak):
        keypoints = torch.where(maximum[:, None] > 0, keypoints, r.no_peak)
    keypoints = torch.where(maximum[:, None].isnan(), torch.nan, keypoints)
    keypoints = keypoints.view(count, joints, 2)
    if matrices is not None or theta is not None:
        gains = [_gain(grid, stride, size) for size in (width, height)]
        points = torch.stack([keypoints[..., i] * gains[i] + offset for i in (0, 1)], 2)
        size = stride * height, stride * width
        keypoints = to_image(points, matrices, theta, size, align_corners)
    scores = maximum
    if (r.score_scale, r.score_offset) != (1.0, 0.0):
        scores = (r.score_scale * maximum.double() + r.score_offset).to(maximum.dtype)
    return keypoints.to(heatmaps.dtype), scores.view(count, joints)


class _Refinement(NamedTuple):
    """The numbers of a convention, as rmpe_ext.validation.decode packs them."""

    margin: Sequence[float]
    cross_margin: Sequence[float]
    log_range: Sequence[float]
    no_peak: float
    blur_border: str
    rescale: bool
    blur_first: bool
    peak_shift: float
    flip_shift: bool
    score_scale: float
    score_offset: float
    blur_weights: Sequence[float]

    @staticmethod
    def unpack(numbers: Sequence[float], grid: str) -> _Refinement:
        """Name the numbers; the second half stands for itself where it is left out."""
        margin, cross_margin, log_range = (numbers[i : i + 2] for i in (0, 2, 4))
        sigma, no_peak = numbers[6:8]
        first = margin, cross_margin, log_range, no_peak
        if len(numbers) == 8:
            taps = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1, dtype=torch.float64)
            gaussian = torch.exp(-(taps**2) / (2 * sigma**2))
            weights = (gaussian / gaussian.sum()).tolist()
            shift = grid == "asymmetric"
            return _Refinement(*first, "zeros", True, False, 0.0, shift, 1.0, 0.0, weights)
        border, rescale, blur_first, peak_shift, flip_shift, scale, offset = numbers[8:15]
        return _Refinement(
            *first,
            BORDERS[int(border)],
            bool(rescale),
            bool(blur_first),
            peak_shift,
            grid == "asymmetric" if flip_shift < 0 else bool(flip_shift),
            scale,
            offset,
            numbers[15:],
        )


def first_maximum(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the maximum of each row (M, size), NaN if it has one, and its first position."""
    maximum = values.amax(1)
    # torch.argmax does not promise the first of equal values.
    index = torch.arange(values.shape[1], device=values.device)
    is_maximum = values == maximum[:, None]
    return maximum, torch.where(is_maximum, index, values.shape[1] - 1).amin(1)


def to_image(
    points: torch.Tensor,
    matrices: torch.Tensor | None,
    theta: torch.Tensor | None,
    size: tuple[float, float],
    align_corners: bool,
) -> torch.Tensor:
    """Map crop pixels (N, K, 2), float64, through theta and the inverses of ``matrices``.

    ``size`` is the crop's height and width. The result is NaN where there is no inverse or theta is
    not finite.
    """
    if theta is not None:
        # The crop's center is the origin of normalized coordinates.
        size_xy = points.new_tensor([size[1], size[0]])
        center, unit = (size_xy - 1) / 2, (size_xy - float(align_corners)) / 2
        normalized = torch.where(unit > 0, (points - center) / unit, 0.0)
        mapped = normalized @ theta[:, :, :2].double().transpose(1, 2) + theta[:, None, :, 2]
        usable = theta.isfinite().flatten(1).all(1)[:, None, None]
        points = torch.where(usable, mapped * unit + center, torch.nan)
    return points if matrices is None else _through_inverse(points, matrices)


def _mirror(flipped: torch.Tensor, swapped_joint: list[int], shift: bool) -> torch.Tensor:
    mirrored = swap(flipped, swapped_joint).flip(3)
    if not shift:
        return mirrored
    return torch.cat([mirrored[..., :1], mirrored[..., :-1]], 3)


def swap(maps: torch.Tensor, swapped_joint: list[int]) -> torch.Tensor:
    """Reorder the joints of maps (N, K, ...); 16-bit maps become float32."""
    # Converted first: autocast refuses to stack a 16-bit dtype that is not its own.
    maps = maps.to(torch.promote_types(maps.dtype, torch.float32))
    # Slices: a list as an index would be copied to the device.
    return torch.stack([maps[:, joint] for joint in swapped_joint], 1)


def _is_inside(position: torch.Tensor, size: int, margin: Sequence[float]) -> torch.Tensor:
    return (position >= margin[0]) & (position < size - margin[1])


def _quarter_step(
    maps: torch.Tensor, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a quarter pixel toward the larger neighbor on each axis (M,), float64."""

    def quarter(dx: int, dy: int) -> torch.Tensor:
        ahead, behind = _at(maps, x + dx, y + dy), _at(maps, x - dx, y - dy)
        return 0.25 * ((ahead > behind).double() - (ahead < behind).double())

    return quarter(1, 0), quarter(0, 1)


def _dark_step(
    logarithm: torch.Tensor, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ``-Hess^-1 grad`` from differences over two pixels (M,); 0 where it does not exist."""

    def h(dx: int, dy: int) -> torch.Tensor:
        return _at(logarithm, x + dx, y + dy)

    gx, gy = 0.5 * (h(1, 0) - h(-1, 0)), 0.5 * (h(0, 1) - h(0, -1))
    dxx = 0.25 * (h(2, 0) - 2 * h(0, 0) + h(-2, 0))
    dyy = 0.25 * (h(0, 2) - 2 * h(0, 0) + h(0, -2))
    dxy = 0.25 * (h(1, 1) - h(1, -1) - h(-1, 1) + h(-1, -1))
    curvature = dxx.abs() + dyy.abs() + dxy.abs()
    singular = (dxx * dyy - dxy * dxy).abs() <= _SINGULAR * curvature**2
    return _newton_step(gx, gy, dxx, dyy, dxy, (curvature > _FLAT) & ~singular)


def _dark_udp_step(
    logarithm: torch.Tensor, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ``-(Hess + eps I)^-1 grad`` from differences over one pixel (M,); 0 if not finite."""

    def h(dx: int, dy: int) -> torch.Tensor:
        return _at(logarithm, x + dx, y + dy)

    gx, gy = 0.5 * (h(1, 0) - h(-1, 0)), 0.5 * (h(0, 1) - h(0, -1))
    dxx = h(1, 0) - 2 * h(0, 0) + h(-1, 0) + _EPS
    dyy = h(0, 1) - 2 * h(0, 0) + h(0, -1) + _EPS
    dxy = 0.5 * (h(1, 1) - h(1, 0) - h(0, 1) + 2 * h(0, 0) - h(-1, 0) - h(0, -1) + h(-1, -1))
    return _newton_step(gx, gy, dxx, dyy, dxy, torch.ones_like(x, dtype=torch.bool))


def _newton_step(
    gx: torch.Tensor,
    gy: torch.Tensor,
    dxx: torch.Tensor,
    dyy: torch.Tensor,
    dxy: torch.Tensor,
    usable: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    determinant = dxx * dyy - dxy * dxy
    x, y = (dxy * gy - dyy * gx) / determinant, (dxy * gx - dxx * gy) / determinant
    usable = usable & x.isfinite() & y.isfinite()
    return torch.where(usable, x, 0.0), torch.where(usable, y, 0.0)


def _blurred(maps: torch.Tensor, r: _Refinement) -> torch.Tensor:
    """Blur the maps (M, H, W), in float64."""
    # -inf times a zero of the matrices would be NaN; what stands for it becomes it again.
    maps = maps.double().clamp(min=_LOWEST)
    rows, columns = (
        _blur_matrix(size, r.blur_weights, r.blur_border, maps) for size in maps.shape[1:]
    )
    blurred = rows @ maps @ columns.T
    return torch.where(blurred < 1e-150 * _LOWEST, -torch.inf, blurred)


def _blur_matrix(
    size: int, weights: Sequence[float], border: str, like: torch.Tensor
) -> torch.Tensor:
    """Make the matrix (size, size) that blurs ``size`` pixels along one axis."""
    taps = like.new_tensor(weights)
    radius = len(weights) // 2
    pixel = torch.arange(size, device=like.device)
    source = pixel[:, None] + torch.arange(-radius, radius + 1, device=like.device)
    if border == "zeros":
        taps = torch.where((source >= 0) & (source < size), taps, 0.0)
        source = source.clamp(0, size - 1)
    elif border == "replicate":
        source = source.clamp(0, size - 1)
    else:  # Both reflections repeat; they differ in whether the outer pixel does.
        period = 2 * size if border == "reflect" else max(1, 2 * (size - 1))
        source = source.remainder(period)
        source = torch.where(source < size, source, period - source - int(border == "reflect"))
    matrix = like.new_zeros(size, size)
    return matrix.scatter_add_(1, source, taps.expand(size, -1))


def _at(maps: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the value (M,) of each map at its own pixel, clamped into the map."""
    height, width = maps.shape[1:]
    index = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
    return maps.flatten(1).gather(1, index[:, None])[:, 0]


def _gain(grid: str, stride: float, size: int) -> float:
    """Return the crop pixels per heatmap pixel along an axis of ``size`` pixels."""
    return (stride * size - 1) / (size - 1) if grid == "align_corners" and size > 1 else stride


def _through_inverse(points: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Map points (N, K, 2) through the inverses of (N, 2, 3); NaN where there is none."""
    (xx, xy, x0), (yx, yy, y0) = (row.unbind(1) for row in matrices.double().unbind(1))
    inverse = torch.stack([yy, -xy, -yx, xx], 1) / (xx * yy - xy * yx)[:, None]
    usable = inverse.isfinite().all(1) & x0.isfinite() & y0.isfinite()
    relative = points - torch.stack([x0, y0], 1)[:, None]
    mapped = relative @ inverse.view(-1, 2, 2).transpose(1, 2)
    return torch.where(usable[:, None, None], mapped, torch.nan)
