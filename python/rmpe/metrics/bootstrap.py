"""How much keypoint AP varies with the choice of images: bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_real, check_whole

from ..arguments import check_kind
from ..datasets.dataset import Dataset
from .cocoeval import image_order
from .keypoint_ap import MEASURES

if TYPE_CHECKING:
    from pycocotools.cocoeval import COCOeval

__all__ = ["MOST_RESAMPLES", "Matches", "bootstrap"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

# Of resamples: their measures are kept, 48 bytes each.
MOST_RESAMPLES = 10_000_000


def bootstrap(
    dataset: Dataset,
    evaluated: COCOeval,
    resamples: int,
    *,
    level: float = 0.95,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> dict[str, tuple[float, float]]:
    """Give the interval in which a share of the measures of resampled data sets lies.

    Each resample draws as many images as there are, with replacement. It only weights the images:
    poses need not be matched with people again.

    Parameters
    ----------
    dataset : Dataset
    evaluated : pycocotools.cocoeval.COCOeval
        What :func:`rmpe.metrics.cocoeval.matched` says of it.
    resamples : int
        How many, 1 to 10 million. With 1,000 the ends vary from seed to seed by a twentieth of the
        interval or so.
    level : float
        The share, 0..1.
    seed : int
        Of the draw, which depends on nothing else but the number of images.
    progress : callable, optional
        Called with 1 after each resample.

    Returns
    -------
    dict
        Low and high end for each of `rmpe.metrics.keypoint_ap.MEASURES`: the percentile interval
        over the resamples in which the measure is defined; NaN where it never is.

    Raises
    ------
    TypeError, ValueError
        An argument is of another type, or ``resamples``, ``level`` or ``seed`` is out of range.
    """
    from pycocotools.cocoeval import COCOeval

    check_kind("dataset", dataset, Dataset)
    check_kind("evaluated", evaluated, COCOeval)
    if check_whole(TYPES, "resamples", resamples, 1) > MOST_RESAMPLES:
        raise ValueError(f"resamples must be at most {MOST_RESAMPLES}, got {resamples}")
    check_real(TYPES, "level", level, "in 0..1", least=0, most=1)
    check_whole(TYPES, "seed", seed, 0)
    matches = Matches.of(dataset, evaluated)
    generator = np.random.default_rng(seed)
    images = len(dataset)
    values = np.empty((resamples, len(MEASURES)))
    for i in range(resamples):
        drawn = generator.integers(images, size=images)
        values[i] = matches.measure(np.bincount(drawn, minlength=images))
        if progress:
            progress(1)
    tails = ((1 - level) / 2, (1 + level) / 2)
    intervals = {}
    for name, column in zip(MEASURES, values.T, strict=True):
        defined = column[~np.isnan(column)]
        low, high = np.quantile(defined, tails).tolist() if defined.size else (np.nan, np.nan)
        intervals[name] = (low, high)
    return intervals


@dataclass(frozen=True, eq=False)
class _AreaMatches:
    """What became of D poses, by falling score, among people of one range of areas.

    Attributes
    ----------
    image : array (D,)
        The image, 0..B-1, of each pose.
    right, wrong : arrays (T, D)
        Whether it was matched with a person who counts, at each of T thresholds of OKS, or with
        none; neither where it is not held against the method.
    people : array (B,)
        How many people count in each image.
    """

    image: npt.NDArray[np.int64]
    right: Bools
    wrong: Bools
    people: Counts

    def curve(self, counts: Counts, recalls: Floats) -> tuple[Floats, Floats]:
        """Precision (T, R) at given recalls, and the final recall (T,); NaN without people."""
        people = int(counts @ self.people)
        if not people:
            shape = len(self.right), len(recalls)
            return np.full(shape, np.nan), np.full(shape[0], np.nan)
        weights = counts[self.image]
        right = np.cumsum(self.right * weights, axis=1, dtype=np.float64)
        wrong = np.cumsum(self.wrong * weights, axis=1, dtype=np.float64)
        precision = right / (right + wrong + np.spacing(1))
        # The best precision at this recall or a greater one; beyond the final recall, 0.
        best = np.zeros((len(right), right.shape[1] + 1))
        best[:, :-1] = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = right / people
        at = np.stack([np.searchsorted(row, recalls, side="left") for row in recall])
        return np.take_along_axis(best, at, axis=1), recall.max(axis=1, initial=0.0)


@dataclass(frozen=True, eq=False)
class Matches:
    """Which poses are right, image by image; what any resample of the images needs to know."""

    areas: tuple[_AreaMatches, ...]
    thresholds: Floats
    recalls: Floats

    @classmethod
    def of(cls, dataset: Dataset, evaluated: COCOeval) -> Matches:
        """Take over what :func:`rmpe.metrics.cocoeval.matched` says of a data set."""
        order = image_order(dataset)
        images = len(order)
        found: list[Any] = evaluated.evalImgs  # image after image, for each range of areas
        areas = tuple(
            _area_matches(found[start : start + images], order)
            for start in range(0, len(found), images)
        )
        return cls(areas, evaluated.params.iouThrs, evaluated.params.recThrs)

    def measure(self, counts: Counts) -> Floats:
        """Measure a data set that has each image so many times.

        Parameters
        ----------
        counts : array (B,), int64
            In the order of the data set. All 1 stands for the data set itself.

        Returns
        -------
        array (6,)
            `rmpe.metrics.keypoint_ap.MEASURES`, NaN where nobody is annotated.
        """
        (precision, recall), (medium, _), (large, _) = (
            area.curve(counts, self.recalls) for area in self.areas
        )
        at50, at75 = (int(np.abs(self.thresholds - t).argmin()) for t in (0.5, 0.75))
        rows = (precision, precision[at50], precision[at75], medium, large, recall)
        return np.array([values.mean() for values in rows])


def _area_matches(per_image: list[dict[str, Any] | None], order: Counts) -> _AreaMatches:
    """Join what pycocotools found in each image of one range of areas."""
    people = np.zeros(len(order), np.int64)
    images, scores, right, wrong = [], [], [], []
    for image, found in zip(order.tolist(), per_image, strict=True):
        if found is None:  # neither people nor poses
            continue
        people[image] = np.count_nonzero(found["gtIgnore"] == 0)
        images += [image] * len(found["dtScores"])
        scores += found["dtScores"]
        matches, counts = found["dtMatches"] > 0, found["dtIgnore"] == 0
        right.append(matches & counts)
        wrong.append(~matches & counts)
    ranked = np.argsort(-np.array(scores), kind="stable")
    return _AreaMatches(
        image=np.array(images, np.int64)[ranked],
        right=np.concatenate(right, axis=1)[:, ranked],
        wrong=np.concatenate(wrong, axis=1)[:, ranked],
        people=people,
    )
