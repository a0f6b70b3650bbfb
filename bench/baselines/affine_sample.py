"""Sampling through affine maps."""

from __future__ import annotations

import torch.nn.functional as F

__all__ = ["BASELINES"]


def affine_grid_and_sample(input, theta, size, *, padding_mode="zeros"):
    grid = F.affine_grid(theta, (*input.shape[:2], *size), align_corners=False)
    return F.grid_sample(input, grid, padding_mode=padding_mode, align_corners=False)


BASELINES = {"F.affine_grid and F.grid_sample": affine_grid_and_sample}
