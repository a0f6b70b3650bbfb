"""OKS NMS, hard and soft, by op; each gives the kept poses, in order of their index."""

from __future__ import annotations

import numpy as np

from rmpe_ext.sigmas import COCO_SIGMAS

__all__ = ["MAX_KEPT", "BASELINES", "THRESHOLD"]

THRESHOLD, MAX_KEPT = 0.9, 20
VARIANCES = (2 * np.array(COCO_SIGMAS)) ** 2


def looped_oks(pose, others, area, areas):
    """OKS of one pose with others, in numpy, one of them after the other."""
    oks = np.empty(len(others))
    for i, other in enumerate(others):
        d2 = (other[:, 0] - pose[:, 0]) ** 2 + (other[:, 1] - pose[:, 1]) ** 2
        e = d2 / VARIANCES / ((area + areas[i]) / 2 + np.spacing(1)) / 2
        oks[i] = np.sum(np.exp(-e)) / len(e)
    return oks


def vectorized_oks(pose, others, area, areas):
    """The same with the others compared at once."""
    d2 = ((others - pose) ** 2).sum(2)
    e = d2 / VARIANCES / ((area + areas) / 2 + np.spacing(1))[:, None] / 2
    return np.exp(-e).mean(1)


def oks_nms(oks):
    def run(keypoints, scores, areas, image_index):
        keypoints, scores, areas = (a.numpy() for a in (keypoints, scores, areas))
        kept = []
        for image in np.unique(image_index.numpy()):
            left = np.flatnonzero(image_index.numpy() == image)
            left = left[np.argsort(-scores[left].mean(1), kind="stable")]
            while len(left):
                best, left = left[0], left[1:]
                kept.append(best)
                similarity = oks(keypoints[best], keypoints[left], areas[best], areas[left])
                left = left[similarity <= THRESHOLD]
        return sorted(kept)

    return run


def soft_oks_nms(oks):
    def run(keypoints, scores, areas, image_index):
        keypoints, scores, areas = (a.numpy() for a in (keypoints, scores, areas))
        kept = []
        for image in np.unique(image_index.numpy()):
            left = np.flatnonzero(image_index.numpy() == image)
            current = scores[left].mean(1)
            for _ in range(MAX_KEPT):
                if not len(left):
                    break
                order = np.argsort(-current, kind="stable")
                left, current = left[order], current[order]
                best, left, current = left[0], left[1:], current[1:]
                kept.append(best)
                similarity = oks(keypoints[best], keypoints[left], areas[best], areas[left])
                current = current * np.exp(-(similarity**2) / THRESHOLD)
        return sorted(kept)

    return run


BASELINES = {
    op: {
        "numpy loop over pairs": suppress(looped_oks),
        "numpy, one against the rest": suppress(vectorized_oks),
    }
    for op, suppress in (("oks_nms", oks_nms), ("soft_oks_nms", soft_oks_nms))
}
