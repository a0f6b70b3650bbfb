"""The mean position under the softmax of a heatmap, in pure PyTorch."""

from __future__ import annotations

import torch

__all__ = ["soft_argmax_backward_kernel", "soft_argmax_kernel"]


def soft_argmax_kernel(heatmaps: torch.Tensor, beta: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``soft_argmax``; PyTorch's autograd differentiates it any number of times.

    Return also ``partition`` (N, K, 2): each map's maximum ``m`` and its sum of
    ``exp(beta * (h - m))``, which is NaN where the keypoint is.
    """
    height, width = heatmaps.shape[2:]
    maps = heatmaps.to(torch.promote_types(heatmaps.dtype, torch.float32))
    maximum = maps.detach().amax((2, 3))
    usable = maximum.isfinite()[..., None, None]
    # A replaced map gets no gradient.
    relative = torch.where(usable, maps - maximum[..., None, None], 0.0)
    weights = torch.exp(beta * relative)
    columns, rows = weights.sum(2), weights.sum(3)
    total = rows.sum(2)
    x, y = (torch.arange(size, dtype=maps.dtype, device=maps.device) for size in (width, height))
    # No matrix products: autocast would compute them in 16 bits.
    keypoints = torch.stack([(columns * x).sum(2), (rows * y).sum(2)], 2) / total[..., None]
    partition = torch.stack([maximum, torch.where(usable[..., 0, 0], total, torch.nan)], 2)
    return torch.where(usable[..., 0], keypoints, torch.nan), partition


def soft_argmax_backward_kernel(
    grad: torch.Tensor,
    heatmaps: torch.Tensor,
    keypoints: torch.Tensor,
    partition: torch.Tensor,
    beta: float,
) -> torch.Tensor:
    """The op ``soft_argmax_backward``."""
    height, width = heatmaps.shape[2:]
    (maximum, total), (gx, gy), (mean_x, mean_y) = (
        pair[..., None, None].unbind(2) for pair in (partition, grad, keypoints)
    )
    x = torch.arange(width, dtype=grad.dtype, device=grad.device)
    y = torch.arange(height, dtype=grad.dtype, device=grad.device)[:, None]
    weights = torch.exp(beta * (heatmaps.to(grad.dtype) - maximum)) / total
    gradient = beta * weights * (gx * (x - mean_x) + gy * (y - mean_y))
    return torch.where(total.isnan(), 0.0, gradient).to(heatmaps.dtype)
