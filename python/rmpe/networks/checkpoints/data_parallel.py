"""What ``torch.nn.DataParallel`` saves: every name starts with ``module.``.

The checkpoints of bearpaw/pytorch-pose are of this kind.
"""

from __future__ import annotations

import torch

__all__ = ["convert"]

_PREFIX = "module."


def convert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take the prefix off the names; a state dict without it comes back as it was.

    Examples
    --------
    >>> list(convert({"module.conv1.bias": torch.zeros(1), "fc.bias": torch.zeros(1)}))
    ['conv1.bias', 'fc.bias']
    """
    return {name.removeprefix(_PREFIX): value for name, value in weights.items()}
