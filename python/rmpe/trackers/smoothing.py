"""Keypoints of a track made steady: filters that trust sure keypoints more, and short gaps filled.

Times are in frames and lengths relative to the person's size, so that near and far people are
treated alike. A frame in which a keypoint is not known has no weight.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_whole, show

from ..arguments import as_floats, check_kind
from ..arrays import within_float32
from .parameters import FilterName, SmoothingParameters

__all__ = ["fill_gaps", "smooth_track"]

Floats = npt.NDArray[np.float64]

# A parabola needs three points; a fourth makes it smooth.
_DEGREE = 2
# One-Euro: cutoff of the speed, in cycles a frame (1 Hz at 25 frames a second).
_SPEED_CUTOFF = 0.04
# Butterworth: so many frames are mirrored at both ends, in which the filter settles.
_PADDING = 25
# Of the frames from first to last: memory and time grow with them, also where nobody is seen.
_LONGEST = 10_000_000
# Of two frames in a row: with less between them, no parabola goes through both.
_SHORTEST = 0.001
# Of a keypoint, relative to the surest of its parabola: with less, the fit has no solution.
_LEAST_WEIGHT = 1e-6


def smooth_track(
    times: Floats, points: Floats, weights: Floats, sizes: Floats, parameters: SmoothingParameters
) -> Floats:
    """Smooth the keypoints of one person through N frames.

    Parameters
    ----------
    times : array (N,), float64
        Increasing, in frames, by .001 or more; the last at most 10 million after the first.
    points : array (N, K, 2), float64
        In pixels; what is not finite, or beyond float32, is not known, and stays so.
    weights : array (N, K), float64
        Confidences.
    sizes : array (N,), float64
        Of the person in each frame, in pixels, from 0.
    parameters : SmoothingParameters

    Returns
    -------
    array (N, K, 2), float64

    Raises
    ------
    TypeError, ValueError
        An argument is none of the above.
    """
    check_kind("parameters", parameters, SmoothingParameters)
    times = _checked_times(times)
    points = as_floats("points", points, (len(times), "K", 2))
    weights = as_floats("weights", weights, points.shape[:2])
    sizes = as_floats("sizes", sizes, (len(times),))
    if not ((sizes >= 0) & np.isfinite(sizes)).all():
        raise ValueError(f"sizes must be from 0 and finite, got {show(sizes)}")
    if not len(times):
        return points.copy()
    usable = within_float32(points).all(axis=2)
    known = usable & np.isfinite(weights) & (weights > 0)
    weights = np.where(known, np.minimum(weights, 1.0), 0.0)
    plain = np.where(known[..., None], points, 0.0)
    smoothed = _SMOOTHED_BY[parameters.filter](times, plain, weights, sizes, parameters)
    return np.where(known[..., None], smoothed, points)


def _savgol(
    times: Floats, points: Floats, weights: Floats, sizes: Floats, parameters: SmoothingParameters
) -> Floats:
    """Fit a parabola around each frame, weighted least squares, and take its value there.

    At the ends of a track, to those frames of the window that there are.
    """
    reach = parameters.window // 2
    smoothed = points.copy()
    for i, time in enumerate(times):
        first, last = np.searchsorted(times, (time - reach, time + reach + 0.5))
        offset = times[first:last] - time
        basis = offset[:, None] ** np.arange(_DEGREE + 1)  # (n, 3)
        weight = weights[first:last]  # (n, K)
        # Relative to the surest: products of the smallest numbers would be 0.
        surest = weight.max(axis=0)
        weight = weight / np.where(surest > 0, surest, 1.0)
        weight = np.where(weight > 0, np.maximum(weight, _LEAST_WEIGHT), 0.0)
        # Of each keypoint alone: fewer points than the parabola has coefficients fit anything.
        enough = (weight > 0).sum(axis=0) > _DEGREE
        normal = np.einsum("na,nk,nb->kab", basis, weight, basis)
        right = np.einsum("na,nk,nkd->kad", basis, weight, points[first:last])
        if enough.any():
            smoothed[i, enough] = np.linalg.solve(normal[enough], right[enough])[:, 0]
    return smoothed


def _one_euro(
    times: Floats, points: Floats, weights: Floats, sizes: Floats, parameters: SmoothingParameters
) -> Floats:
    """Filter as Casiez et al. (CHI 2012), with a gain in proportion to the confidence."""
    smoothed = points.copy()
    seen = weights[0] > 0
    last, speed = points[0].copy(), np.zeros_like(points[0])
    since = np.full(points.shape[1], times[0])
    for i in range(1, len(times)):
        known = weights[i] > 0
        elapsed = np.maximum(times[i] - since, 1.0)[:, None]
        measured = (points[i] - last) / elapsed
        gain = _gain(np.full_like(elapsed, _SPEED_CUTOFF), elapsed)
        new_speed = speed + gain * (measured - speed)
        relative = np.hypot(*np.moveaxis(new_speed, 1, 0))[:, None] / max(sizes[i], 1.0)
        gain = _gain(parameters.cutoff + parameters.beta * relative, elapsed)
        step = last + gain * weights[i][:, None] * (points[i] - last)
        # A keypoint's first frame is where its filter begins.
        value = np.where(seen[:, None], step, points[i])
        speed = np.where((known & seen)[:, None], new_speed, speed)
        last = np.where(known[:, None], value, last)
        since = np.where(known, times[i], since)
        seen = seen | known
        smoothed[i] = last
    return smoothed


def _butterworth(
    times: Floats, points: Floats, weights: Floats, sizes: Floats, parameters: SmoothingParameters
) -> Floats:
    """Let what is slow pass, forth and back, so that nothing lags.

    The filter has no weights. So a doubtful keypoint is first moved toward the straight line
    between its neighbors, the less sure the further; where none is known, it is on that line.
    """
    from scipy.signal import butter, sosfiltfilt

    sections = butter(2, 2 * parameters.frequency, output="sos")
    frames = np.arange(times[0], times[-1] + 1)
    smoothed = points.copy()
    for k in range(points.shape[1]):
        known = np.flatnonzero(weights[:, k] > 0)
        if len(known) < 3:
            continue  # There is nothing between two.
        before, here, after = known[:-2], known[1:-1], known[2:]
        part = (times[here] - times[before]) / (times[after] - times[before])
        values, weight = points[known, k], weights[here, k, None]
        line = points[before, k] + part[:, None] * (points[after, k] - points[before, k])
        values[1:-1] = weight * points[here, k] + (1 - weight) * line
        for axis in range(2):
            every = np.interp(frames, times[known], values[:, axis])
            slow = sosfiltfilt(sections, every, padlen=min(_PADDING, len(every) - 1))
            smoothed[known, k, axis] = np.interp(times[known], frames, slow)
    return smoothed


def _gain(cutoff: Floats, elapsed: Floats) -> Floats:
    # Of a cutoff beyond all numbers, or below them, the gain is 1, or 0.
    with np.errstate(over="ignore", divide="ignore"):
        return 1 / (1 + 1 / (2 * np.pi * cutoff * elapsed))


_SMOOTHED_BY: dict[
    FilterName, Callable[[Floats, Floats, Floats, Floats, SmoothingParameters], Floats]
] = {"savgol": _savgol, "one-euro": _one_euro, "butterworth": _butterworth}


def fill_gaps(times: Floats, values: Floats, max_gap: int) -> Floats:
    """Put what lies on a straight line in place of what is not known.

    Parameters
    ----------
    times : array (N,), float64
        As for `smooth_track`.
    values : array (N, D), float64
        NaN where they are not known.
    max_gap : int
        A gap of more frames stays, as do beginning and end.

    Returns
    -------
    array (N, D), float64

    Raises
    ------
    TypeError, ValueError
        An argument is none of the above.

    Examples
    --------
    >>> times = np.arange(6.0)
    >>> values = np.array([[0.0], [np.nan], [2.0], [np.nan], [np.nan], [8.0]])
    >>> fill_gaps(times, values, max_gap=1)[:, 0].tolist()
    [0.0, 1.0, 2.0, nan, nan, 8.0]
    """
    times = _checked_times(times)
    values = as_floats("values", values, (len(times), "D"))
    check_whole(TYPES, "max_gap", max_gap, 0)
    filled = values.copy()
    for column in range(values.shape[1]):
        known = np.flatnonzero(np.isfinite(values[:, column]))
        if len(known) < 2:
            continue
        # Of each frame, the known ones before and after it.
        place = np.searchsorted(known, np.arange(len(times)))
        inside = (place > 0) & (place < len(known))
        before, after = known[np.maximum(place, 1) - 1], known[np.minimum(place, len(known) - 1)]
        short = times[after] - times[before] - 1 <= max_gap
        wanted = inside & short & ~np.isfinite(values[:, column])
        # Halved, so that no difference of two numbers is too large.
        halves = np.interp(times[wanted], times[known], values[known, column] / 2)
        filled[wanted, column] = 2 * halves
    return filled


def _checked_times(times: Floats) -> Floats:
    times = as_floats("times", times, ("N",))
    if not np.isfinite(times).all() or (np.diff(times) < _SHORTEST).any():
        raise ValueError(
            f"times must be finite and increase by {_SHORTEST} or more, got {show(times)}"
        )
    if len(times) and times[-1] - times[0] > _LONGEST:
        raise ValueError(f"times must span at most {_LONGEST} frames, got {show(times)}")
    return times
