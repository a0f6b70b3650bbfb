"""Heatmaps that the network has to give, and how far it is from them."""

from __future__ import annotations

import math

import torch

__all__ = ["heatmap_loss", "render_heatmaps"]


def render_heatmaps(
    keypoints: torch.Tensor, labeled: torch.Tensor, size: tuple[int, int], sigma: float
) -> torch.Tensor:
    """A Gaussian of height 1 at each joint.

    ``exp(-((x - u)^2 + (y - v)^2) / (2 sigma^2))`` is the product of two vectors, so that a map
    costs two of them and one multiplication a pixel. A joint outside the map leaves it all but
    blank, as the paper wants it; so does one that is not labeled, and `heatmap_loss` passes over
    it.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``u, v`` in heatmap pixels, centers at integers.
    labeled : Tensor (N, K)
        bool.
    size : (int, int)
        Height and width of the maps.
    sigma : float
        In heatmap pixels.

    Returns
    -------
    Tensor (N, K, h, w)

    Examples
    --------
    >>> maps = render_heatmaps(torch.tensor([[[2.0, 1.0]]]), torch.tensor([[True]]), (3, 4), 1.0)
    >>> maps[0, 0, 1]
    tensor([0.1353, 0.6065, 1.0000, 0.6065])
    """
    height, width = size
    factor = -0.5 / sigma**2
    x = torch.arange(width, dtype=keypoints.dtype) - keypoints[..., 0:1]
    y = torch.arange(height, dtype=keypoints.dtype) - keypoints[..., 1:2]
    rows = (y.square() * factor).exp() * labeled[..., None]
    columns = (x.square() * factor).exp()
    return rows[..., :, None] * columns[..., None, :]


def heatmap_loss(
    heatmaps: torch.Tensor, target: torch.Tensor, labeled: torch.Tensor, sigma: float
) -> torch.Tensor:
    """Squared error over the labeled joints and all stacks, summed.

    In units of the energy of one target map, ``pi sigma^2``: blank maps cost 1 a joint and stack.

    Parameters
    ----------
    heatmaps : Tensor (N, S, K, h, w)
        Of each stack.
    target : Tensor (N, K, h, w)
    labeled : Tensor (N, K)
        bool.
    sigma : float
        Of the target, in heatmap pixels.

    Returns
    -------
    Tensor ()
        To be divided by the number of labeled joints in the whole batch.
    """
    error = (heatmaps.float() - target[:, None]).square().sum((3, 4))
    return (error * labeled[:, None]).sum() / (math.pi * sigma**2)
