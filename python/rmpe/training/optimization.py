"""The optimizer of a network, and the moving average of its weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from .config import Optimizer
from .muon import MuonForConvolutions

__all__ = ["MovingAverage", "build_optimizer", "moments"]


def build_optimizer(
    config: Optimizer, network: nn.Module
) -> torch.optim.Optimizer | MuonForConvolutions:
    """Build the optimizer; its learning rate is set before each step."""
    if config.kind == "muon":
        return MuonForConvolutions(network, config.weight_decay)
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    if config.kind == "rmsprop":
        return torch.optim.RMSprop(groups, lr=0.0, alpha=0.99, eps=1e-8)
    return torch.optim.AdamW(groups, lr=0.0, fused=True)


def moments(config: Optimizer, parameter: torch.Tensor) -> dict[str, torch.Tensor]:
    """What the optimizer keeps of a parameter: names, and tensors of like shape and type."""
    count = torch.zeros(())
    if config.kind == "muon" and parameter.dim() > 1:
        return {"momentum_buffer": parameter}
    if config.kind == "rmsprop":
        return {"step": count, "square_avg": parameter}
    return {"step": count, "exp_avg": parameter, "exp_avg_sq": parameter}


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
            torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]
                self._ours, self._theirs, 1 - decay
            )

    @staticmethod
    def _floats(network: nn.Module) -> list[torch.Tensor]:
        # Counters of batches are whole numbers, which nothing reads here.
        return [v for v in network.state_dict().values() if v.is_floating_point()]
