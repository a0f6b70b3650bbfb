# Written by make update from rmpe_ext/ops/pose_nms.py; only the example is edited here.
"""Parametric pose NMS: removing poses that show one person twice, as RMPE does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..presets import DEFAULT_PRESET, PoseNMSPreset, PresetName
from ..return_types import NMSResult
from ..validation import numpy_arrays
from ..validation.pose_nms import validate_pose_nms
from ._library import library

__all__ = ["pose_nms"]


def pose_nms(
    keypoints: NDArray[Any],
    scores: NDArray[Any],
    boxes: NDArray[Any] | Sequence[Sequence[float]],
    *,
    preset: PresetName | PoseNMSPreset = DEFAULT_PRESET,
    pose_scores: NDArray[Any] | None = None,
    image_index: NDArray[Any] | Sequence[int] | None = None,
    **parameters: Any,
) -> NMSResult[NDArray[Any]]:
    """Parametric pose NMS: of several poses of one person, keep the most confident.

    Within each image, pick the most confident pose, suppress every pose that is too similar to it,
    and go on with the best of the rest. With the picked pose ``i`` as the reference, ``j`` is
    suppressed where ``d(i, j) > eta``,

    ``d(i, j) = sum_n [joint n matches] tanh(c_i / sigma1) tanh(c_j / sigma1)
    + lam * sum_n exp(-distance / sigma2)``.

    The paper prints "eliminate when d <= eta", although both terms grow with similarity: as printed
    it would remove the poses that differ. All released implementations suppress where ``d > eta``,
    and so does this one.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    boxes : ndarray (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2`` of the people in image pixels. The picked pose's box sets the tolerances;
        a box without width or height matches only joints that coincide.
    preset : str or PoseNMSPreset
        A name in :data:`rmpe_ext.presets.PRESETS`, which says what each is, or parameters of your
        own. A preset suits skeletons of as many joints as it was made for, because ``d`` grows with
        their number.
    pose_scores : ndarray (N,), optional
        Confidence of the poses. Default: the mean of the joint scores. Where results are ranked by
        another score, such as one that includes the detector's, pass that score, or the pose that
        is kept may be the one that is ranked lowest.
    image_index : ndarray (N,) or sequence of int, optional
        int64 or int32, any values in any order: poses of different images do not suppress each
        other. Default: all poses are of one image.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace: ``sigma1``, ``eta``, ...

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate, joint score or box
        that is not finite, or a pose score that is NaN, suppresses none and is kept.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value, or a keyword that is not a parameter; the
        message names it.

    References
    ----------
    Fang, Xie, Tai, Lu, "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017.

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
            *validate_pose_nms(
                numpy_arrays, keypoints, scores, boxes, preset, pose_scores, image_index, parameters
            )
        )
    )
