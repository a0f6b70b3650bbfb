"""Heads: how the outputs of a pose network become keypoints, one kind a file.

A card names its head, and holds the head's own parameters in a table of the same name.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ..plugins import added_names, load_added

if TYPE_CHECKING:
    from .head import Head

__all__ = ["HEADS", "head_class", "head_names"]

_GROUP = "rmpe.heads"

# Name in a card -> module and class, imported when a card names it.
HEADS = {
    "heatmap": ("heatmap", "HeatmapHead"),
    "movenet": ("movenet", "MoveNetHead"),
    "points": ("points", "PointsHead"),
    "simcc": ("simcc", "SimCCHead"),
}


def head_names() -> tuple[str, ...]:
    """Name the heads that a card may name: `HEADS`, and those that other packages add."""
    return (*HEADS, *added_names(_GROUP))


def head_class(name: str) -> type[Head]:
    """Import the class that one of `head_names` names.

    Examples
    --------
    >>> head_class("simcc").__name__
    'SimCCHead'
    """
    if name not in HEADS:
        added: type[Head] = load_added(_GROUP, name)
        return added
    module, cls = HEADS[name]
    found: type[Head] = getattr(importlib.import_module(f".{module}", __name__), cls)
    return found
