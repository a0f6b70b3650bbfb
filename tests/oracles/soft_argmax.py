"""The mean position under a softmax, in float64."""

import numpy as np


def soft_argmax(heatmaps, *, beta=1.0):
    """(N, K, 2), float64."""
    heatmaps = np.asarray(heatmaps, np.float64)
    height, width = heatmaps.shape[2:]
    with np.errstate(invalid="ignore"):
        weights = np.exp(beta * (heatmaps - heatmaps.max((2, 3), keepdims=True)))
        weights /= weights.sum((2, 3), keepdims=True)
        x = (weights * np.arange(width)).sum((2, 3))
        y = (weights * np.arange(height)[:, None]).sum((2, 3))
    return np.stack([x, y], 2)
