"""Boxes of COCO annotations, of any categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..class_names import PERSON
from . import coco
from .dataset import DatasetError, Id
from .entries import Entries, shown
from .files import find_files

__all__ = ["BoxDataset", "read_boxes"]


@dataclass(frozen=True, eq=False)
class BoxDataset:
    """B images and the P boxes annotated in them, sorted by image.

    Attributes
    ----------
    annotations : Path
        The file that it was read from, for messages.
    classes : tuple of str
        What there are boxes of.
    image_ids : tuple of int or str
        B different ones.
    paths : tuple of Path
        The file of each image.
    first : array (B + 1,), int64
        The boxes of image i are the rows ``first[i]`` to ``first[i + 1]``.
    boxes : array (P, 4), float64
        ``x1, y1, x2, y2`` in pixels.
    class_index : array (P,), int64
        Into ``classes``.
    crowd : array (P,) of bool
        Regions that hold many, not told apart.
    missing : int
        Images of the file that are not there.
    """

    annotations: Path
    classes: tuple[str, ...]
    image_ids: tuple[Id, ...]
    paths: tuple[Path, ...]
    first: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float64]
    class_index: npt.NDArray[np.int64]
    crowd: npt.NDArray[np.bool_]
    missing: int

    def __len__(self) -> int:
        """Return the number of images, B."""
        return len(self.paths)

    def rows(self, image: int) -> slice:
        """Where the boxes of an image are."""
        return slice(int(self.first[image]), int(self.first[image + 1]))


def read_boxes(annotations: Path, images: Path, classes: Sequence[str] = (PERSON,)) -> BoxDataset:
    """Read the boxes of some categories; no keypoints are needed.

    Parameters
    ----------
    annotations : Path
        COCO annotations, JSON.
    images : Path
        The folder of the images. Those that are not there are left out, and counted.
    classes : sequence of str
        Names of categories. People are those of the one that is named "person", or of the only
        one that lists keypoints.

    Raises
    ------
    DatasetError
        The file is none of that kind, lacks one of the categories, or none of its images is there;
        the message names the file, the entry, the field, the rule, and what came.
    """
    listed, entries, categories = coco.read_parts(annotations)
    image_ids = listed.unique_ids()
    found = find_files(listed, "file_name", images)
    category_ids = categories.unique_ids()
    class_of = np.full(len(categories), -1)
    for index, name in enumerate(classes):
        class_of[_category(categories, name)] = index
    of_category = class_of[entries.references("category_id", category_ids, "categories")]
    boxed = entries.select(np.flatnonzero(of_category >= 0).tolist())
    class_index = of_category[of_category >= 0]
    of_image = boxed.references("image_id", image_ids, "images")
    boxes = coco.read_boxes(boxed)
    crowd = boxed.flags("iscrowd")

    order, image_index = coco.sort_by_image(of_image, found, len(listed))
    counts = np.bincount(image_index, minlength=len(found))
    return BoxDataset(
        annotations=annotations,
        classes=tuple(classes),
        image_ids=tuple(image_ids[i] for i in found),
        paths=tuple(found.values()),
        first=np.concatenate([[0], counts.cumsum()]),
        boxes=coco.corners(boxes[order]),
        class_index=class_index[order],
        crowd=crowd[order],
        missing=len(listed) - len(found),
    )


def _category(categories: Entries, name: str) -> int:
    """Index of the category of a name."""
    names = categories.column("name", "text", (str,), default="")
    found = [i for i, own in enumerate(names) if own.strip().lower() == name.lower()]
    if not found and name == PERSON:
        return coco.person_category(categories)[0]
    if len(found) != 1:
        raise DatasetError(
            f"{categories.file}: categories must have one that is named {name!r}, "
            f"got {len(found)} among {shown(names)}"
        )
    return found[0]
