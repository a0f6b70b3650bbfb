"""The mean position under a softmax of heatmaps (N, K, H, W)."""

from __future__ import annotations

import torch

__all__ = ["BASELINES"]


def softmax_and_grid(heatmaps, beta):
    height, width = heatmaps.shape[2:]
    weights = (beta * heatmaps).flatten(2).softmax(2).view(heatmaps.shape)
    x = (weights.sum(2) * torch.arange(width)).sum(2)
    y = (weights.sum(3) * torch.arange(height)).sum(2)
    return torch.stack([x, y], 2)


BASELINES = {"torch.softmax": softmax_and_grid}
