"""The matrices that map boxes onto crops, in pure PyTorch."""

from __future__ import annotations

import math

import torch

__all__ = ["crop_matrices_kernel"]


def crop_matrices_kernel(
    boxes: torch.Tensor,
    rotation: torch.Tensor | None,
    height: int,
    width: int,
    padding: float,
    center_shift: float,
    grid: str,
) -> torch.Tensor:
    """The op ``crop_matrices``."""
    x1, y1, x2, y2 = boxes.double().unbind(1)
    cx, cy, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    has_area = ~((w <= 0) | (h <= 0))
    w, h = torch.where(has_area, w, 0.0), torch.where(has_area, h, 0.0)
    wide = w * height > h * width
    w, h = torch.where(wide, w, h * width / height), torch.where(wide, w * height / width, h)
    cy = cy + center_shift * h
    shortened, before_center = grid == "align_corners", grid != "asymmetric"
    sx = (width - shortened) / (w * (1 + padding))
    sy = (height - shortened) / (h * (1 + padding))
    radians = torch.zeros_like(cx) if rotation is None else rotation.double() * (math.pi / 180)
    cos, sin = radians.cos(), radians.sin()
    xx, xy, yx, yy = sx * cos, sx * sin, 0 - sy * sin, sy * cos
    tx = (width - before_center) / 2 - (xx * cx + xy * cy)
    ty = (height - before_center) / 2 - (yx * cx + yy * cy)
    return torch.stack([xx, xy, tx, yx, yy, ty], dim=1).view(-1, 2, 3).to(boxes.dtype)
