"""Detectors: what the outputs of a network say about where people are, one kind a file.

A card may name its kind, ``detector = "ssd"``; without the key it is an SSD.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ..plugins import added_names, load_added

if TYPE_CHECKING:
    from .detector import DetectorKind

__all__ = ["DETECTORS", "detector_class", "detector_names"]

_GROUP = "rmpe.detectors"

# Name in a card -> module and class, imported when a card is of that kind.
DETECTORS = {
    "decoded": ("decoded", "Decoded"),
    "end_to_end": ("end_to_end", "EndToEnd"),
    "ssd": ("ssd", "SSD"),
    "yolox": ("yolox", "YOLOX"),
}


def detector_names() -> tuple[str, ...]:
    """Name the kinds that a card may name: `DETECTORS`, and those that other packages add."""
    return (*DETECTORS, *added_names(_GROUP))


def detector_class(name: str) -> type[DetectorKind]:
    """Import the class that one of `detector_names` names.

    Examples
    --------
    >>> detector_class("ssd").__name__
    'SSD'
    """
    if name not in DETECTORS:
        added: type[DetectorKind] = load_added(_GROUP, name)
        return added
    module, cls = DETECTORS[name]
    found: type[DetectorKind] = getattr(importlib.import_module(f".{module}", __name__), cls)
    return found
