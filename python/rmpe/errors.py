"""Errors that more than one part of the package raises."""

from __future__ import annotations

from typing import Any

from rmpe_ext.validation.checks import show

__all__ = ["ModelError", "check_kind"]


class ModelError(ValueError):
    """A model card, or a file that it names, cannot be used; the message says why."""


def check_kind(name: str, value: Any, kind: type) -> None:
    """Raise TypeError unless an argument is of a class.

    Examples
    --------
    >>> check_kind("error", "gone", ValueError)
    Traceback (most recent call last):
    TypeError: error must be a ValueError, got 'gone'
    """
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise TypeError(f"{name} must be {article} {kind.__name__}, got {show(value)}")
