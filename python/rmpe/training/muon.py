"""Muon, for networks of convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

__all__ = ["MuonForConvolutions"]


class MuonForConvolutions:
    """Muon for the weights of convolutions and linear layers, AdamW for norms and biases.

    Muon (Jordan and others, 2024, https://kellerjordan.github.io/posts/muon) takes a step of equal
    size in all directions of a matrix: the momentum's singular values are brought near 1. A
    convolution's weight is the matrix of outputs by ``inputs * height * width``. Steps are scaled
    to AdamW's size (``match_rms_adamw``), so that one learning rate serves both.

    `torch.optim.Muon` does the work; it knows matrices alone. These share their memory with the
    network's weights. Used as an optimizer is: the learning rate is set in ``param_groups``.

    Parameters
    ----------
    network : nn.Module
        Its weights keep their memory as long as this is used.
    weight_decay : float
        Of the matrices.

    Examples
    --------
    >>> layer = nn.Conv2d(3, 4, 2)
    >>> before = layer.weight.detach().clone()
    >>> optimizer = MuonForConvolutions(layer, weight_decay=0.0)
    >>> for group in optimizer.param_groups:
    ...     group["lr"] = 0.1
    >>> layer(torch.rand(1, 3, 5, 5)).sum().backward()
    >>> optimizer.step()
    >>> bool((layer.weight != before).any())
    True
    """

    def __init__(self, network: nn.Module, weight_decay: float) -> None:
        parameters = [p for p in network.parameters() if p.requires_grad]
        self._weights = [p for p in parameters if p.dim() > 1]
        self._others = [p for p in parameters if p.dim() <= 1]
        self._matrices = [nn.Parameter(_matrix(p.detach(), _order(p))) for p in self._weights]
        self._parts: Sequence[torch.optim.Optimizer] = (
            torch.optim.Muon(
                self._matrices, lr=0.0, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
            ),
            torch.optim.AdamW(self._others, lr=0.0, weight_decay=0.0, fused=True),
        )

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Of the matrices, and of the rest."""
        return [group for part in self._parts for group in part.param_groups]

    def step(self) -> None:
        """Take a step along the gradients that the network has."""
        for weight, matrix in zip(self._weights, self._matrices, strict=True):
            grad = weight.grad
            matrix.grad = None if grad is None else _matrix(grad, _order(weight))
        for part in self._parts:
            part.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in (*self._weights, *self._others, *self._matrices):
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """What is known of each parameter, numbered through ``param_groups``, under ``state``."""
        first = len(self._matrices)
        matrices, others = (part.state_dict()["state"] for part in self._parts)
        return {
            "state": {**matrices, **{first + number: known for number, known in others.items()}}
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what is known of each parameter; settings stay."""
        first, known = len(self._matrices), state["state"]
        split = (
            {number: v for number, v in known.items() if number < first},
            {number - first: v for number, v in known.items() if number >= first},
        )
        for part, theirs in zip(self._parts, split, strict=True):
            part.load_state_dict({**part.state_dict(), "state": theirs})


def _order(weight: torch.Tensor) -> list[int]:
    """The axes as they lie in memory, the outputs first."""
    strides = weight.stride()
    return [0, *sorted(range(1, weight.dim()), key=lambda axis: -strides[axis])]


def _matrix(weight: torch.Tensor, order: list[int]) -> torch.Tensor:
    """(outputs, the rest), of the same memory where the axes lie in this order."""
    return weight.permute(order).flatten(1)
