"""OKS NMS in float64, one pair at a time, as the method is written down."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from tests.oracles.greedy import INFINITY, Result, greedy, order_of


def oks(pose_i, area_i, pose_j, area_j, sigmas):
    area = (max(area_i, 0.0) + max(area_j, 0.0)) / 2 + np.spacing(1)
    terms = []
    for (xi, yi), (xj, yj), sigma in zip(pose_i, pose_j, sigmas, strict=True):
        d2 = (xi - xj) ** 2 + (yi - yj) ** 2
        terms.append(math.exp(-d2 / (2 * (2 * sigma) ** 2 * area)))
    return math.fsum(terms) / len(terms)


def oks_nms(
    keypoints, scores, areas, sigmas, threshold, image_index=None, pose_scores=None
) -> Result:
    def eliminates(i, j):
        value = oks(keypoints[i], areas[i], keypoints[j], areas[j], sigmas)
        # Poses that coincide have exactly 1.
        return value > threshold, abs(value - threshold) if value < 1 else INFINITY

    order, usable = order_of(pose_scores, scores, keypoints, areas)
    return greedy(order, usable, image_index, eliminates)


@dataclass
class SoftResult:
    """``margin``: the closest that two scores came between which a pick decided."""

    keep: list = field(default_factory=list)
    pose_scores: list = field(default_factory=list)
    rank: list = field(default_factory=list)
    margin: float = INFINITY


def soft_oks_nms(
    keypoints, scores, areas, sigmas, threshold, max_kept, image_index=None, pose_scores=None
) -> SoftResult:
    count = len(keypoints)
    order, usable = order_of(pose_scores, scores, keypoints, areas)
    usable = [ok and np.isfinite(score) for ok, score in zip(usable, order, strict=True)]
    if pose_scores is None:
        order = [float(np.mean(s)) for s in scores]
    result = SoftResult([False] * count, list(order), [-1] * count)
    current = result.pose_scores
    images = [0] * count if image_index is None else list(image_index)
    for image in sorted(set(images)):
        own = [i for i in range(count) if images[i] == image]
        left = [i for i in own if usable[i]]
        picks = []
        while left and len(picks) < max_kept:
            best, *others = sorted(left, key=lambda i: (-current[i], i))
            if others and current[best] != current[others[0]]:
                result.margin = min(result.margin, current[best] - current[others[0]])
            picks.append(best)
            left.remove(best)
            for j in left:
                similarity = oks(keypoints[best], areas[best], keypoints[j], areas[j], sigmas)
                current[j] *= math.exp(-(similarity**2) / threshold)
        picks += [i for i in own if not usable[i]][: max_kept - len(picks)]
        for rank, i in enumerate(picks):
            result.keep[i], result.rank[i] = True, rank
    return result
