"""Names of what detectors find, beyond the lists of `rmpe.detectors.classes`."""

from __future__ import annotations

__all__ = ["PERSON"]

# What detectors look for where nobody chooses.
PERSON = "person"
