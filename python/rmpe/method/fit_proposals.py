"""Fitting the pose-guided proposals generator (PGPG) to a detector's own errors.

The paper names two steps that its authors never released: align poses and cluster them into atomic
poses, and fit a Gaussian mixture to the offsets between detected and true boxes of each cluster.

One step is ours. With a few hundred people a pose, mixtures that are fitted to each pose by itself
describe unseen people worse than one mixture for everybody does. So everybody's mixture is fitted
first, and each pose's is adapted from it, the more the more people there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..datasets.dataset import Dataset
from ..metrics.box_iou import box_iou
from .atomic_poses import Floats, fit_atomic_poses
from .mixtures import Mixture, adapt_mixture, fit_mixture, log_density
from .proposals import RELEASED, Proposals

__all__ = ["ProposalFit", "edge_offsets", "fit_proposals", "match_detections"]

Indices = npt.NDArray[np.int64]

_FOLDS = 5
# People whom a mixture of their own needs; where fewer share a pose, everybody's is adapted.
_FEWEST_ALONE = 30


@dataclass(frozen=True, eq=False)
class ProposalFit:
    """Fitted proposals, and what they were fitted to.

    Attributes
    ----------
    proposals : Proposals
    people : array (M,), int64
        The people of the data set who were detected.
    offsets : array (M, 4)
        Of each, from the true box to the detected one; see `Mixture`.
    groups : array (M,), int64
        The mixture of each.
    log_likelihood : dict of str to float
        Mean logarithm of the density of offsets of people in images that were not fitted to, under
        ``released`` (the authors' Gaussian), ``one Gaussian``, ``one mixture``, ``per pose`` (the
        result) and ``per pose alone`` (as in the paper: mixtures that know only their pose). The
        higher, the better a model describes the detector's errors.
    """

    proposals: Proposals
    people: Indices
    offsets: Floats
    groups: Indices
    log_likelihood: dict[str, float]


def match_detections(
    true_boxes: Floats,
    true_image: Indices,
    boxes: Floats,
    image: Indices,
    *,
    min_iou: float = 0.5,
) -> tuple[Indices, Indices]:
    """Pair people with detections, one to one, so that the sum of the IoUs in an image is greatest.

    Parameters
    ----------
    true_boxes : array (P, 4)
    true_image : array (P,)
        The image of each, any whole numbers.
    boxes : array (D, 4)
        Detections.
    image : array (D,)
    min_iou : float
        Lowest IoU of a pair.

    Returns
    -------
    people, detections : arrays (M,)
        Indices of the pairs, people ascending.

    Examples
    --------
    >>> true = np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    >>> found = np.array([[21.0, 0, 31, 10], [50, 50, 60, 60], [0, 0, 10, 11]])
    >>> match_detections(true, np.zeros(2, int), found, np.zeros(3, int))
    (array([0, 1]), array([2, 0]))
    """
    from scipy.optimize import linear_sum_assignment

    people: list[Indices] = []
    detections: list[Indices] = []
    for one in np.unique(true_image):
        rows, columns = np.flatnonzero(true_image == one), np.flatnonzero(image == one)
        iou = box_iou(true_boxes[rows][:, None], boxes[columns])
        # Pairs that would not count must not draw partners from those that do.
        iou[iou < min_iou] = 0
        row, column = linear_sum_assignment(iou, maximize=True)
        paired = iou[row, column] > 0
        people.append(rows[row[paired]])
        detections.append(columns[column[paired]])
    empty = np.empty(0, np.int64)
    found, chosen = np.concatenate([empty, *people]), np.concatenate([empty, *detections])
    order = np.argsort(found, kind="stable")
    return found[order], chosen[order]


def edge_offsets(true_boxes: Floats, boxes: Floats) -> Floats:
    """Offsets (M, 4) of each edge, in sides of the true box; see `Mixture`."""
    sides = np.tile(true_boxes[:, 2:] - true_boxes[:, :2], 2)
    offsets: Floats = (boxes - true_boxes) / sides
    return offsets


def fit_proposals(
    dataset: Dataset,
    boxes: Floats,
    image_index: Indices,
    *,
    atomic_poses: int = 8,
    min_iou: float = 0.5,
    most_components: int = 6,
    prior: float = 64,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> ProposalFit:
    """Fit atomic poses and their mixtures of offsets.

    Parameters
    ----------
    dataset : Dataset
        Annotated people. Those without a labeled keypoint, crowds, and boxes without area are left
        out.
    boxes : array (D, 4)
        Detections in its images, ``x1, y1, x2, y2``.
    image_index : array (D,)
        The image of each, an index into those of the data set.
    atomic_poses : int
    min_iou : float
        See `match_detections`. What lies farther off counts as not detected.
    most_components : int
        Of each mixture.
    prior : float
        See `adapt_mixture`. 0 fits each pose's mixture to its people alone, as in the paper.
    seed : int
    progress : callable, optional
        Called with 1 after each of the folds and the final fit, 6 times in all.

    Raises
    ------
    ValueError
        If too few people were detected, or few have a torso.
    """
    sides = dataset.boxes[:, 2:] - dataset.boxes[:, :2]
    usable = np.flatnonzero(dataset.labeled & (sides > 0).all(axis=1))
    found, chosen = match_detections(
        dataset.boxes[usable], dataset.image_index[usable], boxes, image_index, min_iou=min_iou
    )
    people = usable[found]
    least = 5 * _FOLDS
    images = np.unique(dataset.image_index[people])
    if len(people) < least or len(images) < _FOLDS:
        raise ValueError(
            f"detections must match at least {least} annotated people in {_FOLDS} images or more, "
            f"got {len(people)} of {len(usable)} in {len(images)} (IoU at least {min_iou:g})"
        )
    offsets = edge_offsets(dataset.boxes[people], boxes[chosen])

    joints, labeled = dataset.keypoints[people], dataset.visibility[people] > 0

    def fit(rows: Indices, everybody: Mixture, prior: float) -> Proposals:
        poses = fit_atomic_poses(
            joints[rows], labeled[rows], dataset.skeleton, count=atomic_poses, seed=seed
        )
        groups = poses.assign(joints[rows], labeled[rows])
        mixtures = []
        for group in range(len(poses) + 1):
            own = offsets[rows][groups == group]
            if prior or len(own) < _FEWEST_ALONE:
                mixture = adapt_mixture(everybody, own, prior=prior or _FEWEST_ALONE)
            else:
                mixture = fit_mixture(own, most_components=most_components, seed=seed)
            mixtures.append(mixture)
        return Proposals(mixtures, poses)

    def density(proposals: Proposals, rows: Indices) -> Floats:
        groups = proposals.groups(joints[rows], labeled[rows])
        values = np.empty(len(rows))
        for group in np.unique(groups):
            values[groups == group] = log_density(
                proposals.mixtures[group], offsets[rows][groups == group]
            )
        return values

    # Whole images are held out: people in one photograph are alike.
    fold = np.random.default_rng(seed).permutation(len(images)) % _FOLDS
    fold_of = fold[np.searchsorted(images, dataset.image_index[people])]
    held_out: dict[str, list[Floats]] = {}
    for k in range(_FOLDS):
        inside, outside = np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)
        gaussian = fit_mixture(offsets[inside], most_components=1, seed=seed)
        everybody = fit_mixture(offsets[inside], most_components=most_components, seed=seed)
        for name, model in {
            "released": RELEASED,
            "one Gaussian": Proposals([gaussian]),
            "one mixture": Proposals([everybody]),
            "per pose": fit(inside, everybody, prior),
            "per pose alone": fit(inside, everybody, 0),
        }.items():
            held_out.setdefault(name, []).append(density(model, outside))
        if progress:
            progress(1)
    everyone = np.arange(len(people))
    everybody = fit_mixture(offsets, most_components=most_components, seed=seed)
    proposals = fit(everyone, everybody, prior)
    if progress:
        progress(1)
    return ProposalFit(
        proposals=proposals,
        people=people,
        offsets=offsets,
        groups=proposals.groups(joints, labeled),
        log_likelihood={name: float(np.concatenate(v).mean()) for name, v in held_out.items()},
    )
