"""Errors that more than one part of the package raises."""

from __future__ import annotations

__all__ = ["ModelError"]


class ModelError(ValueError):
    """A model card, or a file that it names, cannot be used; the message says why."""
