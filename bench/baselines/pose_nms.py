"""Pose NMS with the ``alphapose`` preset; each gives the kept poses, in order of their index."""

from __future__ import annotations

import torch

from rmpe_ext.presets import PRESETS

__all__ = ["BASELINES"]

P = PRESETS["alphapose"]


def torch_loop(keypoints, scores, boxes, image_index):
    """As it is mostly written: pick the best, compare it with the rest one by one."""
    kept = []
    means = scores.mean(1)
    for image in image_index.unique():
        left = (image_index == image).nonzero()[:, 0].tolist()
        while left:
            best = max(left, key=lambda i: means[i].item())
            kept.append(best)
            left.remove(best)
            x1, y1, x2, y2 = boxes[best].tolist()
            near = min(P.near_box * max(x2 - x1, y2 - y1), P.near_radius)
            survivors = []
            for other in left:
                distance = (keypoints[other] - keypoints[best]).norm(dim=1)
                weight = torch.tanh(scores[best] / P.sigma1) * torch.tanh(scores[other] / P.sigma1)
                d = (
                    weight[distance <= P.match_radius].sum()
                    + P.lam * torch.exp(-distance / P.sigma2).sum()
                )
                if d <= P.eta and (distance <= near).sum() < P.near_joints:
                    survivors.append(other)
            left = survivors
    return sorted(kept)


def torch_vectorized(keypoints, scores, boxes, image_index):
    """The same with the rest compared at once, one call of PyTorch for each term."""
    kept = []
    for image in image_index.unique():
        left = (image_index == image).nonzero()[:, 0]
        left = left[scores[left].mean(1).argsort(descending=True)]
        while len(left):
            best, left = left[0], left[1:]
            kept.append(best.item())
            box = boxes[best]
            near = torch.clamp(P.near_box * (box[2:] - box[:2]).max(), max=P.near_radius)
            distance = (keypoints[left] - keypoints[best]).norm(dim=2)
            weight = torch.tanh(scores[best] / P.sigma1) * torch.tanh(scores[left] / P.sigma1)
            d = (weight * (distance <= P.match_radius)).sum(1)
            d = d + P.lam * torch.exp(-distance / P.sigma2).sum(1)
            left = left[(d <= P.eta) & ((distance <= near).sum(1) < P.near_joints)]
    return sorted(kept)


BASELINES = {
    "PyTorch loop over pairs": torch_loop,
    "PyTorch, one against the rest": torch_vectorized,
}
