"""Data sets: files of annotations, and the images that they tell of, as a `Dataset`.

A format is a module of its name with a function ``read(annotations, images) -> Dataset``, which
takes a ``split`` as well where one file holds several, and a line in `FORMATS`.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmpe_ext.validation.checks import show

from ..arguments import as_path, check_name

if TYPE_CHECKING:
    from .dataset import Dataset

__all__ = ["FORMATS", "Format", "load_dataset"]


@dataclass(frozen=True)
class Format:
    """What a format of annotations is, in a line, and the splits that one file holds."""

    summary: str
    splits: tuple[str, ...] = ()


FORMATS = {
    "coco": Format("COCO keypoint annotations, JSON"),
    "mpii": Format("MPII Human Pose, mpii_annotations.json", splits=("train", "validation")),
}


def load_dataset(
    annotations: str | os.PathLike[str],
    images: str | os.PathLike[str] | None,
    *,
    format: str = "coco",
    split: str | None = None,
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
    split : str or None
        One of the format's splits; None for the whole file.

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
        There is no such format, or it has no such split.
    """
    check_name("format", format, FORMATS)
    splits = FORMATS[format].splits
    if split is not None and split not in splits:
        raise ValueError(
            f"split of {format} must be {' or '.join((*splits, 'None'))}, got {show(split)}"
        )
    module = importlib.import_module(f".{format}", __name__)
    folder = None if images is None else as_path("images", images)
    options = {} if split is None else {"split": split}
    dataset: Dataset = module.read(as_path("annotations", annotations), folder, **options)
    return dataset
