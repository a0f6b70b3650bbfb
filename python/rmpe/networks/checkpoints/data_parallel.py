"""What ``torch.nn.DataParallel`` saves: every name starts with ``module.``.

The checkpoints of bearpaw/pytorch-pose are of this kind.
"""

from __future__ import annotations

import torch

__all__ = ["TITLE", "convert", "matches"]

TITLE = "torch.nn.DataParallel"

_PREFIX = "module."


def matches(weights: dict[str, torch.Tensor]) -> bool:
    """Whether every name has the prefix."""
    return bool(weights) and all(name.startswith(_PREFIX) for name in weights)


def convert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take the prefix off the names.

    Examples
    --------
    >>> list(convert({"module.conv1.bias": torch.zeros(1), "module.fc.bias": torch.zeros(1)}))
    ['conv1.bias', 'fc.bias']
    """
    return {name.removeprefix(_PREFIX): value for name, value in weights.items()}
