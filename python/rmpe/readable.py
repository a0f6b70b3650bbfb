"""The images of a data set that can be read, found out before long work depends on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .datasets.dataset import Dataset, DatasetError
from .inputs.images import ImageError, read_image

__all__ = ["check_size", "readable"]


def readable(
    dataset: Dataset, *, progress: Callable[[int], object] | None = None
) -> tuple[Dataset, list[str]]:
    """Decode every image once, and leave out those that cannot be read.

    Parameters
    ----------
    dataset : Dataset
    progress : callable, optional
        Called with the number of images just read.

    Returns
    -------
    dataset : Dataset
        Without those images and their people.
    problems : list of str
        What could not be read, and why.

    Raises
    ------
    DatasetError
        An image has another size than the annotations state: they are not of these images.
    """
    kept, problems = [], []
    for position, path in enumerate(dataset.paths):
        try:
            check_size(dataset, position, read_image(path))
            kept.append(position)
        except ImageError as error:
            problems.append(str(error))
        if progress:
            progress(1)
    if not problems:
        return dataset, problems
    return dataset.select(np.array(kept, np.int64)), problems


def check_size(dataset: Dataset, position: int, image: npt.NDArray[np.uint8]) -> None:
    """Make sure that annotations in pixels belong to the pixels that were read.

    Raises
    ------
    DatasetError
        They do not.
    """
    height, width = dataset.image_sizes[position].tolist()
    if height and (height, width) != image.shape[:2]:
        raise DatasetError(
            f"{dataset.paths[position]} must be {width} x {height} pixels, as "
            f"{dataset.annotations} states for the image with the id "
            f"{dataset.image_ids[position]!r}, got {image.shape[1]} x {image.shape[0]}; "
            "it was scaled, or turned as its EXIF orientation says"
        )
