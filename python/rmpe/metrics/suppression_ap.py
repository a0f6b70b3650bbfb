"""COCO's keypoint AP of what suppression keeps, for thousands of settings of its parameters.

What does not depend on the parameters is done once: the OKS of all poses with all people, and the
order of the poses by score. A setting changes only which poses are kept. The matching in an image
depends on nothing but which of the poses that are similar to a person are kept, so it is remembered
for each such set: neighboring settings differ in few images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arguments import check_kind, check_mask
from ..datasets.dataset import Dataset
from .cocoeval import LARGEST_AREA, MOST_POSES, check_measurable, image_order
from .oks import oks, pairs_in_images
from .predictions import Predictions

__all__ = ["SuppressionAP"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)


class SuppressionAP:
    """Measures any selection of poses, with the result of `average_precision` on it.

    Parameters
    ----------
    dataset : Dataset
    predictions : Predictions
        All poses, before suppression.

    Raises
    ------
    DatasetError
        As :func:`rmpe.metrics.keypoint_ap.average_precision`.

    Examples
    --------
    >>> measure = SuppressionAP(dataset, predictions)  # doctest: +SKIP
    >>> measure(suppressed.keep.numpy())  # doctest: +SKIP
    0.348
    """

    def __init__(self, dataset: Dataset, predictions: Predictions) -> None:
        check_measurable(dataset)
        check_kind("predictions", predictions, Predictions)
        predictions.check(dataset)
        image = predictions.image_index
        position = np.empty(len(dataset), np.int64)
        position[image_order(dataset)] = np.arange(len(dataset))
        # By falling score, as pycocotools ranks: where scores tie, by the image, then as they come.
        ranked = np.lexsort((position[image], -predictions.scores))
        # Images one after the other, in each by falling score.
        self._order = ranked[np.argsort(image[ranked], kind="stable")]
        self._image = image[self._order]
        self._first = np.searchsorted(self._image, self._image)
        rank = np.empty(len(image), np.int64)
        rank[ranked] = np.arange(len(image))
        self._rank = rank[self._order]

        similarity, people, candidate = _similarities(dataset, predictions)
        ignored = ~dataset.labeled | (dataset.areas > LARGEST_AREA)
        self._people = int((~ignored).sum())
        self._candidates = np.flatnonzero(candidate[self._order])
        self._kept = np.zeros(len(self._candidates), np.bool_)
        # Of each candidate at each threshold: matched with a person who counts, or with another.
        shape = len(_THRESHOLDS), len(self._candidates)
        self._right, self._other = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        self._huge = _extent(predictions)[self._order] > LARGEST_AREA

        of_candidates = self._image[self._candidates]
        self._slices: dict[int, slice] = {}
        self._matchers: dict[int, _ImageMatcher] = {}
        for one in np.unique(of_candidates).tolist():
            start, stop = np.searchsorted(of_candidates, (one, one + 1)).tolist()
            rows = self._order[self._candidates[start:stop]]
            inside = dataset.people(one)
            table = np.zeros((len(rows), inside.stop - inside.start))
            for i, row in enumerate(rows):
                own = slice(*np.searchsorted(similarity[0], (row, row + 1)))
                table[i, people[own] - inside.start] = similarity[1][own]
            self._slices[one] = slice(start, stop)
            self._matchers[one] = _ImageMatcher(table, ignored[inside], dataset.crowd[inside])

    def __call__(self, keep: Bools) -> float:
        """Measure a selection.

        Parameters
        ----------
        keep : array (R,), bool
            Which of the poses are kept.

        Returns
        -------
        float
            AP, 0..1.

        Raises
        ------
        TypeError, ValueError
            It is no such array.
        """
        check_mask("keep", keep, len(self._order))
        kept = keep[self._order]
        before = np.concatenate([[0], np.cumsum(kept)])
        counts: Bools = kept & (before[:-1] - before[self._first] < MOST_POSES)
        self._match(counts[self._candidates])

        shown = np.flatnonzero(counts)
        by_score = np.argsort(self._rank[shown])
        place = np.full(len(self._order), -1)
        place[shown[by_score]] = np.arange(len(shown))
        right = np.zeros((len(_THRESHOLDS), len(shown)), np.bool_)
        other = np.zeros_like(right)
        seen = np.flatnonzero(self._kept)
        columns = place[self._candidates[seen]]
        right[:, columns], other[:, columns] = self._right[:, seen], self._other[:, seen]
        wrong = ~right & ~other & ~self._huge[shown[by_score]]
        return self._average(right, wrong)

    def _match(self, kept: Bools) -> None:
        """Bring the matching up to date in those images where it may have changed."""
        changed = self._image[self._candidates[np.flatnonzero(kept != self._kept)]]
        self._kept = kept
        for image in np.unique(changed).tolist():
            own = self._slices[image]
            self._right[:, own], self._other[:, own] = self._matchers[image].match(kept[own])

    def _average(self, right: Bools, wrong: Bools) -> float:
        true = np.cumsum(right, axis=1, dtype=np.float64)
        false = np.cumsum(wrong, axis=1, dtype=np.float64)
        precision = true / (true + false + np.spacing(1))
        # The best precision at this recall or a greater one; beyond the final recall, 0.
        best = np.zeros((len(right), right.shape[1] + 1))
        best[:, :-1] = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = true / self._people
        at = np.stack([np.searchsorted(row, _RECALLS, side="left") for row in recall])
        return float(np.take_along_axis(best, at, axis=1).mean())


class _ImageMatcher:
    """Greedy matching in one image, remembered for each set of poses.

    Parameters
    ----------
    similarity : array (C, P)
        OKS of the poses, by falling score, with the people.
    ignored, crowd : arrays (P,)
        Whether a match with a person does not count, and whether many poses may match the person.
    """

    def __init__(self, similarity: Floats, ignored: Bools, crowd: Bools) -> None:
        # People who count come first.
        order = np.argsort(ignored, kind="stable")
        self._similarity = similarity[:, order]
        self._ignored, self._crowd = ignored[order], crowd[order]
        self._known: dict[bytes, tuple[Bools, Bools]] = {}

    def match(self, kept: Bools) -> tuple[Bools, Bools]:
        """(C,) -> (T, C) twice: matched with a person who counts, and with another."""
        key = kept.tobytes()
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._matched(kept)
        return found

    def _matched(self, kept: Bools) -> tuple[Bools, Bools]:
        thresholds, people = len(_THRESHOLDS), self._similarity.shape[1]
        right, other = (np.zeros((thresholds, len(kept)), np.bool_) for _ in range(2))
        free = np.ones((thresholds, people), np.bool_)
        rows = np.arange(thresholds)
        for pose in np.flatnonzero(kept):
            similarity = self._similarity[pose]
            possible = (free | self._crowd) & (similarity >= _THRESHOLDS[:, None])
            # A person who counts goes before all others; of equal ones the last.
            counts = possible & ~self._ignored
            possible = np.where(counts.any(axis=1, keepdims=True), counts, possible)
            ranking = np.where(possible, similarity, -1.0)
            best = people - 1 - ranking[:, ::-1].argmax(axis=1)
            matched = possible[rows, best]
            free[rows[matched], best[matched]] = False
            right[:, pose] = matched & ~self._ignored[best]
            other[:, pose] = matched & self._ignored[best]
        return right, other


def _similarities(
    dataset: Dataset, predictions: Predictions
) -> tuple[tuple[Indices, Floats], Indices, Bools]:
    """The pairs that may match: pose and OKS, person; and whether a pose is in any (R,)."""
    rows, people = pairs_in_images(dataset, predictions)
    assert dataset.skeleton.sigmas is not None  # by check_measurable
    similarity = oks(
        predictions.keypoints[rows],
        dataset.keypoints[people],
        dataset.visibility[people],
        dataset.boxes[people],
        dataset.areas[people],
        dataset.skeleton.sigmas,
    )
    possible = similarity >= _THRESHOLDS[0]
    candidate = np.zeros(len(predictions), np.bool_)
    candidate[rows[possible]] = True
    return (rows[possible], similarity[possible]), people[possible], candidate


def _extent(predictions: Predictions) -> Floats:
    """Area (R,) of the box of a pose's finite keypoints."""
    finite: Bools = np.asarray(np.isfinite(predictions.keypoints).all(axis=2))
    low = np.where(finite[..., None], predictions.keypoints, np.inf).min(axis=1)
    high = np.where(finite[..., None], predictions.keypoints, -np.inf).max(axis=1)
    anywhere: Bools = np.asarray(finite.any(axis=1))
    area: Floats = np.where(anywhere[:, None], high - low, 0.0).prod(axis=1)
    return area
