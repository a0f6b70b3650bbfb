"""Greedy suppression in pure PyTorch, for any similarity."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

__all__ = [
    "Grid",
    "confidence",
    "finite_poses",
    "grid_by_image",
    "over_pairs",
    "suppress",
]

_VALUES_AT_ONCE = 2**22  # bounds the memory of one step of a comparison of all pairs


class Grid(NamedTuple):
    """The items of a call, a row for each of I images, as wide as the fullest, M.

    Attributes
    ----------
    members : Tensor (I, M)
        int64, the items in order; 0 where an image has fewer.
    present : Tensor (I, M)
        bool: whether there is an item.
    row, column : Tensor (N,)
        Where each item is.
    """

    members: torch.Tensor
    present: torch.Tensor
    row: torch.Tensor
    column: torch.Tensor


def grid_by_image(order: torch.Tensor, image_index: torch.Tensor | None) -> Grid:
    """The items (N > 0) image by image; ``order`` (N,) lists them as they stand within an image.

    Given an ``image_index``, it waits for the device to know how many images there are.
    """
    count, own = order.shape[0], torch.arange(order.shape[0], device=order.device)
    if image_index is None:
        row, sizes, images, fullest = torch.zeros_like(own), own.new_tensor([count]), 1, count
    else:
        _, row, sizes = torch.unique(image_index, return_inverse=True, return_counts=True)
        images, fullest = sizes.shape[0], int(sizes.max())
    order = order[row[order].argsort(stable=True)]
    column = torch.empty_like(own)
    column[order] = own - (sizes.cumsum(0) - sizes)[row[order]]
    members = own.new_zeros(images, fullest)
    members[row, column] = own
    present = torch.zeros_like(members, dtype=torch.bool)
    present[row, column] = True
    return Grid(members, present, row, column)


def finite_poses(keypoints: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Whether all values of a pose are finite (N,)."""
    return torch.isfinite(keypoints).all(2).all(1) & torch.isfinite(scores).all(1)


def confidence(
    keypoints: torch.Tensor, scores: torch.Tensor, pose_scores: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """What orders the poses (N,), and whether they take part in the comparison (N,)."""
    comparable = finite_poses(keypoints, scores)
    if pose_scores is None:
        # In float64 a sum of floats is practically exact, so that equal poses tie.
        return scores.double().mean(1), comparable
    return pose_scores, comparable & ~torch.isnan(pose_scores)


def over_pairs(
    compare: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    peers: torch.Tensor,
    values_per_pair: int,
    dtype: torch.dtype,
) -> torch.Tensor:
    """``compare(i, peers[i])`` for all rows i of ``peers`` (N, M), some rows at a time: (N, M)."""
    count, columns = peers.shape
    rows = max(1, _VALUES_AT_ONCE // max(1, columns * values_per_pair))
    results = torch.empty(peers.shape, dtype=dtype, device=peers.device)
    for i in torch.arange(count, device=peers.device).split(rows):
        results[i] = compare(i, peers[i])
    return results


def suppress(
    eliminates: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    scores: torch.Tensor,
    comparable: torch.Tensor,
    image_index: torch.Tensor | None,
    values_per_pair: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pick the best item of every image, drop what it eliminates, and so on with the next.

    The loop runs over ranks, as long as the fullest image, for all images at once.
    """
    if scores.shape[0] == 0:
        return comparable.clone(), comparable.long()
    # The comparable ones, then by score; argsort is stable, so lower indices lead.
    order = scores.argsort(descending=True, stable=True)
    order = order[(~comparable[order]).to(torch.uint8).argsort(stable=True)]
    members, present, row, column = grid_by_image(order, image_index)

    eliminated = over_pairs(eliminates, members[row], values_per_pair, torch.bool)
    eliminated &= comparable[:, None] & (present & comparable[members])[row]
    alive = present.clone()
    suppressor = members.clone()
    for r in range(members.shape[1] - 1):
        picked = members[:, r]
        hits = eliminated[picked, r + 1 :] & alive[:, r + 1 :] & alive[:, r, None]
        alive[:, r + 1 :] &= ~hits
        suppressor[:, r + 1 :] = torch.where(hits, picked[:, None], suppressor[:, r + 1 :])
    return alive[row, column], suppressor[row, column]
