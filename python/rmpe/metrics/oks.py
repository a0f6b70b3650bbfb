"""Object keypoint similarity (OKS), as COCO measures poses against annotated people."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import check_numbers, show

from ..arguments import as_floats, check_kind
from ..arrays import as_array
from ..datasets.dataset import Dataset
from .predictions import Predictions

__all__ = ["oks", "pairs_in_images"]

Floats = npt.NDArray[np.float64]


def oks(
    poses: Floats,
    keypoints: Floats,
    visibility: npt.NDArray[np.uint8],
    boxes: Floats,
    areas: Floats,
    sigmas: Sequence[float],
    *,
    variances: Floats | float = 0.0,
) -> Floats:
    """Measure poses against people, 0 unlike to 1 the same.

    The leading dimensions of all arguments are broadcast: ``poses[:, None]`` against the arrays of
    P people gives (R, P), and R poses against as many people give (R,).

    Parameters
    ----------
    poses : array (..., K, 2)
        x, y in pixels. A keypoint that is not finite, here or of a person, is right for nobody.
    keypoints, visibility, boxes, areas : arrays (..., K, 2), (..., K), (..., 4), (...)
        Of the people, as a `Dataset` has them.
    sigmas : sequence of K floats
        Of the skeleton.
    variances : array (...), optional
        Of where each person is, in x as in y, in square pixels; 0 where omitted, as COCO has it.

    Returns
    -------
    array (...), float64
        The mean over a person's labeled keypoints of ``exp(-d^2 / (2 ((2 sigma)^2 area +
        variance)))``, d being the distance of the pose's keypoint. Where a person has none, the
        mean over all K, d being the distance from the person's box made three times as wide and
        high.

    Raises
    ------
    TypeError, ValueError
        `sigmas` are not K numbers above 0, or the arrays hold no real numbers of such shapes.

    Examples
    --------
    >>> from rmpe.skeletons import COCO_17
    >>> person = np.full((1, 17, 2), 50.0)
    >>> poses = person + np.array([0.0, 5.0, 500.0])[:, None, None]
    >>> boxes, visible = np.array([[0.0, 0, 100, 100]]), np.full((1, 17), 2)
    >>> oks(poses[:, None], person, visible, boxes, np.array([5000.0]), COCO_17.sigmas).round(3)
    array([[1.   ],
           [0.647],
           [0.   ]])
    """
    poses = as_floats("poses", poses, (..., "K", 2))
    k = poses.shape[-2]
    keypoints = as_floats("keypoints", keypoints, (..., k, 2))
    flags = as_floats("visibility", visibility, (..., k))
    boxes, areas = as_floats("boxes", boxes, (..., 4)), as_floats("areas", areas, (...,))
    variances = as_floats("variances", as_array(variances), (...,))
    leading = (poses.shape[:-2], keypoints.shape[:-2], flags.shape[:-1], boxes.shape[:-1])
    try:
        shape = np.broadcast_shapes(*leading, areas.shape, variances.shape)
    except ValueError:
        raise ValueError(
            "the leading dimensions of poses, keypoints, visibility, boxes, areas and variances "
            f"must broadcast, got {', '.join(map(str, (*leading, areas.shape, variances.shape)))}"
        ) from None
    for name, values, least in (
        ("boxes", boxes, -math.inf),
        ("areas", areas, 0),
        ("variances", variances, 0),
    ):
        if not (np.isfinite(values) & (values >= least)).all():
            rule = "finite" if least else "finite, and from 0"
            raise ValueError(f"{name} must be {rule}, got {show(values)}")
    sigmas = check_numbers("sigmas", sigmas, k, "keypoint")
    if not all(0 < sigma < math.inf and 0 < sigma * sigma < math.inf for sigma in sigmas):
        raise ValueError(f"sigmas must be above 0 and finite, as their squares, got {show(sigmas)}")
    labeled = flags > 0
    count = labeled.sum(axis=-1)
    total: Floats = np.zeros(shape)
    # Too far for float64 is far enough.
    with np.errstate(over="ignore", invalid="ignore"):
        x1, y1, x2, y2 = np.moveaxis(boxes, -1, 0)
        width, height = x2 - x1, y2 - y1
        # A keypoint at a time, which needs no array of all distances of all pairs.
        for joint, sigma in enumerate(sigmas):
            x, y = poses[..., joint, 0], poses[..., joint, 1]
            dx = np.where(count, x - keypoints[..., joint, 0], _outside(x, x1 - width, x2 + width))
            dy = np.where(
                count, y - keypoints[..., joint, 1], _outside(y, y1 - height, y2 + height)
            )
            # The smallest of numbers keeps an area of 0 from dividing 0 by 0, as in pycocotools.
            tolerated = areas + variances / (2 * sigma) ** 2 + np.spacing(1)
            squares = (dx**2 + dy**2) / (2 * sigma) ** 2 / tolerated / 2
            counts = labeled[..., joint] | (count == 0)
            near = np.isfinite(x) & np.isfinite(y) & ~np.isnan(squares)
            total += np.where(counts & near, np.exp(-squares), 0.0)
    similarity: Floats = total / np.where(count, count, len(sigmas))
    return similarity


def _outside(value: Floats, low: Floats, high: Floats) -> Floats:
    """How far a value is from an interval; 0 within."""
    distance: Floats = np.maximum(low - value, 0) + np.maximum(value - high, 0)
    return distance


def pairs_in_images(
    dataset: Dataset, predictions: Predictions
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pair every pose with every person of its image.

    Returns
    -------
    rows, people : arrays (M,), int64
        Indices into the predictions, ascending, and into the people of the data set, ascending
        for each pose.

    Raises
    ------
    TypeError, ValueError
        An argument is of another type, or the predictions are of other images or another skeleton.

    Examples
    --------
    >>> rows, people = pairs_in_images(dataset, predictions)  # doctest: +SKIP
    >>> oks(predictions.keypoints[rows], dataset.keypoints[people], dataset.visibility[people],
    ...     dataset.boxes[people], dataset.areas[people], COCO_17.sigmas)  # doctest: +SKIP
    """
    check_kind("predictions", predictions, Predictions)
    predictions.check(dataset)
    starts = np.searchsorted(dataset.image_index, predictions.image_index, side="left")
    stops = np.searchsorted(dataset.image_index, predictions.image_index, side="right")
    counts = stops - starts
    rows = np.repeat(np.arange(len(predictions)), counts)
    # The place of each pair among those of its pose.
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows, starts[rows] + places
