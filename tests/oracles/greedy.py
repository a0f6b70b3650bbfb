"""Pick the best, drop what it eliminates, and so on, as suppression is written down."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

INFINITY = math.inf


@dataclass
class Result:
    """``margin``: by how much the closest decision could move before it would change."""

    keep: list = field(default_factory=list)
    suppressor: list = field(default_factory=list)
    margin: float = INFINITY


def finite(*arrays):
    return all(np.isfinite(a).all() for a in arrays)


def order_of(pose_scores, scores, *values):
    """What orders the poses, and which of them take part."""
    usable = [finite(*pose) for pose in zip(scores, *values, strict=True)]
    if pose_scores is None:
        means = [math.fsum(s) / len(s) if ok else 0.0 for s, ok in zip(scores, usable, strict=True)]
        return means, usable
    known = [ok and not np.isnan(s) for ok, s in zip(usable, pose_scores, strict=True)]
    return list(pose_scores), known


def greedy(scores, usable, image_index, eliminates) -> Result:
    count = len(scores)
    result = Result([True] * count, list(range(count)))
    images = [0] * count if image_index is None else list(image_index)
    for image in sorted(set(images)):
        left = [i for i in range(count) if images[i] == image and usable[i]]
        while left:
            picked = max(left, key=lambda i: (scores[i], -i))
            left.remove(picked)
            for j in list(left):
                out, margin = eliminates(picked, j)
                result.margin = min(result.margin, margin)
                if out:
                    left.remove(j)
                    result.keep[j], result.suppressor[j] = False, picked
    return result
