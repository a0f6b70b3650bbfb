"""Data sets: files of annotations, and the images that they tell of, as a `Dataset`.

A format is a module with a function ``read(annotations, images) -> Dataset``, and a line in
`FORMATS`.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .dataset import Dataset

__all__ = ["FORMATS", "load_dataset"]

# The name of each format, which is that of its module, and what it is.
FORMATS = {"coco": "COCO keypoint annotations, JSON"}


def load_dataset(annotations: Path, images: Path, *, format: str = "coco") -> Dataset:
    """Read annotations, and pair them with the files in a folder.

    Parameters
    ----------
    annotations : Path
    images : Path
        The folder of the images.
    format : str
        A key of `FORMATS`.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there is no such format, ``annotations`` is not in it, or none of its images is there.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    dataset: Dataset = importlib.import_module(f".{format}", __name__).read(annotations, images)
    return dataset
