"""Merging a kept pose with the poses that it suppressed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import ndarrays
from ..arguments.merge_poses import merge_poses_arguments
from ..presets import DEFAULT_PRESET, PoseNMSPreset
from ..results import MergedPoses
from ._library import library

__all__ = ["merge_poses"]


def merge_poses(
    keypoints: np.ndarray,
    scores: np.ndarray,
    boxes: np.ndarray,
    suppressor: np.ndarray,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> MergedPoses[np.ndarray]:
    """As :func:`rmpe_ext.merge_poses`, on arrays.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, 16-bit ones are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    boxes : ndarray (N, 4)
        ``x1, y1, x2, y2`` of the people, in image pixels.
    suppressor : ndarray (N,)
        int64, as a suppression returned it.
    preset, **parameters
        As :func:`rmpe_ext.merge_poses` takes them.

    Returns
    -------
    MergedPoses
        ``keypoints`` (N, K, 2), ``scores`` (N, K) and ``keep`` (N,) bool.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape, preset or parameter; the message names it.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> keypoints = np.float64([[[10, 10], [50, 90]], [[14, 10], [90, 90]]])
    >>> scores = np.float64([[0.75, 0.75], [0.25, 0.25]])
    >>> boxes = np.float64([[0, 0, 100, 100]] * 2)
    >>> merged = rmpe_ext.numpy.merge_poses(keypoints, scores, boxes, np.array([0, 0]))
    >>> merged.keypoints[0].tolist(), merged.keep.tolist()
    ([[11.0, 10.0], [50.0, 90.0]], [True, False])
    """
    return MergedPoses(
        *library.merge_poses(
            *merge_poses_arguments(
                ndarrays, keypoints, scores, boxes, suppressor, preset, parameters
            )
        )
    )
