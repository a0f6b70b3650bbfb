"""Annotated images, whatever format the annotations came in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """Annotated images that are really there.

    Attributes
    ----------
    annotations : Path
        COCO keypoint annotations.
    image_ids : tuple of int
    paths : tuple of Path
        One for each id.
    boxes : tuple of arrays (M_i, 4)
        ``x1, y1, x2, y2`` of the people with at least one annotated joint, crowds left out.
    """

    annotations: Path
    image_ids: tuple[int, ...]
    paths: tuple[Path, ...]
    boxes: tuple[np.ndarray, ...]
