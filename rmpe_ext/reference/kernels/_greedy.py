"""Greedy non-maximum suppression in pure PyTorch, for any similarity."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from ...return_types import NMSResult

__all__ = [
    "ImageGroups",
    "confidence",
    "finite_poses",
    "group_by_image",
    "over_pairs",
    "suppress",
]

_VALUES_AT_ONCE = 2**22  # bounds the memory of comparing all pairs


class ImageGroups(NamedTuple):
    """The items of a call, grouped: one row for each of I images, M columns for the fullest.

    Attributes
    ----------
    members : Tensor (I, M)
        int64: the indices of the items in order; 0 where an image has fewer.
    present : Tensor (I, M)
        bool: whether there is an item in this place.
    row, column : Tensor (N,)
        The place of each item.
    """

    members: torch.Tensor
    present: torch.Tensor
    row: torch.Tensor
    column: torch.Tensor


def group_by_image(order: torch.Tensor, image_index: torch.Tensor | None) -> ImageGroups:
    """Group N > 0 items by image; ``order`` (N,) lists their indices in order.

    With an ``image_index`` it synchronizes with a GPU, to count the images.
    """
    count, index = order.shape[0], torch.arange(order.shape[0], device=order.device)
    if image_index is None:
        row, sizes, images, fullest = torch.zeros_like(index), index.new_tensor([count]), 1, count
    else:
        _, row, sizes = torch.unique(image_index, return_inverse=True, return_counts=True)
        images, fullest = sizes.shape[0], int(sizes.max())
    order = order[row[order].argsort(stable=True)]
    column = torch.empty_like(index)
    column[order] = index - (sizes.cumsum(0) - sizes)[row[order]]
    members = index.new_zeros(images, fullest)
    members[row, column] = index
    present = torch.zeros_like(members, dtype=torch.bool)
    present[row, column] = True
    return ImageGroups(members, present, row, column)


def finite_poses(keypoints: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return whether all values of each pose are finite (N,)."""
    return torch.isfinite(keypoints).all(2).all(1) & torch.isfinite(scores).all(1)


def confidence(
    keypoints: torch.Tensor, scores: torch.Tensor, pose_scores: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the scores that order the poses (N,), and whether each is comparable (N,)."""
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
    """Return ``compare(i, peers[i])`` (N, M) for all rows of ``peers`` (N, M), in pieces."""
    count, columns = peers.shape
    rows = max(1, _VALUES_AT_ONCE // max(1, columns * values_per_pair))
    results = torch.empty(peers.shape, dtype=dtype, device=peers.device)
    for i in torch.split(torch.arange(count, device=peers.device), rows):
        results[i] = compare(i, peers[i])
    return results


def suppress(
    eliminates: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    scores: torch.Tensor,
    comparable: torch.Tensor,
    image_index: torch.Tensor | None,
    values_per_pair: int,
) -> NMSResult[torch.Tensor]:
    """Pick the best item of every image, drop what it eliminates, and go on with the next.

    One loop over ranks, up to that of the fullest image, serves all images at once.
    """
    if scores.shape[0] == 0:
        return NMSResult(comparable.clone(), comparable.long())
    # Comparable items first, then by score; the sort is stable, so lower indices lead.
    order = scores.argsort(descending=True, stable=True)
    order = order[(~comparable[order]).to(torch.uint8).argsort(stable=True)]
    members, present, row, column = group_by_image(order, image_index)

    eliminated = over_pairs(eliminates, members[row], values_per_pair, torch.bool)
    eliminated &= comparable[:, None] & (present & comparable[members])[row]
    alive = present.clone()
    suppressor = members.clone()
    for r in range(members.shape[1] - 1):
        picked = members[:, r]
        hits = eliminated[picked, r + 1 :] & alive[:, r + 1 :] & alive[:, r, None]
        alive[:, r + 1 :] &= ~hits
        suppressor[:, r + 1 :] = torch.where(hits, picked[:, None], suppressor[:, r + 1 :])
    return NMSResult(alive[row, column], suppressor[row, column])
