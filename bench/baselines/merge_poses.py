"""Merging the poses that pose NMS removed into those it kept, by the ``alphapose`` preset."""

from __future__ import annotations

import numpy as np

__all__ = ["BASELINES"]


def numpy_merge(keypoints, scores, boxes, suppressor):
    """The kept poses one after the other, the joints of each at once."""
    poses, boxes, suppressor = keypoints.numpy(), boxes.numpy(), suppressor.numpy()
    weights = np.where(scores.numpy() == 0, 1e-5, scores.numpy())
    merged, merged_scores, kept = poses.copy(), scores.numpy().copy(), []
    for i in np.flatnonzero(suppressor == np.arange(len(poses))):
        members = np.flatnonzero(suppressor == i)
        reach = min(0.1 * (boxes[i, 2:] - boxes[i, :2]).max(), 15.0)
        near = np.linalg.norm(poses[members] - poses[i], axis=2) <= reach
        weight = np.where(near, weights[members], 0)
        total = weight.sum(0)
        merged[i] = (weight[..., None] * poses[members]).sum(0) / total[:, None]
        merged_scores[i] = (weight**2).sum(0) / total
        if scores[i].max() >= 0.3 and merged_scores[i].max() >= 0.3:
            kept.append(i)
    return merged, merged_scores, kept


BASELINES = {"numpy, a kept pose at a time": numpy_merge}
