"""Merging poses in float64, one joint at a time, as the method is written down."""

from __future__ import annotations

import math

import numpy as np

from tests.oracles.greedy import INFINITY


def merge_poses(
    keypoints, scores, boxes, suppressor, box=0.1, radius=15.0, min_score=0.3, zero_score=1e-5
):
    """``(keypoints, scores, keep, margin)``."""
    count, joints = np.shape(scores)
    merged, merged_scores = np.array(keypoints), np.array(scores)
    keep, margin = [False] * count, INFINITY
    for i in range(count):
        if suppressor[i] != i:
            continue
        width, height = (max(boxes[i][2 + s] - boxes[i][s], 0.0) for s in (0, 1))
        reach = min(box * max(width, height), radius)
        for n in range(joints):
            members = []
            for j in range(count):
                length = math.dist(keypoints[i][n], keypoints[j][n])
                if suppressor[j] != i or not math.isfinite(length + scores[j][n]):
                    continue
                if length > 0:
                    margin = min(margin, abs(length - reach))
                if length <= reach:
                    members.append((max(scores[j][n], 0.0) or zero_score, *keypoints[j][n]))
            if members and math.isfinite(scores[i][n]):
                total = math.fsum(s for s, _, _ in members)
                merged[i, n, 0] = math.fsum(s * x for s, x, _ in members) / total
                merged[i, n, 1] = math.fsum(s * y for s, _, y in members) / total
                merged_scores[i, n] = math.fsum(s * s for s, _, _ in members) / total
        bests = [
            max((s for s in row if not math.isnan(s)), default=-INFINITY)
            for row in (scores[i], merged_scores[i])
        ]
        margin = min(margin, *(abs(best - min_score) for best in bests))
        keep[i] = min(bests) >= min_score
    return merged, merged_scores, keep, margin
