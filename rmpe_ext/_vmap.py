"""Rules for ``torch.vmap``; each op chooses one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["each_in_turn", "join_batch"]


def join_batch(op: Callable[..., Any], size: int, in_dims: tuple[Any, ...], *arguments: Any) -> Any:
    """Call once: the mapped dimension joins N, the first dimension of every tensor."""

    def fold(value: Any, dim: int | None) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        value = value.expand(size, *value.shape) if dim is None else value.movedim(dim, 0)
        return value.flatten(0, 1)

    def unfold(result: torch.Tensor) -> torch.Tensor:
        return result.view(size, result.shape[0] // size, *result.shape[1:])

    results = op(*map(fold, arguments, in_dims))
    return unfold(results) if isinstance(results, torch.Tensor) else tuple(map(unfold, results))


def each_in_turn(
    op: Callable[..., Any], size: int, in_dims: tuple[Any, ...], *arguments: Any
) -> Any:
    """Call for each element: for ops that compare all N with each other, or take a list."""

    def element(value: Any, dim: Any, i: int) -> Any:
        if isinstance(value, list):
            return [element(v, d, i) for v, d in zip(value, dim, strict=True)]
        return value if dim is None else value.select(dim, i)

    results = [op(*map(element, arguments, in_dims, [i] * len(arguments))) for i in range(size)]
    if isinstance(results[0], torch.Tensor):
        return torch.stack(results)
    return tuple(map(torch.stack, zip(*results, strict=True)))
