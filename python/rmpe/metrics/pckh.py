"""PCKh, MPII's share of correct keypoints.

A keypoint is correct where it is within a share, .5 by custom, of the head size from the true one.
The head size is .6 times the diagonal of MPII's head box. The upper neck and the head top lie .8
of that diagonal apart, so it is .75 times their distance, and needs no box.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_real, show

from ..arguments import as_floats, check_kind
from ..datasets.dataset import Dataset, DatasetError

__all__ = ["KeypointShares", "head_sizes", "pckh"]

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
    check_kind("dataset", dataset, Dataset)
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
    TypeError, ValueError
        An argument is of another type, the keypoints have another shape, `threshold` is below 0,
        `leave_out` holds other names, or nothing is labeled.
    """
    check_kind("dataset", dataset, Dataset)
    keypoints = as_floats("keypoints", keypoints, dataset.keypoints.shape)
    check_real(TYPES, "threshold", threshold, "a finite number from 0", least=0, below=math.inf)
    sizes = head_sizes(dataset)
    counted = _counted(dataset, sizes, leave_out)
    right = counted & _near(keypoints, dataset.keypoints, sizes, threshold)
    with np.errstate(invalid="ignore"):
        shares = right.sum(axis=0) / counted.sum(axis=0)
    return KeypointShares(_by_name(dataset, shares, leave_out), float(right.sum() / counted.sum()))


def _counted(dataset: Dataset, sizes: Floats, leave_out: Collection[str]) -> Bools:
    """Which keypoints (P, K) count."""
    names = dataset.skeleton.keypoints
    if isinstance(leave_out, str) or not isinstance(leave_out, Collection):
        raise TypeError(f"leave_out must be a collection of names, got {show(leave_out)}")
    unknown = [name for name in leave_out if name not in names]
    if unknown:
        raise ValueError(f"leave_out must be among {', '.join(names)}, got {show(unknown)}")
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
    with np.errstate(over="ignore", invalid="ignore"):  # Too far for float64 is far enough.
        distance = np.linalg.norm(poses - keypoints, axis=2)
    # False for NaN.
    near: Bools = distance <= threshold * sizes[:, None]
    return near


def _by_name(dataset: Dataset, values: Floats, leave_out: Collection[str]) -> dict[str, float]:
    pairs = zip(dataset.skeleton.keypoints, values.tolist(), strict=True)
    return {name: value for name, value in pairs if name not in leave_out}
