"""The class that detectors look for where nobody chooses another."""

from __future__ import annotations

__all__ = ["PERSON"]

PERSON = "person"
