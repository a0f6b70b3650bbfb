"""Decoding SimCC vectors into keypoints, in pure PyTorch."""

from __future__ import annotations

import torch

from .decode import first_maximum, swap, to_image

__all__ = ["decode_simcc_kernel"]


def decode_simcc_kernel(
    x_maps: torch.Tensor,
    y_maps: torch.Tensor,
    matrices: torch.Tensor | None,
    theta: torch.Tensor | None,
    flipped_x: torch.Tensor | None,
    flipped_y: torch.Tensor | None,
    swapped_joint: list[int] | None,
    score: str,
    split_ratio: float,
    align_corners: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The op ``decode_simcc``, for all joints of all people at once."""
    count, joints, width = x_maps.shape
    dtype = torch.promote_types(x_maps.dtype, torch.float32)
    x_maps, y_maps = x_maps.to(dtype), y_maps.to(dtype)
    if count == 0 or joints == 0:
        return x_maps.new_empty(count, joints, 2), x_maps.new_empty(count, joints)
    if flipped_x is not None and flipped_y is not None and swapped_joint is not None:
        x_maps = 0.5 * (x_maps + swap(flipped_x, swapped_joint).flip(2))
        y_maps = 0.5 * (y_maps + swap(flipped_y, swapped_joint))
    (x_value, x_bin), (y_value, y_bin) = (first_maximum(m.flatten(0, 1)) for m in (x_maps, y_maps))
    scores = _combine(x_value, y_value, score)[:, None]
    bins = torch.stack([x_bin, y_bin], 1).double()
    bins = torch.where(scores > 0, bins, -1.0)
    bins = torch.where(scores.isnan(), torch.nan, bins)
    points = (bins / split_ratio).view(count, joints, 2)
    size = y_maps.shape[2] / split_ratio, width / split_ratio
    points = to_image(points, matrices, theta, size, align_corners)
    return points.to(dtype), scores.view(count, joints)


def _combine(x_value: torch.Tensor, y_value: torch.Tensor, score: str) -> torch.Tensor:
    """Return the score of keypoints from the largest values along x and y; NaN where one is."""
    if score == "mean":
        return 0.5 * (x_value + y_value)
    return torch.minimum(x_value, y_value) if score == "min" else torch.maximum(x_value, y_value)
