"""The geometry of boxes ``x1, y1, x2, y2``."""

from __future__ import annotations

import torch

__all__ = ["box_sides"]


def box_sides(boxes: torch.Tensor) -> torch.Tensor:
    """Return width and height (N, 2); 0 where ``x2 <= x1`` or ``y2 <= y1``."""
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0)
