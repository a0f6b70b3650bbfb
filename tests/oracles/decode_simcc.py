"""SimCC decoding in float64, one joint at a time."""

import numpy as np

from .decode import partner, through_theta, to_image


def decode_simcc(
    x_maps,
    y_maps,
    *,
    score="min",
    split_ratio=2.0,
    matrices=None,
    flipped=None,
    flip_pairs=None,
    theta=None,
    align_corners=False,
):
    """``(keypoints (N, K, 2), scores (N, K))``, float64."""
    count, joints = np.shape(x_maps)[:2]
    keypoints, scores = np.empty((count, joints, 2)), np.empty((count, joints))
    for n in range(count):
        for k in range(joints):
            x_map, y_map = (np.asarray(maps[n][k], np.float64) for maps in (x_maps, y_maps))
            if flipped is not None:
                other = partner(k, flip_pairs)
                x_map = (x_map + np.asarray(flipped[0][n][other], np.float64)[::-1]) / 2
                y_map = (y_map + np.asarray(flipped[1][n][other], np.float64)) / 2
            if np.isnan(x_map).any() or np.isnan(y_map).any():
                point, value = np.full(2, np.nan), np.nan
            else:
                combine = {"min": min, "max": max, "mean": lambda x, y: (x + y) / 2}[score]
                value = combine(x_map.max(), y_map.max())
                bins = (np.argmax(x_map), np.argmax(y_map)) if value > 0 else (-1, -1)
                point = np.array(bins) / split_ratio
            if theta is not None:
                size = np.array([len(x_map), len(y_map)]) / split_ratio
                point = through_theta(theta[n], point, size, align_corners)
            if matrices is not None:
                point = to_image(matrices[n], point)
            keypoints[n, k], scores[n, k] = point, value
    return keypoints, scores
