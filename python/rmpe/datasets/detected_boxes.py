"""Files of detected boxes in the images of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..listing import listed
from .coco import corners, read_boxes
from .dataset import Dataset, DatasetError
from .entries import Entries, shown
from .json_file import read_json

__all__ = ["DetectedBoxes", "read_detections"]


class DetectedBoxes(NamedTuple):
    """D boxes in the images of a data set.

    Attributes
    ----------
    boxes : array (D, 4), float64
        ``x1, y1, x2, y2`` in pixels.
    scores : array (D,), float64
        NaN where the file has none.
    image_index : array (D,), int64
        The image of each, an index into those of the data set.
    """

    boxes: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    image_index: npt.NDArray[np.int64]


def read_detections(file: Path, dataset: Dataset) -> DetectedBoxes:
    """Read COCO detection results (JSON), or the RMPE authors' boxes (HDF5).

    Of JSON, a list of objects with ``image_id``, ``bbox`` (x, y, width, height), ``score`` and
    ``category_id``, those of the data set's category of people count. The authors' ``NAME.h5``
    holds the arrays ``xmin``, ``ymin``, ``xmax`` and ``ymax``; ``NAME_images.txt`` beside it names
    the image of each row; reading it needs the package h5py. Boxes in other images than the data
    set's are left out.

    Raises
    ------
    DatasetError
        The file cannot be read, is in another format, or has no box in the data set's images.
    """
    h5 = file.suffix == ".h5"
    boxes, scores, names = _read_h5(file) if h5 else _read_coco(file, dataset)
    index = {name: i for i, name in enumerate(dataset.image_ids)}
    image_index = np.array([index.get(name, -1) for name in names], np.int64)
    known = image_index >= 0
    if not known.any():
        raise DatasetError(
            f"{file} must have boxes in the images of {dataset.annotations}; none of its "
            f"{len(boxes)} is in one of these {len(dataset)}"
        )
    return DetectedBoxes(boxes[known], scores[known], image_index[known])


def _read_coco(
    file: Path, dataset: Dataset
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[int | str]]:
    results = Entries(file, "results", read_json(file))
    categories, person = results.ids("category_id"), dataset.category
    people = [i for i, category in enumerate(categories) if category == person]
    if categories and not people:
        raise DatasetError(
            f"{file} must have results of people, whose category_id in {dataset.annotations} is "
            f"{shown(person)}, got {listed(sorted({shown(category) for category in categories}))}"
        )
    results = results.select(people)
    boxes = read_boxes(results)
    scores = results.numbers("score", "a finite number")
    return corners(boxes), scores, results.ids("image_id")


def _read_h5(
    file: Path,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[int | str]]:
    import h5py

    listing = file.with_name(f"{file.stem}_images.txt")
    try:
        names: list[int | str] = list(listing.read_text(encoding="utf-8").split())
        with h5py.File(file) as content:
            arrays: list[Any] = [content[edge] for edge in _EDGES]
            # A damaged file may claim any size.
            sizes = [array.size for array in arrays]
            fits = {*sizes} == {len(names)}
            edges = [np.asarray(array, np.float64).reshape(-1) for array in arrays if fits]
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise DatasetError(
            f"{file} must hold {', '.join(_EDGES)}, and {listing.name} beside it the image of each "
            f"row: {error}"
        ) from None
    if not fits:
        raise DatasetError(
            f"{file} must have as many rows as {listing.name} has images, got "
            f"{', '.join(map(str, sizes))} and {len(names)}"
        )
    boxes = np.stack(edges, axis=1)
    good = np.isfinite(boxes).all(axis=1) & np.all(boxes[:, 2:] >= boxes[:, :2], axis=1)
    if not good.all():
        wrong = int(good.argmin())
        raise DatasetError(
            f"{file} must have finite boxes, xmin <= xmax and ymin <= ymax, got "
            f"{boxes[wrong].tolist()} in row {wrong}"
        )
    return boxes, np.full(len(names), np.nan), names


_EDGES = ("xmin", "ymin", "xmax", "ymax")
