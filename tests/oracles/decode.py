"""Decoding in float64, one joint at a time, with the whole blurred map, as the frameworks do it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

PAD_MODES = {
    "zeros": "constant",
    "replicate": "edge",
    "reflect": "symmetric",
    "reflect_101": "reflect",
}


def decode(
    heatmaps,
    *,
    convention="hrnet",
    matrices=None,
    flipped=None,
    flip_pairs=None,
    stride=4,
    offset=None,
    grid=None,
    theta=None,
    align_corners=False,
):
    """``(keypoints (N, K, 2), scores (N, K))``, float64."""
    heatmaps = np.asarray(heatmaps, np.float64)
    count, joints, height, width = heatmaps.shape
    grid = grid or CONVENTIONS[convention].grid
    keypoints, scores = np.empty((count, joints, 2)), np.empty((count, joints))
    for n in range(count):
        for k in range(joints):
            heatmap = heatmaps[n, k]
            if flipped is not None:
                other = np.asarray(flipped[n][partner(k, flip_pairs)], np.float64)
                shift = grid == "asymmetric" and convention != "megvii"
                heatmap = (heatmap + _mirror(other, shift)) / 2
            point, scores[n, k] = _joint(heatmap, convention)
            if matrices is not None or theta is not None:
                point = _to_crop(point, (width, height), grid, stride, offset)
            if theta is not None:
                size = stride * width, stride * height
                point = through_theta(theta[n], point, size, align_corners)
            if matrices is not None:
                point = to_image(matrices[n], point)
            keypoints[n, k] = point
    return keypoints, scores


def _to_crop(point, size, grid, stride, offset):
    if grid == "half_pixel":
        return stride * (point + 0.5) - 0.5 if offset is None else stride * point + offset
    gain = np.array([stride, stride], float)
    if grid == "align_corners":
        gain = np.array([(stride * s - 1) / (s - 1) if s > 1 else stride for s in size])
    return gain * point + (offset or 0)


def through_theta(theta, point, size, align_corners):
    """From one crop of ``size`` (w, h) into another, in pixels."""
    theta, size = np.asarray(theta, np.float64), np.asarray(size, float)
    if not np.isfinite(theta).all():
        return np.full(2, np.nan)
    if align_corners:
        normalized = np.where(size > 1, 2 * point / np.maximum(size - 1, 1e-300) - 1, 0.0)
    else:
        normalized = (2 * point + 1) / size - 1
    normalized = theta[:, :2] @ normalized + theta[:, 2]
    if align_corners:
        return (normalized + 1) / 2 * (size - 1)
    return ((normalized + 1) * size - 1) / 2


def gaussian(sigma, radius):
    return np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))


def blur(heatmap, taps=None, border="zeros"):
    """An 11-pixel Gaussian of sigma 2 with zeros outside, unless told otherwise."""
    height, width = heatmap.shape
    taps = np.asarray(gaussian(2.0, 5) if taps is None else taps, np.float64)
    taps = taps / taps.sum()
    padded = np.pad(heatmap, len(taps) // 2, mode=PAD_MODES[border])
    rows = sum(tap * padded[t : t + height] for t, tap in enumerate(taps))
    return sum(tap * rows[:, t : t + width] for t, tap in enumerate(taps))


def partner(joint, pairs):
    for left, right in pairs:
        if joint in (left, right):
            return right if joint == left else left
    return joint


def _mirror(heatmap, shift):
    mirrored = heatmap[:, ::-1].copy()
    if shift:
        mirrored[:, 1:] = mirrored[:, :-1].copy()
    return mirrored


def _joint(heatmap, convention):
    if np.isnan(heatmap).any():
        return np.full(2, np.nan), np.nan
    y, x = map(int, np.unravel_index(np.argmax(heatmap), heatmap.shape))
    score = heatmap[y, x]
    if convention == "megvii":
        return _megvii_point(heatmap, score), score / 255 + 0.5
    row = CONVENTIONS[convention]
    if score <= 0 and row.no_peak is not None:
        return np.full(2, row.no_peak), score
    return np.array([x, y]) + row.step(heatmap, x, y), score


def _toward(ahead, behind):
    return 0.25 if ahead > behind else -0.25 if ahead < behind else 0.0


def _quarters(heatmap, x, y, along_x, along_y):
    dx = _toward(heatmap[y, x + 1], heatmap[y, x - 1]) if along_x else 0.0
    dy = _toward(heatmap[y + 1, x], heatmap[y - 1, x]) if along_y else 0.0
    return np.array([dx, dy])


def _quarter_step(heatmap, x, y):
    height, width = heatmap.shape
    inside = 1 < x < width - 1 and 1 < y < height - 1
    return _quarters(heatmap, x, y, inside, inside)


def _mmpose_step(heatmap, x, y):
    height, width = heatmap.shape
    along_x = 1 < x < width - 1 and 0 < y < height
    along_y = 1 < y < height - 1 and 0 < x < width
    return _quarters(heatmap, x, y, along_x, along_y)


def _hourglass_step(heatmap, x, y):
    height, width = heatmap.shape
    inside = 1 <= x <= width - 2 and 1 <= y <= height - 2
    return _quarters(heatmap, x, y, inside, inside)


def _megvii_point(heatmap, score):
    if score <= 0:
        return np.full(2, -1.0)
    with np.errstate(all="ignore"):
        blurred = blur(heatmap)
    y, x = map(int, np.unravel_index(np.argmax(blurred), blurred.shape))
    height, width = heatmap.shape
    inside = 1 < x < width - 1 and 1 < y < height - 1
    step = _quarters(blurred, x, y, inside, inside)
    return np.array([x, y]) + step + (0.5 if inside else 0.0)


def _vitpose_step(heatmap, x, y):
    with np.errstate(all="ignore"):
        return udp_step(blur(heatmap, gaussian(0.8, 5), "reflect"), x, y)


def _dark_udp_step(heatmap, x, y):
    with np.errstate(all="ignore"):
        blurred = blur(heatmap)
        return udp_step(blurred * (heatmap.max() / blurred.max()), x, y)


def udp_step(blurred, x, y):
    with np.errstate(all="ignore"):
        log = np.pad(np.log(np.clip(blurred, 1e-3, 50)), 1, mode="edge")

        def h(dx, dy):
            return log[1 + y + dy, 1 + x + dx]

        gradient = np.array([h(1, 0) - h(-1, 0), h(0, 1) - h(0, -1)]) / 2
        dxx = h(1, 0) - 2 * h(0, 0) + h(-1, 0)
        dyy = h(0, 1) - 2 * h(0, 0) + h(0, -1)
        corners = h(1, 1) - h(1, 0) - h(0, 1) + 2 * h(0, 0) - h(-1, 0) - h(0, -1) + h(-1, -1)
        hessian = np.array([[dxx, corners / 2], [corners / 2, dyy]])
        hessian += np.finfo(np.float32).eps * np.eye(2)
        try:
            step = -np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return np.zeros(2)
    return step if np.isfinite(step).all() else np.zeros(2)


def _dark_step(heatmap, x, y):
    height, width = heatmap.shape
    if not (1 < x < width - 2 and 1 < y < height - 2):
        return np.zeros(2)
    with np.errstate(all="ignore"):
        blurred = blur(heatmap)
        blurred *= heatmap.max() / blurred.max()
        h = np.log(np.maximum(blurred, 1e-10))
        gradient = np.array([h[y, x + 1] - h[y, x - 1], h[y + 1, x] - h[y - 1, x]]) / 2
        dxx = (h[y, x + 2] - 2 * h[y, x] + h[y, x - 2]) / 4
        dyy = (h[y + 2, x] - 2 * h[y, x] + h[y - 2, x]) / 4
        dxy = (h[y + 1, x + 1] - h[y - 1, x + 1] - h[y + 1, x - 1] + h[y - 1, x - 1]) / 4
        hessian = np.array([[dxx, dxy], [dxy, dyy]])
        if not np.isfinite(hessian).all() or not np.isfinite(gradient).all():
            return np.zeros(2)
        # Singular to the precision of the logarithms: rounding must not be mistaken for curvature.
        if np.abs(hessian).max() < 1e-10 or np.linalg.cond(hessian) > 1e12:
            return np.zeros(2)
        step = -np.linalg.solve(hessian, gradient)
    return step if np.isfinite(step).all() else np.zeros(2)


def to_image(matrix, point):
    matrix = np.asarray(matrix, np.float64)
    if not np.isfinite(matrix).all() or math.isclose(np.linalg.det(matrix[:, :2]), 0.0):
        return np.full(2, np.nan)
    return np.linalg.solve(matrix[:, :2], point - matrix[:, 2])


class Row(NamedTuple):
    """A convention, in the words of this oracle and of that of the crop."""

    step: Callable[..., np.ndarray] | None  # from the peak; None: see _joint
    grid: str = "asymmetric"
    no_peak: float | None = 0.0  # where no value is above 0
    lowered: float = 0.0  # the center of a box, by this fraction of the box's height


CONVENTIONS = {
    "hrnet": Row(_quarter_step),
    "mmpose": Row(_mmpose_step, no_peak=-1.0),
    "dark": Row(_dark_step),
    "udp": Row(_dark_udp_step, "align_corners"),
    "dark_udp": Row(_dark_udp_step, "align_corners"),
    "vitpose": Row(_vitpose_step, "align_corners", no_peak=-1.0),
    "megvii": Row(None, no_peak=-1.0),
    "hourglass": Row(_hourglass_step, "half_pixel", no_peak=-1.0, lowered=15 / 200),
    "argmax": Row(lambda *_: np.zeros(2), no_peak=None),
}
