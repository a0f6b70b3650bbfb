"""Layouts of checkpoints that other projects publish, one a file: state dict -> state dict.

Each module is called something (``TITLE``), says whether weights are of its layout (``matches``),
and gives them the names of our architectures (``convert``).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["LAYOUTS", "convert"]

# In the order in which they are tried; weights may be wrapped in several.
LAYOUTS = ("data_parallel", "princeton", "mmpose", "amdegroot", "lufficc", "mobile_hourglass")


def convert(
    weights: dict[str, torch.Tensor],
) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """Give weights of any of the `LAYOUTS` our names; others come back as they were.

    Returns
    -------
    weights : dict of str to Tensor
        Under our names.
    titles : tuple of str
        Of the layouts that they had.
    """
    titles = []
    for name in LAYOUTS:
        layout = importlib.import_module(f".{name}", __name__)
        if layout.matches(weights):
            weights = layout.convert(weights)
            titles.append(layout.TITLE)
    return weights, tuple(titles)
