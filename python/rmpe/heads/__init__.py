"""Heads: how the outputs of a pose network become keypoints, one kind a file.

A card names its head, and holds the head's own parameters in a table of the same name.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .head import Head

__all__ = ["HEADS", "head_class"]

# Name in a card -> module and class, imported when a card names it.
HEADS = {
    "heatmap": ("heatmap", "HeatmapHead"),
    "movenet": ("movenet", "MoveNetHead"),
    "simcc": ("simcc", "SimCCHead"),
}


def head_class(name: str) -> type[Head]:
    """Import the class that one of `HEADS` names.

    Examples
    --------
    >>> head_class("simcc").__name__
    'SimCCHead'
    """
    module, cls = HEADS[name]
    found: type[Head] = getattr(importlib.import_module(f".{module}", __name__), cls)
    return found
