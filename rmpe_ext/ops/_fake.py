"""Fake kernels that several ops share."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["fake_decode", "fake_nms"]


def fake_decode(maps: torch.Tensor, *others: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Fake kernel of an op from maps (N, K, ...) to keypoints (N, K, 2) and scores (N, K)."""
    count, joints = maps.shape[:2]
    dtype = torch.promote_types(maps.dtype, torch.float32)
    return (
        maps.new_empty((count, joints, 2), dtype=dtype),
        maps.new_empty((count, joints), dtype=dtype),
    )


def fake_nms(items: torch.Tensor, *others: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Fake kernel of a suppression of N items."""
    count = items.shape[0]
    return (
        items.new_empty((count,), dtype=torch.bool),
        items.new_empty((count,), dtype=torch.int64),
    )
