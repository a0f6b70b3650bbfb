"""Reading pairs of one-dimensional maps (N, K, W) and (N, K, H), two bins to a pixel."""

from __future__ import annotations

import numpy as np

__all__ = ["BASELINES"]


def numpy_argmax(x_maps, y_maps):
    x_maps, y_maps = x_maps.numpy(), y_maps.numpy()
    keypoints = np.stack([x_maps.argmax(2), y_maps.argmax(2)], 2).astype(np.float32)
    scores = np.minimum(x_maps.max(2), y_maps.max(2))
    keypoints[scores <= 0] = -1
    return keypoints / 2, scores


BASELINES = {"numpy argmax": numpy_argmax}
