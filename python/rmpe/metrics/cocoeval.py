"""The matching of poses to people by pycocotools, on a data set that it cannot misread.

pycocotools trusts its input: it takes an annotation with the id 0 for "no match", finds people of
other images where ids begin anew in each, and counts a keypoint that is NaN as right. It is given
the data set as it was checked, rebuilt in memory: images and people numbered from 1, keypoints
counted, predicted keypoints that are not finite moved out of reach.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..arguments import check_kind
from ..datasets.dataset import Dataset, DatasetError
from ..skeletons import COCO_17
from .predictions import Predictions

if TYPE_CHECKING:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

__all__ = ["LARGEST_AREA", "MOST_POSES", "check_measurable", "image_order", "matched"]

_PERSON = 1
# COCO's limits: poses in an image, and the area of a person, in square pixels.
MOST_POSES = 20
LARGEST_AREA = 1e5**2


def check_measurable(dataset: Dataset) -> None:
    """Make sure that COCO's measures are defined, which it would otherwise give as -1.

    Raises
    ------
    DatasetError
        The skeleton has no sigmas, or nobody is annotated whom the measure counts.
    """
    check_kind("dataset", dataset, Dataset)
    skeleton = dataset.skeleton
    if skeleton.sigmas is None:
        raise DatasetError(
            f"{dataset.annotations} must have keypoints with published sigmas, which OKS needs; "
            f"{skeleton.name} has none"
        )
    if not (dataset.labeled & (dataset.areas <= LARGEST_AREA)).any():
        raise DatasetError(
            f"{dataset.annotations}: at least one person in the {len(dataset)} images that are "
            f"there must have a labeled keypoint, iscrowd 0 and an area up to {LARGEST_AREA:g}, "
            f"got none of {len(dataset.person_ids)}; nothing can be measured"
        )


def image_order(dataset: Dataset) -> npt.NDArray[np.int64]:
    """Give the images (B,) in the order in which `matched` numbers them from 1.

    Where scores tie, pycocotools goes by the order of image ids: that of the file's own is kept,
    text behind numbers.
    """
    ids = dataset.image_ids
    order = sorted(range(len(ids)), key=lambda i: (isinstance(ids[i], str), ids[i]))
    return np.array(order, np.int64)


def matched(dataset: Dataset, predictions: Predictions) -> COCOeval:
    """Compare all poses with all people of their image, by OKS, at every threshold and area.

    Parameters
    ----------
    dataset : Dataset
    predictions : Predictions

    Returns
    -------
    pycocotools.cocoeval.COCOeval
        After ``evaluate``.

    Raises
    ------
    DatasetError
        As `check_measurable`.
    TypeError, ValueError
        An argument is of another type, or the predictions are of other images, or another skeleton.
    """
    from pycocotools.cocoeval import COCOeval

    check_measurable(dataset)
    check_kind("predictions", predictions, Predictions)
    predictions.check(dataset)
    number = np.empty(len(dataset), np.int64)
    number[image_order(dataset)] = np.arange(1, len(dataset) + 1)
    people = _coco(len(dataset), _people(dataset, number))
    poses = _coco(len(dataset), _poses(predictions.best(MOST_POSES), number))
    # Too far for float64 is far enough.
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(over="ignore"):
        measure = COCOeval(people, poses, "keypoints")
        if dataset.skeleton != COCO_17:  # whose sigmas pycocotools has, to the last bit
            measure.params.kpt_oks_sigmas = np.array(dataset.skeleton.sigmas)
        measure.evaluate()
    return measure


def _coco(images: int, annotations: list[dict[str, Any]]) -> COCO:
    """Make a COCO object of what would otherwise be in a file."""
    from pycocotools.coco import COCO

    # Any, because pycocotools does without the other fields of a file.
    content: Any = {
        "images": [{"id": i} for i in range(1, images + 1)],
        "annotations": annotations,
        "categories": [{"id": _PERSON, "name": "person"}],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = content
        coco.createIndex()
    return coco


def _people(dataset: Dataset, number: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    """Annotations, as COCO has them."""
    boxes = np.concatenate([dataset.boxes[:, :2], dataset.boxes[:, 2:] - dataset.boxes[:, :2]], 1)
    joints = np.concatenate([dataset.keypoints, dataset.visibility[..., None]], axis=2)
    return [
        {
            "id": i,
            "image_id": image,
            "category_id": _PERSON,
            "keypoints": flat,
            "num_keypoints": labeled,
            "bbox": box,
            "area": area,
            "iscrowd": crowd,
        }
        for i, (image, flat, labeled, box, area, crowd) in enumerate(
            zip(
                number[dataset.image_index].tolist(),
                joints.reshape(len(joints), joints.shape[1] * 3),
                (dataset.visibility > 0).sum(axis=1).tolist(),
                boxes.tolist(),
                dataset.areas.tolist(),
                dataset.crowd.astype(int).tolist(),
                strict=True,
            ),
            1,
        )
    ]


def _poses(predictions: Predictions, number: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    """Results, as ``COCO.loadRes`` makes them of a file without boxes."""
    points = predictions.keypoints
    finite = np.isfinite(points).all(axis=2, keepdims=True)
    # OKS with what is infinitely far is 0; with NaN it would pass every threshold.
    joints = np.concatenate([np.where(finite, points, np.inf), np.ones_like(points[..., :1])], 2)
    # An unmatched pose counts as wrong only among people of its own area, the extent of its joints.
    low = np.where(finite, points, np.inf).min(axis=1)
    high = np.where(finite, points, -np.inf).max(axis=1)
    sides = np.where(np.any(finite, axis=1), high - low, 0.0)
    return [
        {"id": i, "image_id": image, "category_id": _PERSON, "keypoints": flat,
         "area": area, "score": score}
        for i, (image, flat, area, score) in enumerate(
            zip(
                number[predictions.image_index].tolist(),
                joints.reshape(len(joints), joints.shape[1] * 3),
                sides.prod(axis=1).tolist(),
                predictions.scores.tolist(),
                strict=True,
            ),
            1,
        )
    ]  # fmt: skip
