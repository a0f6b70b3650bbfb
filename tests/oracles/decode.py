"""Decoding in float64, one joint at a time, with the whole blurred map, as the frameworks do it."""

from __future__ import annotations

import math

import numpy as np


def decode(
    heatmaps,
    *,
    convention="hrnet",
    matrices=None,
    flipped=None,
    flip_pairs=None,
    stride=4,
    offset=0.0,
):
    """``(keypoints (N, K, 2), scores (N, K))``, float64."""
    heatmaps = np.asarray(heatmaps, np.float64)
    count, joints = heatmaps.shape[:2]
    keypoints, scores = np.empty((count, joints, 2)), np.empty((count, joints))
    for n in range(count):
        for k in range(joints):
            heatmap = heatmaps[n, k]
            if flipped is not None:
                other = _partner(k, flip_pairs)
                heatmap = (heatmap + _mirror(np.asarray(flipped[n][other], np.float64))) / 2
            point, scores[n, k] = _joint(heatmap, convention)
            if matrices is not None:
                point = _to_image(matrices[n], stride * point + offset)
            keypoints[n, k] = point
    return keypoints, scores


def blur(heatmap):
    """An 11-pixel Gaussian of sigma 2 with zeros outside."""
    height, width = heatmap.shape
    taps = np.exp(-np.arange(-5, 6) ** 2 / (2 * 2.0**2))
    taps /= taps.sum()
    padded = np.pad(heatmap, 5)
    rows = sum(taps[t] * padded[t : t + height] for t in range(11))
    return sum(taps[t] * rows[:, t : t + width] for t in range(11))


def _partner(joint, pairs):
    for left, right in pairs:
        if joint in (left, right):
            return right if joint == left else left
    return joint


def _mirror(heatmap):
    mirrored = heatmap[:, ::-1].copy()
    mirrored[:, 1:] = mirrored[:, :-1].copy()
    return mirrored


def _joint(heatmap, convention):
    if np.isnan(heatmap).any():
        return np.full(2, np.nan), np.nan
    y, x = np.unravel_index(np.argmax(heatmap), heatmap.shape)
    score = heatmap[y, x]
    if score <= 0:
        return np.zeros(2), score
    step = {"hrnet": _quarter_step, "dark": _newton_step}[convention](heatmap, int(x), int(y))
    return np.array([x, y]) + step, score


def _quarter_step(heatmap, x, y):
    height, width = heatmap.shape
    if not (1 < x < width - 1 and 1 < y < height - 1):
        return np.zeros(2)

    def toward(ahead, behind):
        return 0.25 if ahead > behind else -0.25 if ahead < behind else 0.0

    return np.array(
        [
            toward(heatmap[y, x + 1], heatmap[y, x - 1]),
            toward(heatmap[y + 1, x], heatmap[y - 1, x]),
        ]
    )


def _newton_step(heatmap, x, y):
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


def _to_image(matrix, point):
    matrix = np.asarray(matrix, np.float64)
    if not np.isfinite(matrix).all() or math.isclose(np.linalg.det(matrix[:, :2]), 0.0):
        return np.full(2, np.nan)
    return np.linalg.solve(matrix[:, :2], point - matrix[:, 2])
