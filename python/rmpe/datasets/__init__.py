"""Data sets: files of annotations, and the images that they tell of, as a `Dataset`.

A format is a module with a function ``read(annotations, images) -> Dataset``, and a line in
`FORMATS`.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .dataset import Dataset

__all__ = ["FORMATS", "load_dataset"]

# The name of each format, which is that of its module, and what it is.
FORMATS = {"coco": "COCO keypoint annotations, JSON"}


def load_dataset(
    annotations: str | os.PathLike[str],
    images: str | os.PathLike[str] | None,
    *,
    format: str = "coco",
) -> Dataset:
    """Read annotations, and pair them with the files in a folder.

    Parameters
    ----------
    annotations : path
        The file.
    images : path or None
        The folder of the images. Those that are not there are left out, and counted. None keeps
        all images, without looking for them.
    format : str
        A key of `FORMATS`.

    Returns
    -------
    Dataset
        Complete in itself: nothing is read again.

    Raises
    ------
    DatasetError
        The file is not in that format, or none of its images is there. The message names the
        file, the entry with its id, the field, the rule, and what came.
    ValueError
        There is no such format.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    module = importlib.import_module(f".{format}", __name__)
    dataset: Dataset = module.read(Path(annotations), None if images is None else Path(images))
    return dataset
