"""The mean position under the softmax of a heatmap, in pure PyTorch."""

from __future__ import annotations

import torch

from ..arguments import tensors
from ..arguments.soft_argmax import soft_argmax_arguments

__all__ = ["soft_argmax", "soft_argmax_backward_kernel", "soft_argmax_kernel"]


def soft_argmax(heatmaps: torch.Tensor, *, beta: float = 1.0) -> torch.Tensor:
    """The reference of :func:`rmpe_ext.soft_argmax`: same arguments, same results."""
    return soft_argmax_kernel(*soft_argmax_arguments(tensors, heatmaps, beta))[0]


def soft_argmax_kernel(heatmaps: torch.Tensor, beta: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``soft_argmax``, by PyTorch's own autograd differentiable any number of times.

    Also returns, as ``partition`` (N, K, 2), each map's maximum ``m`` and its total of
    ``exp(beta * (h - m))``, NaN where there is no answer.
    """
    height, width = heatmaps.shape[2:]
    maps = heatmaps.to(torch.promote_types(heatmaps.dtype, torch.float32))
    maximum = maps.detach().amax((2, 3))
    usable = maximum.isfinite()[..., None, None]
    # Nothing flows back through a map that is replaced.
    relative = torch.where(usable, maps - maximum[..., None, None], 0.0)
    weights = torch.exp(beta * relative)
    columns, rows = weights.sum(2), weights.sum(3)
    total = rows.sum(2)
    x, y = (torch.arange(size, dtype=maps.dtype, device=maps.device) for size in (width, height))
    # Not as matrix products, which autocast would lower to 16 bits.
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
