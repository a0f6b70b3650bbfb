"""The names of the classes that boxes are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rmpe_ext.validation.checks import show

from .listing import listed

__all__ = ["PERSON", "check_class_index", "check_classes"]

# What detectors look for where nobody chooses another.
PERSON = "person"


def check_classes(classes: Any, indexed: bool) -> None:
    """Raise TypeError or ValueError unless these are names, and indexed where there are several."""
    if not isinstance(classes, (tuple, list)) or not all(isinstance(name, str) for name in classes):
        raise TypeError(f"classes must be a tuple of names, got {show(classes)}")
    if indexed == (len(classes) == 1):
        raise ValueError(
            "class_index must be given where there are several classes, and only there, got "
            f"{'some' if indexed else 'none'} for {listed(classes)}"
        )


def check_class_index(indices: Iterable[int], classes: Sequence[str]) -> None:
    """Raise ValueError unless indices point at classes."""
    for index in indices:
        if not 0 <= index < len(classes):
            raise ValueError(
                f"class_index must be in 0..{len(classes) - 1}, as there are "
                f"{len(classes)} classes, got {index}"
            )
