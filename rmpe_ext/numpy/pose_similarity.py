# Written by make update from rmpe_ext/ops/pose_similarity.py; only the example is edited here.
"""The similarity of poses that parametric pose NMS compares with its threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..presets import DEFAULT_PRESET, PoseNMSPreset, PresetName
from ..validation import numpy_arrays
from ..validation.pose_similarity import validate_pose_similarity
from ._library import library

__all__ = ["pose_similarity"]


def pose_similarity(
    keypoints: NDArray[Any],
    scores: NDArray[Any],
    boxes: NDArray[Any] | Sequence[Sequence[float]],
    *,
    preset: PresetName | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> NDArray[Any]:
    """Compare all poses with each other: the ``d`` that pose NMS compares with ``eta``.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    boxes : ndarray (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2`` of the people in image pixels.
    preset : str or PoseNMSPreset
        Parameters of ``d``; see :func:`rmpe_ext.numpy.pose_nms`. ``eta`` and the parameters
        ``near_*`` do not matter here.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace.

    Returns
    -------
    ndarray (N, N)
        ``[i, j]`` is ``d(i, j)``, larger for more similar poses, with ``i`` as the reference: its
        box sets the tolerances, so that the matrix is not symmetric. The row and the column of a
        pose with a value that is not finite are NaN.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value, or a keyword that is not a parameter; the
        message names it.

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
        *validate_pose_similarity(numpy_arrays, keypoints, scores, boxes, preset, parameters)
    )
