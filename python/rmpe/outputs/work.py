"""What a run is to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .labels import ImageLabel

__all__ = ["Work"]


@dataclass(frozen=True, slots=True)
class Work:
    """An image that is to be worked on.

    Attributes
    ----------
    path : Path
        Where to read it.
    label : ImageLabel
        What it is called in the results.
    has_record : bool
        Only its pictures are missing.
    place : int
        Among all images of the run, those that are done included.
    position : int
        Among those of its folder or video.
    """

    path: Path
    label: ImageLabel
    has_record: bool
    place: int
    position: int
