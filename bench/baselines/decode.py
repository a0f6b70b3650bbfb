"""Reading heatmaps: each takes ``heatmaps`` (N, K, H, W) and ``matrices`` (N, 2, 3).

``BASELINES`` names those that give the keypoints in the image, by convention; ``READ`` what only
reads the heatmaps: the least that any decoder does.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

__all__ = ["READ", "BASELINES"]


def peaks(person):
    """The argmax of each of a person's maps (K, H, W), and its value."""
    joints, height, width = person.shape
    flat = person.reshape(joints, -1)
    index, scores = flat.argmax(1), flat.max(1)
    keypoints = np.stack([index % width, index // width], 1).astype(np.float32)
    return keypoints * (scores > 0)[:, None], scores


def to_image(keypoints, matrix):
    """Crop pixels to image pixels."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    return keypoints @ inverse[:2, :2].T + inverse[:2, 2]


def quarter_loop(heatmaps, matrices):
    """A person after the other: argmax, then the quarter shift joint by joint."""
    heatmaps, matrices = heatmaps.numpy(), matrices.numpy()
    height, width = heatmaps.shape[2:]
    results = []
    for person, matrix in zip(heatmaps, matrices, strict=True):
        keypoints, _ = peaks(person)
        for heatmap, keypoint in zip(person, keypoints, strict=True):
            x, y = keypoint.astype(int)
            if 1 < x < width - 1 and 1 < y < height - 1:
                keypoint += 0.25 * np.sign(
                    [heatmap[y, x + 1] - heatmap[y, x - 1], heatmap[y + 1, x] - heatmap[y - 1, x]]
                )
        results.append(to_image(4 * keypoints, matrix))
    return np.stack(results)


def quarter_torch(heatmaps, matrices):
    """All persons at once in PyTorch: max, gather, sign."""
    height, width = heatmaps.shape[2:]
    flat = heatmaps.flatten(2)
    scores, index = flat.max(2)
    x, y = index % width, index // width

    def at(dx, dy):
        beside = (y + dy).clamp(0, height - 1) * width + (x + dx).clamp(0, width - 1)
        return flat.gather(2, beside[..., None])[..., 0]

    inside = (x > 1) & (x < width - 1) & (y > 1) & (y < height - 1)
    step = torch.stack([at(1, 0) - at(-1, 0), at(0, 1) - at(0, -1)], 2).sign()
    keypoints = torch.stack([x, y], 2) * (scores > 0)[..., None]
    keypoints = 4 * (keypoints + 0.25 * step * inside[..., None])
    inverse = torch.linalg.inv(matrices[:, :, :2])
    return (keypoints - matrices[:, None, :, 2]) @ inverse.mT


def blurred(heatmap):
    """A map behind a Gaussian of 11 pixels, zeros outside, rescaled to its old maximum."""
    wide = cv2.GaussianBlur(np.pad(heatmap, 5), (11, 11), 0)[5:-5, 5:-5]
    return wide * (heatmap.max() / wide.max())


def dark_loop(heatmaps, matrices):
    """A person after the other: argmax, then blur, logarithm and Newton step joint by joint."""
    heatmaps, matrices = heatmaps.numpy(), matrices.numpy()
    height, width = heatmaps.shape[2:]
    results = []
    for person, matrix in zip(heatmaps, matrices, strict=True):
        keypoints, _ = peaks(person)
        for heatmap, keypoint in zip(person, keypoints, strict=True):
            h = np.log(np.maximum(blurred(heatmap), 1e-10))
            x, y = keypoint.astype(int)
            if 1 < x < width - 2 and 1 < y < height - 2:
                gradient = 0.5 * np.array([h[y, x + 1] - h[y, x - 1], h[y + 1, x] - h[y - 1, x]])
                dxx = 0.25 * (h[y, x + 2] - 2 * h[y, x] + h[y, x - 2])
                dyy = 0.25 * (h[y + 2, x] - 2 * h[y, x] + h[y - 2, x])
                corners = h[y + 1, x + 1] - h[y - 1, x + 1] - h[y + 1, x - 1] + h[y - 1, x - 1]
                hessian = np.array([[dxx, 0.25 * corners], [0.25 * corners, dyy]])
                if dxx * dyy - hessian[0, 1] ** 2 != 0:
                    keypoint -= np.linalg.inv(hessian) @ gradient
        results.append(to_image(4 * keypoints, matrix))
    return np.stack(results)


def dark_udp_loop(heatmaps, matrices):
    """A person after the other: each map blurred, then the steps of all its joints at once."""
    heatmaps, matrices = heatmaps.numpy(), matrices.numpy()
    height, width = heatmaps.shape[2:]
    gain = (np.array([4 * width, 4 * height]) - 1) / (np.array([width, height]) - 1)
    results = []
    for person, matrix in zip(heatmaps, matrices, strict=True):
        keypoints, _ = peaks(person)
        log = np.log(np.stack([blurred(heatmap) for heatmap in person]).clip(1e-3, 50))
        log = np.pad(log, ((0, 0), (1, 1), (1, 1)), mode="edge")
        joint, x, y = np.arange(len(person)), *keypoints.astype(int).T

        def h(dx, dy, log=log, joint=joint, x=x, y=y):
            return log[joint, y + dy + 1, x + dx + 1]

        gradient = np.stack([h(1, 0) - h(-1, 0), h(0, 1) - h(0, -1)], 1) / 2
        dxx = h(1, 0) - 2 * h(0, 0) + h(-1, 0)
        dyy = h(0, 1) - 2 * h(0, 0) + h(0, -1)
        dxy = h(1, 1) - h(1, 0) - h(0, 1) + 2 * h(0, 0) - h(-1, 0) - h(0, -1) + h(-1, -1)
        hessian = np.stack([dxx, dxy / 2, dxy / 2, dyy], 1).reshape(-1, 2, 2)
        hessian += np.finfo(np.float32).eps * np.eye(2)
        keypoints -= np.linalg.solve(hessian, gradient[..., None])[..., 0]
        results.append(to_image(gain * keypoints, matrix))
    return np.stack(results)


def numpy_argmax(heatmaps, matrices):
    heatmaps.numpy().reshape(*heatmaps.shape[:2], -1).argmax(2)


def read_once(heatmaps, matrices):
    heatmaps.sum()


BASELINES = {
    "hrnet": {"numpy, a person at a time": quarter_loop, "torch max, gather, sign": quarter_torch},
    "dark": {"numpy, a person at a time": dark_loop},
    "dark_udp": {"numpy, a person at a time": dark_udp_loop},
}
READ = {"numpy.argmax alone": numpy_argmax, "torch.sum alone": read_once}
