"""Nearby-joints NMS in float64, one pair at a time, as the method is written down."""

from __future__ import annotations

import math

import numpy as np

from tests.oracles.greedy import INFINITY, Result, greedy, order_of


def nearby_joints_nms(
    keypoints, scores, distance, max_near, image_index=None, pose_scores=None
) -> Result:
    def eliminates(i, j):
        reach = distance * math.hypot(*(np.max(keypoints[i], 0) - np.min(keypoints[i], 0)))
        lengths = [math.dist(a, b) for a, b in zip(keypoints[i], keypoints[j], strict=True)]
        margin = min((abs(length - reach) for length in lengths if length > 0), default=INFINITY)
        return sum(length <= reach for length in lengths) > max_near, margin

    order, usable = order_of(pose_scores, scores, keypoints)
    return greedy(order, usable, image_index, eliminates)
