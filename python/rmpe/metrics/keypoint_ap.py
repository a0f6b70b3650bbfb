"""COCO's keypoint average precision (AP)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..arguments import check_kind
from ..datasets.dataset import Dataset
from .cocoeval import matched
from .predictions import Predictions

if TYPE_CHECKING:
    from pycocotools.cocoeval import COCOeval

__all__ = ["MEASURES", "AveragePrecision", "average_precision", "summarize"]

# The fields of `AveragePrecision` that are measures, as COCO calls them.
MEASURES = {
    "ap": "AP",
    "ap50": "AP50",
    "ap75": "AP75",
    "ap_medium": "APM",
    "ap_large": "APL",
    "ar": "AR",
}


@dataclass(frozen=True)
class AveragePrecision:
    """COCO's keypoint measures, each 0..1, and the people they rest on.

    Attributes
    ----------
    ap : float
        Mean average precision over the OKS thresholds .5, .55, ..., .95.
    ap50, ap75 : float
        At the thresholds .5 and .75.
    ap_medium, ap_large : float or None
        Of people of an area of 32^2 to 96^2 square pixels, and of larger ones; None where
        nobody of that size is annotated.
    ar : float
        Mean recall over the same thresholds.
    people : int
        How many were found.
    """

    ap: float
    ap50: float
    ap75: float
    ap_medium: float | None
    ap_large: float | None
    ar: float
    people: int


def average_precision(
    dataset: Dataset, predictions: Predictions | Sequence[Mapping[str, Any]]
) -> AveragePrecision:
    """COCO's keypoint AP, by pycocotools.

    Parameters
    ----------
    dataset : Dataset
    predictions : Predictions or sequence of dict
        Also as COCO keypoint results; see `Predictions.from_coco`. Of each image the 20 with the
        highest scores count.

    Returns
    -------
    AveragePrecision
        All 0 where there are no predictions.

    Raises
    ------
    DatasetError
        Nobody is annotated whom the measure counts, or the skeleton has no sigmas.
    TypeError, ValueError
        An argument is of another type, or the results do not belong to the data set.
    """
    check_kind("dataset", dataset, Dataset)
    if not isinstance(predictions, Predictions):
        predictions = Predictions.from_coco(dataset, predictions)
    return summarize(matched(dataset, predictions), len(predictions))


def summarize(evaluated: COCOeval, people: int) -> AveragePrecision:
    """Give the measures of poses that were `matched` with people; so many were found."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluated.accumulate()
        evaluated.summarize()
    ap, ap50, ap75, medium, large, ar = map(float, evaluated.stats[:6])
    return AveragePrecision(
        ap=ap,
        ap50=ap50,
        ap75=ap75,
        # -1 stands for "nobody to find".
        ap_medium=None if medium < 0 else medium,
        ap_large=None if large < 0 else large,
        ar=ar,
        people=people,
    )
