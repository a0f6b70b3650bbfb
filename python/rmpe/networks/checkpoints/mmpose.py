"""Checkpoints of OpenMMLab's mmpose: a backbone and a head; ``hourglass52`` is known.

The head was called ``keypoint_head`` before version 1, and ``head`` since.
"""

from __future__ import annotations

import re

import torch

__all__ = ["TITLE", "convert", "matches"]

TITLE = "open-mmlab/mmpose, hourglass52"

_PREFIX = re.compile(r"^(backbone|keypoint_head|head)\.")


def matches(weights: dict[str, torch.Tensor]) -> bool:
    """Whether the backbone has hourglasses."""
    return any(name.startswith("backbone.hourglass_modules.") for name in weights)


def convert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take the names of the parts off.

    Examples
    --------
    >>> list(convert({"keypoint_head.multi_final_layers.0.bias": torch.zeros(17)}))
    ['multi_final_layers.0.bias']
    """
    return {_PREFIX.sub("", name): value for name, value in weights.items()}
