"""COCO's keypoint average precision (AP)."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import Any

from ..datasets.coco import PERSON
from ..datasets.dataset import Dataset

__all__ = ["AveragePrecision", "average_precision"]


@dataclass(frozen=True)
class AveragePrecision:
    """COCO's keypoint measures, each 0..1, and the people they rest on."""

    ap: float
    ap50: float
    ap75: float
    ar: float
    people: int


def average_precision(dataset: Dataset, rows: list[dict[str, Any]]) -> AveragePrecision:
    """COCO's keypoint AP of result rows, by pycocotools.

    Parameters
    ----------
    dataset : Dataset
    rows : list of dict
        COCO keypoint results.

    Returns
    -------
    AveragePrecision
        All 0 where there are no rows.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    if not rows:
        return AveragePrecision(0.0, 0.0, 0.0, 0.0, 0)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(dataset.annotations))
        measure = COCOeval(truth, truth.loadRes(rows), "keypoints")
        measure.params.imgIds = list(dataset.image_ids)
        measure.params.catIds = [PERSON]
        measure.evaluate()
        measure.accumulate()
        measure.summarize()
    ap, ap50, ap75, _, _, ar = (float(value) for value in measure.stats[:6])
    return AveragePrecision(ap, ap50, ap75, ar, len(rows))
