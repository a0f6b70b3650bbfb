"""Removing the poses, or boxes, that show one person twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import ndarrays
from ..arguments.pose_nms import (
    box_nms_arguments,
    pose_nms_arguments,
    pose_similarity_arguments,
)
from ..presets import DEFAULT_PRESET, PoseNMSPreset
from ..results import NMSResult
from ._library import library

__all__ = ["box_nms", "pose_nms", "pose_similarity"]


def pose_similarity(
    keypoints: np.ndarray,
    scores: np.ndarray,
    boxes: np.ndarray,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> np.ndarray:
    """As :func:`rmpe_ext.pose_similarity`, on arrays.

    Parameters
    ----------
    keypoints, scores, boxes
        As in :func:`pose_nms`.
    preset, **parameters
        As :func:`rmpe_ext.pose_similarity` takes them.

    Returns
    -------
    ndarray (N, N)
        ``d(i, j)``, larger for more similar poses, with row ``i`` as the reference.

    Raises
    ------
    TypeError, ValueError
        As :func:`pose_nms` does.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> keypoints = np.float64([[[10, 10], [40, 90]], [[10, 10], [60, 90]]])
    >>> scores, boxes = np.ones((2, 2)), np.float64([[0, 0, 50, 100]] * 2)
    >>> d = rmpe_ext.numpy.pose_similarity(keypoints, scores, boxes, sigma1=0.1, sigma2=1, lam=1)
    >>> d.round(4).tolist()
    [[4.0, 2.0], [2.0, 4.0]]
    """
    return library.pose_similarity(
        *pose_similarity_arguments(ndarrays, keypoints, scores, boxes, preset, parameters)
    )


def pose_nms(
    keypoints: np.ndarray,
    scores: np.ndarray,
    boxes: np.ndarray,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    pose_scores: np.ndarray | None = None,
    image_index: np.ndarray | None = None,
    **parameters: Any,
) -> NMSResult[np.ndarray]:
    """As :func:`rmpe_ext.pose_nms`, on arrays.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, 16-bit ones are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    boxes : ndarray (N, 4)
        ``x1, y1, x2, y2`` of the people, in image pixels.
    pose_scores : ndarray (N,), optional
        What makes a pose the most confident.
    image_index : ndarray (N,), optional
        int64: poses of different images never suppress each other.
    preset, **parameters
        As :func:`rmpe_ext.pose_nms` takes them.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape, preset or parameter; the message names it.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> pose = np.arange(34.0).reshape(17, 2)
    >>> keypoints = np.stack([pose, pose + 0.1, pose + 500])
    >>> scores = np.repeat([[0.7], [0.9], [0.8]], 17, axis=1)
    >>> boxes = np.float64([[0, 0, 40, 40]] * 2 + [[500, 500, 540, 540]])
    >>> result = rmpe_ext.numpy.pose_nms(keypoints, scores, boxes, preset="alphapose")
    >>> result.keep, result.suppressor
    (array([False,  True,  True]), array([1, 1, 2]))
    """
    return NMSResult(
        *library.pose_nms(
            *pose_nms_arguments(
                ndarrays, keypoints, scores, boxes, preset, pose_scores, image_index, parameters
            )
        )
    )


def box_nms(
    boxes: np.ndarray,
    scores: np.ndarray,
    threshold: float,
    *,
    image_index: np.ndarray | None = None,
) -> NMSResult[np.ndarray]:
    """As :func:`rmpe_ext.box_nms`, on arrays.

    Parameters
    ----------
    boxes : ndarray (N, 4)
        ``x1, y1, x2, y2``; float32 or float64, 16-bit ones are computed in float32.
    scores : ndarray (N,)
        In the dtype of ``boxes``.
    threshold : float
        A box is suppressed where its IoU with a kept one is above this, in 0..1.
    image_index : ndarray (N,), optional
        int64: boxes of different images never suppress each other.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or threshold; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> boxes = np.float32([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10]])
    >>> rmpe_ext.numpy.box_nms(boxes, np.float32([0.8, 0.9, 0.7]), 0.5).keep
    array([False,  True,  True])
    """
    return NMSResult(
        *library.box_nms(*box_nms_arguments(ndarrays, boxes, scores, threshold, image_index))
    )
