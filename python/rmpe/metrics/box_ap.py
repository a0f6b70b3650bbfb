"""COCO's average precision (AP) of boxes of people."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import show

from ..arguments import as_floats
from ..arrays import as_array
from .cocoeval import LARGEST_AREA

__all__ = ["BoxPrecision", "box_precision"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BoxPrecision:
    """COCO's measures of boxes, each 0..1.

    Attributes
    ----------
    ap50 : float
        Average precision where an intersection over union (IoU) of .5 is right.
    ap75 : float
        Of .75.
    ap : float
        Mean over the IoU thresholds .5, .55, ..., .95.
    ar : float
        Mean recall over the same thresholds, of at most 100 boxes an image.
    """

    ap50: float
    ap75: float
    ap: float
    ar: float


def box_precision(
    truth: Sequence[tuple[Floats, Bools]], found: Sequence[tuple[Floats, Floats]]
) -> BoxPrecision:
    """COCO's AP of boxes, by pycocotools.

    Parameters
    ----------
    truth : sequence of (array (P_i, 4), array (P_i,) of bool)
        For each image the boxes ``x1, y1, x2, y2`` of the people in it, and which of them are
        regions that do not count (crowds).
    found : sequence of (array (R_i, 4), array (R_i,))
        For each image the boxes that were found, and their scores. A box that is not finite, or
        turned inside out, is wrong; a score that is NaN ranks last.

    Returns
    -------
    BoxPrecision
        All 0 where nothing was found.

    Raises
    ------
    TypeError, ValueError
        Where they are no such arrays, the number of images differs, a true box is not finite or
        turned inside out, or nobody is there to be found.

    Examples
    --------
    >>> boxes = np.array([[0.0, 0, 10, 20], [30, 0, 40, 20]])
    >>> truth = [(boxes, np.zeros(2, bool))]
    >>> round(box_precision(truth, [(boxes[:1] + 1, np.array([0.9]))]).ap50, 3)
    0.505
    """
    truth, found = _pairs("truth", truth), _pairs("found", found)
    if len(truth) != len(found):
        raise ValueError(f"found must be of {len(truth)} images, as truth is, got {len(found)}")
    if not all(np.isfinite(boxes).all() for boxes, _ in truth):
        raise ValueError("truth must have finite boxes, got NaN or infinity")
    if not all(np.isin(crowds, (0, 1)).all() for _, crowds in truth):
        raise ValueError("truth must say true or false of each box, got other numbers")
    if any((boxes[:, 2:] < boxes[:, :2]).any() for boxes, _ in truth):
        raise ValueError("truth must have boxes with x1 <= x2 and y1 <= y2, got others")
    annotations: list[dict[str, Any]] = [
        {
            "id": 0,
            "image_id": i,
            "category_id": 1,
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "area": (x2 - x1) * (y2 - y1),
            "iscrowd": int(crowd),
        }
        for i, (boxes, crowds) in enumerate(truth)
        for (x1, y1, x2, y2), crowd in zip(boxes.tolist(), crowds.tolist(), strict=True)
    ]
    for number, annotation in enumerate(annotations, 1):
        annotation["id"] = number
    if all(one["iscrowd"] or one["area"] > LARGEST_AREA for one in annotations):
        raise ValueError(
            "truth must have at least one box that counts, of a single person, of an area up to "
            f"{LARGEST_AREA:g}"
        )
    rows = [
        [i, x1, y1, x2 - x1, y2 - y1, score, 1]
        for i, (boxes, scores) in enumerate(found)
        for (x1, y1, x2, y2), score in zip(_finite(boxes).tolist(), scores.tolist(), strict=True)
    ]
    if not rows:
        return BoxPrecision(0.0, 0.0, 0.0, 0.0)
    return _measure(len(truth), annotations, np.array(rows))


def _pairs(name: str, pairs: Any) -> list[tuple[Floats, Any]]:
    """Check a sequence of boxes with a value for each."""
    rule = f"{name} must be a sequence of pairs of arrays"
    if not isinstance(pairs, Sequence):
        raise TypeError(f"{rule}, got {show(pairs)}")
    checked = []
    for i, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(f"{rule}, got {show(pair)} at {i}")
        boxes = as_floats(f"{name}[{i}][0]", pair[0], ("N", 4))
        values = as_array(pair[1])
        # Crowds are yes or no, which are numbers here.
        numbers = values * 1.0 if values.dtype == bool else values
        checked.append((boxes, as_floats(f"{name}[{i}][1]", numbers, (len(boxes),))))
    return checked


def _finite(boxes: Floats) -> Floats:
    """Give boxes that are none no area, so that they overlap with nobody.

    To pycocotools an overlap of NaN is no less than any threshold.
    """
    forward: Bools = np.asarray((boxes[:, 2:] >= boxes[:, :2]).all(axis=1))
    usable: Bools = forward & np.asarray(np.isfinite(boxes).all(axis=1))
    finite: Floats = np.where(usable[:, None], boxes, 0.0)
    return finite


def _measure(images: int, annotations: list[dict[str, Any]], rows: Floats) -> BoxPrecision:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()), np.errstate(over="ignore"):
        truth: Any = COCO()
        # Less than the stubs ask for, and all that COCOeval reads.
        dataset = {
            "images": [{"id": i} for i in range(images)],
            "annotations": annotations,
            "categories": [{"id": 1, "name": "person"}],
        }
        truth.dataset = dataset
        truth.createIndex()
        measure = COCOeval(truth, truth.loadRes(rows), "bbox")
        measure.evaluate()
        measure.accumulate()
        measure.summarize()
    ap, ap50, ap75 = map(float, measure.stats[:3])
    return BoxPrecision(ap50=ap50, ap75=ap75, ap=ap, ar=float(measure.stats[8]))
