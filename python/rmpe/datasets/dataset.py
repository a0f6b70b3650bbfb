"""Annotated images, whatever format the annotations came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import show

from ..arguments import check_kind
from ..arrays import within_float32
from ..skeletons import Skeleton

__all__ = ["Dataset", "DatasetError", "Id"]

Id = int | str
"""What a file of annotations calls an image or a person by: a label, never an index."""


class DatasetError(ValueError):
    """Annotations cannot be read or measured on; the message names file, entry, field and rule."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """B images and the P people annotated in them, as arrays that cannot be written to.

    The people are sorted by image. Of an image without people nothing but the image is there.

    Parameters
    ----------
    annotations : Path
        The file that it was read from, for messages.
    skeleton : Skeleton
        What the K keypoints are.
    image_ids : tuple of int or str
        B different ones.
    paths : tuple of Path
        The file of each image.
    image_sizes : array (B, 2), int64
        Height and width in pixels; 0, 0 where the annotations do not say.
    person_ids : tuple of int or str
        P of them, as the file has them; two people of one image differ.
    image_index : array (P,), int64
        The image, 0..B-1, that each person is in; ascending.
    keypoints : array (P, K, 2), float64
        x, y in pixels; meaningless where ``visibility`` is 0.
    visibility : array (P, K), uint8
        As in COCO: 0 not labeled, 1 labeled and hidden, 2 labeled and visible.
    boxes : array (P, 4), float64
        ``x1, y1, x2, y2`` in pixels, x1 <= x2 and y1 <= y2.
    areas : array (P,), float64
        Of the person's silhouette, in square pixels.
    crowd : array (P,), bool
        Whether the "person" is a region with many people.
    missing : int
        How many images are in the annotations but not in the folder of images.
    category : int or str
        What the file calls people among its categories; 1, as in COCO's own files, where the format
        has none.

    Raises
    ------
    TypeError, ValueError
        For a type, a shape or a value that contradicts the above.

    Examples
    --------
    >>> from rmpe.skeletons import COCO_17
    >>> dataset = Dataset(
    ...     annotations=Path("a.json"), skeleton=COCO_17,
    ...     image_ids=(7, 9), paths=(Path("7.jpg"), Path("9.jpg")),
    ...     image_sizes=np.array([[480, 640]] * 2), person_ids=(1, 2, 3),
    ...     image_index=np.array([0, 0, 1]), keypoints=np.zeros((3, 17, 2)),
    ...     visibility=np.full((3, 17), 2), boxes=np.zeros((3, 4)), areas=np.ones(3),
    ...     crowd=np.array([False, True, False]))
    >>> dataset.people(0), dataset.labeled
    (slice(0, 2, None), array([ True, False,  True]))
    """

    annotations: Path
    skeleton: Skeleton
    image_ids: tuple[Id, ...]
    paths: tuple[Path, ...]
    image_sizes: npt.NDArray[np.int64]
    person_ids: tuple[Id, ...]
    image_index: npt.NDArray[np.int64]
    keypoints: npt.NDArray[np.float64]
    visibility: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float64]
    areas: npt.NDArray[np.float64]
    crowd: npt.NDArray[np.bool_]
    missing: int = 0
    category: Id = 1

    def __post_init__(self) -> None:
        check_kind("skeleton", self.skeleton, Skeleton)
        for name in ("image_ids", "paths", "person_ids"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence):
                raise TypeError(f"{name} must be a tuple, got {show(value)}")
        b, p, k = len(self.image_ids), len(self.person_ids), len(self.skeleton)
        if isinstance(self.category, bool) or not isinstance(self.category, Id):
            raise TypeError(f"category must be a whole number or text, got {show(self.category)}")
        if len(self.paths) != b or len(set(self.image_ids)) != b:
            raise ValueError(f"image_ids must be {len(self.paths)} different ones, as the paths")
        arrays: dict[str, tuple[tuple[int, ...], type[Any], str]] = {
            "image_sizes": ((b, 2), np.int64, "whole numbers of pixels, from 0"),
            "image_index": ((p,), np.int64, "whole numbers"),
            "keypoints": ((p, k, 2), np.float64, "pixels that float32 can hold, where labeled"),
            "visibility": ((p, k), np.uint8, "0, 1 or 2"),
            "boxes": ((p, 4), np.float64, "pixels that float32 can hold, x1 <= x2 and y1 <= y2"),
            "areas": ((p,), np.float64, "finite numbers from 0"),
            "crowd": ((p,), np.bool_, "true or false"),
        }
        for name, (shape, dtype, rule) in arrays.items():
            array = _as_array(name, getattr(self, name), shape, dtype, rule)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        labeled, ordered = self.visibility > 0, self.boxes[:, 2:] >= self.boxes[:, :2]
        good = {
            "image_sizes": self.image_sizes >= 0,
            "keypoints": ~labeled | within_float32(self.keypoints).all(axis=2),
            "visibility": self.visibility <= 2,
            "boxes": within_float32(self.boxes).all(axis=1) & ordered.all(axis=1),
            "areas": np.isfinite(self.areas) & (self.areas >= 0),
        }
        for name, found in good.items():
            if not found.all():
                raise ValueError(
                    f"{name} must hold {arrays[name][2]}, got {show(getattr(self, name)[~found])}"
                )
        index = self.image_index
        if p and (index[0] < 0 or index[-1] >= b or (index[1:] < index[:-1]).any()):
            raise ValueError(f"image_index must ascend within 0..{b - 1}, got {index}")

    def __len__(self) -> int:
        """Return the number of images, B."""
        return len(self.image_ids)

    @property
    def labeled(self) -> npt.NDArray[np.bool_]:
        """(P,): whether a person is a single one with at least one labeled keypoint."""
        labeled: npt.NDArray[np.bool_] = (self.visibility > 0).any(axis=1) & ~self.crowd
        return labeled

    def people(self, image: int) -> slice:
        """Say which rows of the arrays are the people of an image, 0..B-1."""
        start, stop = np.searchsorted(self.image_index, (image, image + 1)).tolist()
        return slice(start, stop)

    def select(self, images: npt.NDArray[np.int64]) -> Dataset:
        """Keep some of the images, given by different indices 0..B-1, in that order."""
        rows = [np.arange(self.people(i).start, self.people(i).stop) for i in images.tolist()]
        people = np.concatenate([np.empty(0, np.int64), *rows])
        return replace(
            self,
            image_ids=tuple(self.image_ids[i] for i in images),
            paths=tuple(self.paths[i] for i in images),
            image_sizes=self.image_sizes[images],
            person_ids=tuple(self.person_ids[i] for i in people),
            image_index=np.repeat(np.arange(len(images)), [len(row) for row in rows]),
            keypoints=self.keypoints[people],
            visibility=self.visibility[people],
            boxes=self.boxes[people],
            areas=self.areas[people],
            crowd=self.crowd[people],
        )


def _as_array(
    name: str, value: Any, shape: tuple[int, ...], dtype: type[Any], rule: str
) -> npt.NDArray[Any]:
    """Copy an array, so that nobody else can write to it, if it has these numbers."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be an array without a mask, got a masked array")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise TypeError(f"{name} must be an array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold {rule}, got {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"{name} must be {shape}, got {array.shape}")
    with np.errstate(invalid="ignore", over="ignore"):
        found: npt.NDArray[Any] = np.array(array, dtype, order="C")
    if dtype is not np.float64 and (found != array).any():
        raise ValueError(f"{name} must hold {rule}, got {show(array[found != array])}")
    return found
