"""Removing the poses that show one person twice, by object keypoint similarity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arguments import ndarrays
from ..arguments.oks_nms import oks_nms_arguments, soft_oks_nms_arguments
from ..results import NMSResult, SoftNMSResult
from ._library import library

__all__ = ["oks_nms", "soft_oks_nms"]


def oks_nms(
    keypoints: np.ndarray,
    scores: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    pose_scores: np.ndarray | None = None,
    image_index: np.ndarray | None = None,
) -> NMSResult[np.ndarray]:
    """As :func:`rmpe_ext.oks_nms`, on arrays.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, 16-bit ones are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    areas : ndarray (N,)
        Of the people, in pixels^2, in the dtype of ``keypoints``.
    sigmas : ndarray (K,) or sequence of float, optional
        Spread of annotators at each joint; those of COCO where K is 17 unless given.
    pose_scores : ndarray (N,), optional
        What makes a pose the most confident.
    image_index : ndarray (N,), optional
        int64: poses of different images never suppress each other.
    threshold : float
        As :func:`rmpe_ext.oks_nms` takes it.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype or shape, a threshold outside 0..1, or missing sigmas.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> pose = np.arange(34.0).reshape(17, 2)
    >>> keypoints = np.stack([pose, pose + 0.1, pose + 500])
    >>> scores = np.repeat([[0.7], [0.9], [0.8]], 17, axis=1)
    >>> rmpe_ext.numpy.oks_nms(keypoints, scores, np.full(3, 1e4)).keep
    array([False,  True,  True])
    """
    return NMSResult(
        *library.oks_nms(
            *oks_nms_arguments(
                ndarrays, keypoints, scores, areas, sigmas, threshold, pose_scores, image_index
            )
        )
    )


def soft_oks_nms(
    keypoints: np.ndarray,
    scores: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    max_kept: int = 20,
    pose_scores: np.ndarray | None = None,
    image_index: np.ndarray | None = None,
) -> SoftNMSResult[np.ndarray]:
    """As :func:`rmpe_ext.soft_oks_nms`, on arrays.

    Parameters
    ----------
    keypoints, scores, areas, sigmas, image_index
        As in :func:`oks_nms`.
    pose_scores : ndarray (N,), optional
        The scores that are lowered, in the dtype of ``keypoints``.
    threshold, max_kept
        As :func:`rmpe_ext.soft_oks_nms` takes them.

    Returns
    -------
    SoftNMSResult
        ``keep`` (N,) bool, the lowered ``pose_scores`` (N,), and ``rank`` (N,) int64.

    Raises
    ------
    TypeError, ValueError
        As :func:`oks_nms` does, and for a ``max_kept`` below 1.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> pose = np.arange(34.0).reshape(17, 2)
    >>> keypoints = np.stack([pose, pose, pose + 500])
    >>> scores = np.repeat([[0.7], [0.9], [0.8]], 17, axis=1)
    >>> result = rmpe_ext.numpy.soft_oks_nms(keypoints, scores, np.full(3, 1e4), max_kept=2)
    >>> result.rank, result.pose_scores.round(4)
    (array([-1,  0,  1]), array([0.2304, 0.9   , 0.8   ]))
    """
    return SoftNMSResult(
        *library.soft_oks_nms(
            *soft_oks_nms_arguments(
                ndarrays, keypoints, scores, areas, sigmas, threshold, max_kept, pose_scores,
                image_index,
            )
        )
    )  # fmt: skip
