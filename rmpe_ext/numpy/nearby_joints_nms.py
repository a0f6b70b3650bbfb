# Written by make update from rmpe_ext/ops/nearby_joints_nms.py; only the example is edited here.
"""Removing poses that show one person twice, by the number of joints that coincide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..return_types import NMSResult
from ..validation import numpy_arrays
from ..validation.nearby_joints_nms import validate_nearby_joints_nms
from ._library import library

__all__ = ["nearby_joints_nms"]


def nearby_joints_nms(
    keypoints: NDArray[Any],
    scores: NDArray[Any],
    *,
    distance: float = 0.05,
    max_near: int | None = None,
    pose_scores: NDArray[Any] | None = None,
    image_index: NDArray[Any] | Sequence[int] | None = None,
) -> NMSResult[NDArray[Any]]:
    """Of poses that share many joints, keep the most confident.

    Within each image, pick the most confident pose, suppress every pose with more than
    ``max_near`` joints near those of the picked one, and go on with the best of the rest. A joint
    is near within ``distance`` times the diagonal of the box around the picked pose's joints, so
    that neither boxes nor areas are needed. Bottom-up methods, whose poses share joints, suppress
    in this way.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    distance : float
        Fraction of the picked pose's diagonal, at least 0. A joint at exactly this distance is
        near. Where all joints of the picked pose coincide, only joints at the same place are near.
    max_near : int, optional
        A pose with more near joints than this is suppressed. Default: ``K // 2``.
    pose_scores : ndarray (N,), optional
        Confidence of the poses. Default: the mean of the joint scores.
    image_index : ndarray (N,) or sequence of int, optional
        int64 or int32, any values in any order: poses of different images do not suppress each
        other. Default: all poses are of one image.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate or joint score that is
        not finite, or a pose score that is NaN, suppresses none and is kept.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

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
            *validate_nearby_joints_nms(
                numpy_arrays, keypoints, scores, distance, max_near, pose_scores, image_index
            )
        )
    )
