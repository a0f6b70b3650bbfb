"""Pose NMS and box NMS in float64, one pair at a time, as the method is written down."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tests.oracles.greedy import INFINITY, Result, finite, greedy, order_of


@dataclass
class Variant:
    """One of the forms that pose NMS exists in. All lengths are in pixels, or in tenths of the
    longer side of the reference box where ``in_box_units``."""

    sigma1: float
    sigma2: float
    lam: float
    eta: float
    squared: bool = False
    in_box_units: bool = False
    match_box: float = INFINITY
    match_radius: float = INFINITY
    near_joints: float = INFINITY
    near_radius: float = 0.0
    near_box: float = 0.0


RMPE = Variant(sigma1=0.01, sigma2=2.08, lam=2.08, eta=22.48, in_box_units=True, match_radius=1.0)
ALPHAPOSE = Variant(
    sigma1=1.0, sigma2=2.65, lam=1.7, eta=22.48, match_radius=1.0,
    near_joints=5, near_radius=7.0, near_box=0.1,
)  # fmt: skip


def paper(sigma1, sigma2, lam, eta):
    return Variant(sigma1, sigma2, lam, eta, squared=True, in_box_units=True, match_box=0.1)


def similarity(pose_i, scores_i, box_i, pose_j, scores_j, v: Variant):
    """``(d(i, j), near joints, margin)`` with i as the reference."""
    width, height = max(box_i[2] - box_i[0], 0.0), max(box_i[3] - box_i[1], 0.0)
    unit = 0.1 * max(width, height) if v.in_box_units else 1.0
    near = min(v.near_box * max(width, height), v.near_radius)
    k_sim, h_sim, near_joints, margin = 0.0, 0.0, 0, INFINITY
    for (xi, yi), ci, (xj, yj), cj in zip(pose_i, scores_i, pose_j, scores_j, strict=True):
        across, down = abs(xj - xi), abs(yj - yi)
        pixels = math.hypot(xj - xi, yj - yi)
        # Where a unit has no length, what coincides is at distance 0 and all else out of reach.
        distance = pixels / unit if unit > 0 else (0.0 if pixels == 0 else INFINITY)
        bounds = [(distance, v.match_radius)]
        if v.match_box < INFINITY:
            bounds += [(across, width * v.match_box / 2), (down, height * v.match_box / 2)]
        if all(length <= bound for length, bound in bounds):
            k_sim += math.tanh(ci / v.sigma1) * math.tanh(cj / v.sigma1)
        h_sim += math.exp(-(distance**2 if v.squared else distance) / v.sigma2)
        near_joints += pixels <= near
        bounds += [(pixels, near)]
        for length, bound in bounds:
            coincident = length == 0 and bound >= 0
            if bound < INFINITY and length < INFINITY and not coincident:
                margin = min(margin, abs(length - bound))
    return k_sim + v.lam * h_sim, near_joints, margin


def similarity_matrix(keypoints, scores, boxes, v: Variant):
    """``(d (N, N), margin)``, NaN for poses that are not finite."""
    count, margin = len(keypoints), INFINITY
    d = np.full((count, count), np.nan)
    usable = [finite(*pose) for pose in zip(keypoints, scores, boxes, strict=True)]
    for i in range(count):
        for j in range(count):
            if usable[i] and usable[j]:
                d[i, j], _, m = similarity(
                    keypoints[i], scores[i], boxes[i], keypoints[j], scores[j], v
                )
                margin = min(margin, m)
    return d, margin


def pose_nms(keypoints, scores, boxes, v: Variant, image_index=None, pose_scores=None) -> Result:
    def eliminates(i, j):
        d, near_joints, margin = similarity(
            keypoints[i], scores[i], boxes[i], keypoints[j], scores[j], v
        )
        return d > v.eta or near_joints >= v.near_joints, min(margin, abs(d - v.eta))

    order, usable = order_of(pose_scores, scores, keypoints, boxes)
    return greedy(order, usable, image_index, eliminates)


def box_nms(boxes, scores, threshold, image_index=None) -> Result:
    usable = [
        np.isfinite(box).all() and not np.isnan(score)
        for box, score in zip(boxes, scores, strict=True)
    ]

    def eliminates(i, j):
        value = iou(boxes[i], boxes[j])
        return value > threshold, abs(value - threshold) or INFINITY

    return greedy(list(scores), usable, image_index, eliminates)


def iou(a, b):
    def area(x1, y1, x2, y2):
        return max(x2 - x1, 0.0) * max(y2 - y1, 0.0)

    shared = area(max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    union = area(*a) + area(*b) - shared
    return shared / union if union > 0 else 0.0
