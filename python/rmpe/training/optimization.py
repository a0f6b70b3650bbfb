"""The optimizer of a network, and the moving average of its weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from .config import Optimizer

__all__ = ["MovingAverage", "build_optimizer"]


def build_optimizer(config: Optimizer, network: nn.Module) -> torch.optim.Optimizer:
    """Build the optimizer; its learning rate is set before each step."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    if config.kind == "rmsprop":
        return torch.optim.RMSprop(groups, lr=0.0, alpha=0.99, eps=1e-8)
    return torch.optim.AdamW(groups, lr=0.0, fused=True)


class MovingAverage:
    """Exponential moving average of a network's weights and statistics.

    It follows quickly at the beginning: the share of the old value is
    ``min(decay, (1 + n) / (10 + n))`` at update n.

    Parameters
    ----------
    network : nn.Module
        What is averaged.
    decay : float
        Share of the old value; 0 gives the last weights themselves.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.updates = 0
        self._decay = decay
        self._theirs = self._floats(network)
        self._ours = self._floats(self.network)

    def update(self) -> None:
        """Take in the network's present values."""
        self.updates += 1
        decay = min(self._decay, (1 + self.updates) / (10 + self.updates))
        with torch.no_grad():
            torch._foreach_lerp_(self._ours, self._theirs, 1 - decay)

    @staticmethod
    def _floats(network: nn.Module) -> list[torch.Tensor]:
        # Counters of batches are whole numbers, which nothing reads here.
        return [v for v in network.state_dict().values() if v.is_floating_point()]
