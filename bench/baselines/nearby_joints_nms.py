"""Nearby-joints NMS; it gives the kept poses, in order of their index."""

from __future__ import annotations

import numpy as np

__all__ = ["BASELINES"]


def numpy_pairs(keypoints, scores, image_index):
    """All pairs of an image at once, then pick and drop."""
    keypoints, scores = keypoints.numpy(), scores.numpy()
    kept = []
    for image in np.unique(image_index.numpy()):
        own = np.flatnonzero(image_index.numpy() == image)
        poses = keypoints[own]
        reach = 0.05 * np.linalg.norm(poses.max(1) - poses.min(1), axis=1)
        distance = np.linalg.norm(poses[:, None] - poses, axis=3)
        similar = (distance <= reach[:, None, None]).sum(2) > poses.shape[1] // 2
        alive = np.ones(len(own), bool)
        for i in np.argsort(-scores[own].mean(1), kind="stable"):
            if alive[i]:
                alive &= ~similar[i]
                kept.append(own[i])
    return sorted(kept)


BASELINES = {"numpy, all pairs": numpy_pairs}
