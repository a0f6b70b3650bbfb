# Written by make update from rmpe_ext/ops/merge_poses.py; only the example is edited here.
"""Merging each kept pose with the poses that it suppressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..presets import DEFAULT_PRESET, PoseNMSPreset, PresetName
from ..return_types import MergedPoses
from ..validation import numpy_arrays
from ..validation.merge_poses import validate_merge_poses
from ._library import library

__all__ = ["merge_poses"]


def merge_poses(
    keypoints: NDArray[Any],
    scores: NDArray[Any],
    boxes: NDArray[Any] | Sequence[Sequence[float]],
    suppressor: NDArray[Any],
    *,
    preset: PresetName | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> MergedPoses[NDArray[Any]]:
    """Replace each kept pose by the confidence-weighted mean of itself and what it suppressed.

    A suppression runs first; its ``suppressor`` says which poses belong together. Each joint is
    averaged over those poses whose joint lies within
    ``min(merge_radius, merge_box * longer side of the kept pose's box)`` of the kept one's:

    ``keypoint = sum s * keypoint / sum s``,    ``score = sum s^2 / sum s``.

    Then a kept pose whose best joint scores less than ``min_score``, before or after merging, is
    dropped.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : ndarray (N, K)
        Confidence ``s`` of the joints, in the dtype of ``keypoints``. A score of 0 or less counts
        as ``zero_score``.
    boxes : ndarray (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2`` of the people in image pixels. Only the boxes of kept poses matter. A box
        without width and height merges only joints that coincide.
    suppressor : ndarray (N,)
        int64, as :func:`rmpe_ext.numpy.pose_nms` and the other suppressions return it: the index of
        the pose that suppressed this one, its own index where it is kept. A pose whose suppressor
        is not kept, or is outside 0..N-1, is dropped and merged into none.
    preset : str or PoseNMSPreset
        The preset that gives the four parameters. Their values were released for ``"alphapose"``
        only; the other presets use the same.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace: ``merge_box``,
        ``merge_radius``, ``min_score``, ``zero_score``.

    Returns
    -------
    MergedPoses
        ``keypoints`` (N, K, 2), ``scores`` (N, K) and ``keep`` (N,) bool, in the order of the
        input. Suppressed poses are returned as they were, and so are kept poses that suppressed
        none, except that a score of 0 or less becomes ``zero_score``. A joint whose coordinates or
        score are not finite is merged into none; a kept pose's own stays as it is.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value, or a keyword that is not a parameter; the
        message names it.

    Notes
    -----
    *Images.* No ``image_index`` is needed: a pose and its suppressor are in one image.

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
            *validate_merge_poses(
                numpy_arrays, keypoints, scores, boxes, suppressor, preset, parameters
            )
        )
    )
