"""PCKh, MPII's share of correct keypoints, and its average precision for several people.

A keypoint is correct where it is within a share, .5 by custom, of the head size from the true one.
The head size is .6 times the diagonal of MPII's head box. The upper neck and the head top lie .8
of that diagonal apart, so it is .75 times their distance, and needs no box.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..datasets.dataset import Dataset, DatasetError
from .oks import pairs_in_images
from .predictions import Predictions

__all__ = ["KeypointShares", "head_sizes", "multi_person_ap", "pckh"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Nobody annotated these by hand, and MPII leaves them out.
LEFT_OUT = ("pelvis", "thorax")


@dataclass(frozen=True)
class KeypointShares:
    """A measure of each kind of keypoint, 0..1, and one of all.

    Attributes
    ----------
    keypoints : dict of str to float
        By the skeleton's names, those left out not among them; NaN where none is labeled.
    mean : float
    """

    keypoints: dict[str, float]
    mean: float


def head_sizes(dataset: Dataset) -> Floats:
    """Give the head size of each person, (P,), in pixels.

    NaN where the neck or the head top is not labeled, or both are one point.

    Raises
    ------
    DatasetError
        The skeleton has no such keypoints.
    """
    names = dataset.skeleton.keypoints
    if not {"neck", "head_top"} <= set(names):
        raise DatasetError(
            f"{dataset.annotations} must have the keypoints neck and head_top, whose distance "
            f"PCKh is relative to; {dataset.skeleton.name} has not"
        )
    ends = [names.index("neck"), names.index("head_top")]
    neck, top = np.moveaxis(dataset.keypoints[:, ends], 1, 0)
    distance = np.linalg.norm(top - neck, axis=1)
    known = np.all(dataset.visibility[:, ends] > 0, axis=1) & (distance > 0)
    sizes: Floats = np.where(known, 0.75 * distance, np.nan)
    return sizes


def pckh(
    dataset: Dataset,
    keypoints: Floats,
    *,
    threshold: float = 0.5,
    leave_out: Collection[str] = LEFT_OUT,
) -> KeypointShares:
    """Measure one pose for each annotated person: the share of labeled keypoints it has right.

    Parameters
    ----------
    dataset : Dataset
        Of a skeleton with the keypoints ``neck`` and ``head_top``.
    keypoints : array (P, K, 2)
        x, y in pixels, in the order of the data set's people. One that is not finite is wrong.
    threshold : float
        In head sizes.
    leave_out : collection of str
        Names of keypoints that do not count.

    Returns
    -------
    KeypointShares
        The mean is over all keypoints that count, so those that are labeled more often weigh more.

    Raises
    ------
    ValueError
        The keypoints have another shape, or nothing is labeled.
    """
    if keypoints.shape != dataset.keypoints.shape:
        raise ValueError(f"keypoints must be {dataset.keypoints.shape}, got {keypoints.shape}")
    sizes = head_sizes(dataset)
    counted = _counted(dataset, sizes, leave_out)
    right = counted & _near(keypoints, dataset.keypoints, sizes, threshold)
    with np.errstate(invalid="ignore"):
        shares = right.sum(axis=0) / counted.sum(axis=0)
    return KeypointShares(_by_name(dataset, shares, leave_out), float(right.sum() / counted.sum()))


def multi_person_ap(
    dataset: Dataset,
    predictions: Predictions,
    *,
    threshold: float = 0.5,
    leave_out: Collection[str] = LEFT_OUT,
) -> KeypointShares:
    """Average precision of each kind of keypoint over images of several people, and their mean.

    As Pishchulin et al. (DeepCut, CVPR 2016) measure MPII: a pose goes to the person of its image
    of whom it has the greatest share of keypoints right, and of the poses that go to a person the
    one with the greatest share is matched. Its keypoints are right or wrong by distance; all those
    of other poses are wrong. Precision and recall then run down the scores of the keypoints. The
    regions of MPII's test server, which limit it to groups of people, are not taken into account.

    Parameters
    ----------
    dataset, threshold, leave_out
        As `pckh` takes them.
    predictions : Predictions
        A keypoint that is not finite is not there: it is neither right nor wrong.

    Returns
    -------
    KeypointShares
        The mean is over the kinds of keypoints.

    Raises
    ------
    ValueError
        Nothing is labeled.
    """
    sizes = head_sizes(dataset)
    counted = _counted(dataset, sizes, leave_out)
    rows, people = pairs_in_images(dataset, predictions)
    near = _near(predictions.keypoints[rows], dataset.keypoints[people], sizes[people], threshold)
    near &= counted[people]
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num(near.sum(axis=1) / counted[people].sum(axis=1))
    best = _first_of_each(rows, share)
    best = best[share[best] > 0]
    matched = best[_first_of_each(people[best], share[best])]
    right = np.zeros(predictions.keypoints.shape[:2], np.bool_)
    right[rows[matched]] = near[matched]

    there = np.all(np.isfinite(predictions.keypoints), axis=2)
    names = dataset.skeleton.keypoints
    aps = np.array([
        _average_precision(
            right[there[:, k], k], predictions.keypoint_scores[there[:, k], k], counted[:, k].sum()
        )
        for k in range(len(names))
    ])  # fmt: skip
    shares = _by_name(dataset, aps, leave_out)
    return KeypointShares(shares, float(np.nanmean(list(shares.values()))))


def _counted(dataset: Dataset, sizes: Floats, leave_out: Collection[str]) -> Bools:
    """Which keypoints (P, K) count."""
    names = dataset.skeleton.keypoints
    unknown = set(leave_out) - set(names)
    if unknown:
        raise ValueError(f"leave_out must be among {', '.join(names)}, got {', '.join(unknown)}")
    counted: Bools = (dataset.visibility > 0) & ~np.isnan(sizes)[:, None]
    counted &= ~np.isin(names, list(leave_out))
    if not counted.any():
        raise DatasetError(
            f"{dataset.annotations}: at least one person must have a labeled neck, head_top and "
            f"keypoint that counts, got none of {len(counted)}; nothing can be measured"
        )
    return counted


def _near(poses: Floats, keypoints: Floats, sizes: Floats, threshold: float) -> Bools:
    """Whether keypoints (N, K, 2) of poses are close enough to those of as many people, (N, K)."""
    distance = np.linalg.norm(poses - keypoints, axis=2)
    # False for NaN.
    near: Bools = distance <= threshold * sizes[:, None]
    return near


def _by_name(dataset: Dataset, values: Floats, leave_out: Collection[str]) -> dict[str, float]:
    pairs = zip(dataset.skeleton.keypoints, values.tolist(), strict=True)
    return {name: value for name, value in pairs if name not in leave_out}


def _first_of_each(group: npt.NDArray[np.int64], value: Floats) -> npt.NDArray[np.int64]:
    """Index of the greatest value of each group, the first one where several are."""
    order = np.lexsort((-value, group))
    return order[np.unique(group[order], return_index=True)[1]]


def _average_precision(right: Bools, scores: Floats, labeled: int) -> float:
    """Area under precision over recall, precision made to fall: as PASCAL VOC has it since 2010."""
    if not labeled:
        return float("nan")
    found = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision = found / np.arange(1, len(found) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall grows by as much with every keypoint that is right.
    return float(best[np.diff(found, prepend=0) > 0].sum() / labeled)
