"""Removing the poses that show one person twice, by how many of their joints coincide."""

from __future__ import annotations

import numpy as np

from ..arguments import ndarrays
from ..arguments.nearby_joints_nms import nearby_joints_nms_arguments
from ..results import NMSResult
from ._library import library

__all__ = ["nearby_joints_nms"]


def nearby_joints_nms(
    keypoints: np.ndarray,
    scores: np.ndarray,
    *,
    distance: float = 0.05,
    max_near: int | None = None,
    pose_scores: np.ndarray | None = None,
    image_index: np.ndarray | None = None,
) -> NMSResult[np.ndarray]:
    """As :func:`rmpe_ext.nearby_joints_nms`, on arrays.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, 16-bit ones are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    pose_scores : ndarray (N,), optional
        What makes a pose the most confident.
    image_index : ndarray (N,), optional
        int64: poses of different images never suppress each other.
    distance, max_near
        As :func:`rmpe_ext.nearby_joints_nms` takes them.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype or shape, or a negative ``distance`` or ``max_near``.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> keypoints = np.float32([[[0, 0], [100, 0]], [[1, 1], [99, 0]], [[0, 0], [0, 9]]])
    >>> scores = np.float32([[0.8, 0.8], [0.7, 0.7], [0.6, 0.6]])
    >>> rmpe_ext.numpy.nearby_joints_nms(keypoints, scores).keep
    array([ True, False,  True])
    """
    return NMSResult(
        *library.nearby_joints_nms(
            *nearby_joints_nms_arguments(
                ndarrays, keypoints, scores, distance, max_near, pose_scores, image_index
            )
        )
    )
