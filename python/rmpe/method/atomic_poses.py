"""Atomic poses: the typical poses that people are grouped by (RMPE paper, pose-guided proposals).

Poses are aligned to one torso length and clustered by k-means. The centers are the atomic poses.
The authors never released this step.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..listing import listed
from ..skeletons import Skeleton

__all__ = ["AtomicPoses", "align_torsos", "fit_atomic_poses"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# A torso seen from its end is short. Its length counts as at least this part of the longer side of
# the pose, or a few such people would be blown up until they made clusters of their own.
_SHORTEST_TORSO = 0.2
# Clustering starts from so many choices of centers; the result with the smallest squares is kept.
_STARTS = 10
# Filling in and clustering by turns settles within about ten rounds on COCO's people.
_MOST_ROUNDS = 30


def align_torsos(keypoints: Floats, labeled: Bools, skeleton: Skeleton) -> tuple[Floats, Bools]:
    """Move the middle of each torso to 0 and scale the torso to length 1.

    The torso runs from the middle of the labeled shoulders to the middle of the labeled hips.
    Poses are not rotated: a person who lies is another atomic pose than one who stands.

    Parameters
    ----------
    keypoints : array (N, K, 2)
        Pixels.
    labeled : array (N, K) of bool
    skeleton : Skeleton
        With keypoints named ``left_shoulder``, ``right_shoulder``, ``left_hip``, ``right_hip``.

    Returns
    -------
    aligned : array (N, K, 2)
        NaN for a keypoint that is not labeled, and for every keypoint of a person without torso.
    has_torso : array (N,) of bool
        Whether a shoulder and a hip are labeled.

    Raises
    ------
    ValueError
        If the skeleton lacks one of the four keypoints.

    Examples
    --------
    >>> from rmpe.skeletons import COCO_17
    >>> standing = np.zeros((1, 17, 2))
    >>> standing[0, 11:13, 1] = 50  # hips 50 pixels below the shoulders
    >>> aligned, has_torso = align_torsos(standing, np.ones((1, 17), bool), COCO_17)
    >>> aligned[0, 5].tolist(), aligned[0, 11].tolist(), has_torso.tolist()
    ([0.0, -0.5], [0.0, 0.5], [True])
    """
    points = np.where(labeled[..., None], keypoints, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # people without any labeled keypoint
        shoulders = np.nanmean(points[:, _indices(skeleton, "shoulder")], axis=1)
        hips = np.nanmean(points[:, _indices(skeleton, "hip")], axis=1)
        extent = (np.nanmax(points, axis=1) - np.nanmin(points, axis=1)).max(axis=1)
    length = np.linalg.norm(shoulders - hips, axis=1)
    # NaN, where there is no torso, passes through.
    scale = np.maximum(length, _SHORTEST_TORSO * extent)
    has_torso = scale > 0
    scale = np.where(has_torso, scale, np.nan)
    aligned = (points - ((shoulders + hips) / 2)[:, None]) / scale[:, None, None]
    return aligned, has_torso


def _indices(skeleton: Skeleton, part: str) -> list[int]:
    names = [f"left_{part}", f"right_{part}"]
    missing = [name for name in names if name not in skeleton.keypoints]
    if missing:
        raise ValueError(
            f"skeleton must have shoulders and hips to align torsos; {skeleton.name} has no "
            f"{' and no '.join(missing)}"
        )
    return [skeleton.keypoints.index(name) for name in names]


@dataclass(frozen=True, eq=False)
class AtomicPoses:
    """The centers of clusters of aligned poses.

    Attributes
    ----------
    skeleton : Skeleton
    centers : array (A, K, 2)
        As `align_torsos` gives poses: torso of length 1, its middle at 0; y points down.
    """

    skeleton: Skeleton
    centers: Floats

    def __len__(self) -> int:
        """Return the number of atomic poses, A."""
        return len(self.centers)

    def assign(self, keypoints: Floats, labeled: Bools) -> npt.NDArray[np.int64]:
        """Say which atomic pose each person is nearest to, over the labeled keypoints.

        Parameters
        ----------
        keypoints : array (N, K, 2)
            Pixels.
        labeled : array (N, K) of bool

        Returns
        -------
        array (N,), int64
            0..A-1, and A for people without torso, who form a group of their own.
        """
        aligned, has_torso = align_torsos(keypoints, labeled, self.skeleton)
        group = np.full(len(aligned), len(self.centers), np.int64)
        group[has_torso] = _nearest(aligned[has_torso], self.centers)
        return group


def fit_atomic_poses(
    keypoints: Floats, labeled: Bools, skeleton: Skeleton, *, count: int = 8, seed: int = 0
) -> AtomicPoses:
    """Cluster poses, of which keypoints may be missing, by k-means.

    Missing keypoints are filled in from the center of the person's cluster, and all are clustered
    again, until no person changes clusters: Chi, Chi, Baraniuk, "k-POD: a method for k-means
    clustering of missing data", The American Statistician 2016 (arXiv 1411.7013).

    Parameters
    ----------
    keypoints : array (N, K, 2)
        Pixels.
    labeled : array (N, K) of bool
    skeleton : Skeleton
    count : int
        Number of atomic poses, at least 1.
    seed : int
        Of the first centers.

    Returns
    -------
    AtomicPoses
        The one with most people first.

    Raises
    ------
    ValueError
        If fewer people than ``count`` have a torso, or a keypoint is never labeled.
    """
    from sklearn.cluster import KMeans

    aligned, has_torso = align_torsos(keypoints, labeled, skeleton)
    poses = aligned[has_torso].reshape(has_torso.sum(), -1)
    if not 1 <= count <= len(poses):
        raise ValueError(
            f"count must be 1 to the number of people whose torso is labeled, {len(poses)}, "
            f"got {count}"
        )
    missing = np.isnan(poses)
    never: Bools = np.all(missing, axis=0)[::2]
    if never.any():
        names = listed(np.array(skeleton.keypoints)[never])
        raise ValueError(f"every keypoint must be labeled on someone; never labeled: {names}")
    filled = np.where(missing, np.nanmean(poses, axis=0), poses)
    cluster: Any = KMeans  # the parameters and results of sklearn have no types
    starts = [
        _fill_and_cluster(poses, cluster(count, n_init=1, random_state=seed + start).fit(filled))
        for start in range(_STARTS)
    ]
    clusters = min(starts, key=lambda fit: float(fit.inertia_))
    centers = clusters.cluster_centers_.reshape(count, len(skeleton), 2)
    people = np.bincount(_nearest(aligned[has_torso], centers), minlength=count)
    return AtomicPoses(skeleton, centers[np.argsort(-people, kind="stable")])


def _fill_and_cluster(poses: Floats, clusters: Any) -> Any:
    """Fill in from the clusters' centers and cluster again, by turns, until nobody moves."""
    missing = np.isnan(poses)
    for _ in range(_MOST_ROUNDS):
        labels, centers = clusters.labels_, clusters.cluster_centers_.copy()
        # The mean of what is labeled is what filling in by turns would come to in the end.
        for i in range(len(centers)):
            own = poses[labels == i]
            known = ~np.isnan(own).all(axis=0)
            centers[i, known] = np.nanmean(own[:, known], axis=0)
        filled = np.where(missing, centers[labels], poses)
        clusters = type(clusters)(len(centers), init=centers, n_init=1).fit(filled)
        if np.array_equal(clusters.labels_, labels):
            break
    return clusters


def _nearest(aligned: Floats, centers: Floats) -> npt.NDArray[np.int64]:
    """The center (N,) that is nearest to each pose, by the mean square over its keypoints."""
    square = ((aligned[:, None] - centers) ** 2).sum(-1)
    nearest: npt.NDArray[np.int64] = np.nanmean(square, axis=-1).argmin(axis=1)
    return nearest
