"""NMS of boxes by IoU, in pure PyTorch."""

from __future__ import annotations

import torch

from ...return_types import NMSResult
from ._boxes import box_sides
from ._greedy import suppress

__all__ = ["box_nms_kernel"]


def box_nms_kernel(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    threshold: float,
    image_index: torch.Tensor | None,
) -> NMSResult[torch.Tensor]:
    """The op ``box_nms``."""
    areas = box_sides(boxes).prod(1)

    def eliminates(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        a, b = boxes[i, None], boxes[j]
        low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
        intersection = (high - low).clamp(min=0).prod(2)
        # Two boxes without area give 0 / 0, NaN, which is above no threshold.
        return intersection / (areas[i, None] + areas[j] - intersection) > threshold

    comparable = torch.isfinite(boxes).all(1) & ~torch.isnan(scores)
    return suppress(eliminates, scores, comparable, image_index, 4)
