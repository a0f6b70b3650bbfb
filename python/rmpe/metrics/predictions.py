"""The people that were found in a data set, which metrics compare with those annotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_whole, show

from ..arguments import as_floats, as_indices, check_kind, check_mask
from ..arrays import as_array, as_float64
from ..datasets.dataset import Dataset

if TYPE_CHECKING:
    from ..people import People

__all__ = ["Predictions"]


@dataclass(frozen=True, eq=False)
class Predictions:
    """R people found in the images of a data set, in any order.

    Parameters
    ----------
    image_index : array (R,), int64
        The image, an index into those of the data set, that each is in.
    keypoints : array (R, K, 2), float64
        x, y in pixels. One that is not finite is nowhere, so it never counts as right.
    scores : array (R,), float64
        Confidence in the person, by which they are ranked; NaN ranks last.
    keypoint_scores : array (R, K), float64
        Confidence in each keypoint.

    Raises
    ------
    TypeError, ValueError
        For a type or a shape that contradicts the above.
    """

    image_index: npt.NDArray[np.int64]
    keypoints: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    keypoint_scores: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        keypoints = as_floats("keypoints", self.keypoints, ("R", "K", 2))
        r, k, _ = keypoints.shape
        arrays = {
            "image_index": as_indices("image_index", self.image_index, (r,)),
            "keypoints": keypoints,
            "scores": as_floats("scores", self.scores, (r,)),
            "keypoint_scores": as_floats("keypoint_scores", self.keypoint_scores, (r, k)),
        }
        for name, array in arrays.items():
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        """Return the number of people, R."""
        return len(self.scores)

    def check(self, dataset: Dataset) -> None:
        """Raise TypeError or ValueError unless these are of a data set's images and skeleton."""
        check_kind("dataset", dataset, Dataset)
        k = len(dataset.skeleton)
        if self.keypoints.shape[1] != k:
            raise ValueError(
                f"keypoints must be (R, {k}, 2), for the skeleton {dataset.skeleton.name} of "
                f"{dataset.annotations}, got {self.keypoints.shape}"
            )
        outside = (self.image_index < 0) | (self.image_index >= len(dataset))
        if outside.any():
            raise ValueError(
                f"image_index must be in 0..{len(dataset) - 1}, one of the {len(dataset)} images "
                f"of {dataset.annotations}, got {self.image_index[outside.argmax()]}"
            )

    def best(self, most: int) -> Predictions:
        """Keep, of each image, the ``most`` people with the highest scores, in their old order."""
        check_whole(TYPES, "most", most, 0)
        order = np.lexsort((-self.scores, self.image_index))
        index = self.image_index[order]
        rank = np.arange(len(index)) - np.searchsorted(index, index)
        kept = np.sort(order[rank < most])
        return self.select(kept)

    def select(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Predictions:
        """Keep some people: given by a mask (R,), or by their indices, in that order.

        Raises
        ------
        TypeError, ValueError
            Where they are no such array, or there are no such people.
        """
        if isinstance(rows, np.ndarray) and rows.dtype == np.bool_:
            check_mask("rows", rows, len(self))
        else:
            rows = as_indices("rows", rows, ("N",))
            if not ((rows >= 0) & (rows < len(self))).all():
                raise ValueError(f"rows must be in 0..{len(self) - 1}, got {show(rows)}")
        return Predictions(*(getattr(self, name)[rows] for name in _ARRAYS))

    @classmethod
    def from_people(cls, people: People, start: int = 0) -> Predictions:
        """Take people off their device.

        Parameters
        ----------
        people : People
        start : int
            The data set's index of their first image.
        """
        from ..people import People

        check_kind("people", people, People)
        check_whole(TYPES, "start", start, 0)
        return cls(
            image_index=as_array(people.image_index) + start,
            keypoints=as_float64(people.keypoints),
            scores=as_float64(people.scores),
            keypoint_scores=as_float64(people.keypoint_scores),
        )

    @classmethod
    def from_coco(cls, dataset: Dataset, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Take COCO keypoint results: ``image_id``, ``keypoints`` [x, y, score, ...], ``score``.

        All rows are people, whatever their ``category_id``.

        Raises
        ------
        ValueError
            A row lacks one of these, they are no numbers of the right count, or the image is not
            in the data set.
        """
        check_kind("dataset", dataset, Dataset)
        if isinstance(rows, (str, bytes)) or not isinstance(rows, Sequence):
            raise TypeError(f"rows must be a list of results, got {show(rows)}")
        k = len(dataset.skeleton)
        index = {image_id: i for i, image_id in enumerate(dataset.image_ids)}
        image_index = np.empty(len(rows), np.int64)
        numbers = np.empty((len(rows), 3 * k + 1))
        for i, row in enumerate(rows):
            try:
                plain = [*row["keypoints"], row["score"]]
                # As keys and as numbers, they would be 0 and 1.
                if not _BOOLEANS.isdisjoint(map(type, (row["image_id"], *plain))):
                    raise TypeError("got true or false")
                image_index[i] = index[row["image_id"]]
                # Made an array together, so that none is taken for NaN, and text not for a number.
                values = np.asarray(plain)
                if values.dtype.kind not in "iuf":
                    raise TypeError(f"got {values.dtype}")
                numbers[i] = values
            except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
                shown = dict(row) if isinstance(row, Mapping) else row
                raise ValueError(
                    f"rows[{i}] must have image_id, one of {dataset.annotations}, {3 * k} numbers "
                    f"as keypoints and a number as score; got {show(shown)}"
                ) from error
        joints = numbers[:, :-1].reshape(-1, k, 3)
        return cls(image_index, joints[..., :2], numbers[:, -1], joints[..., 2])

    @classmethod
    def concatenate(cls, parts: Sequence[Predictions]) -> Predictions:
        """Join at least one part, in order."""
        if (
            not isinstance(parts, (list, tuple))
            or not parts
            or not all(isinstance(part, Predictions) for part in parts)
        ):
            raise TypeError(f"parts must be one or more Predictions, got {show(parts)}")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS))


_BOOLEANS = frozenset((bool, np.bool_))
_ARRAYS = tuple(field.name for field in fields(Predictions))
