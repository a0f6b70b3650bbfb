# Written by make update from rmpe_ext/ops/oks_nms.py; only the example is edited here.
"""Removing poses that show one person twice, by object keypoint similarity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..return_types import NMSResult
from ..validation import numpy_arrays
from ..validation.oks_nms import validate_oks_nms
from ._library import library

__all__ = ["oks_nms"]


def oks_nms(
    keypoints: NDArray[Any],
    scores: NDArray[Any],
    areas: NDArray[Any],
    sigmas: NDArray[Any] | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    pose_scores: NDArray[Any] | None = None,
    image_index: NDArray[Any] | Sequence[int] | None = None,
) -> NMSResult[NDArray[Any]]:
    """Of poses with a high object keypoint similarity (OKS), keep the most confident.

    Within each image, pick the most confident pose, suppress every pose ``j`` whose OKS with the
    picked pose ``i`` is above the threshold, and go on with the best of the rest:

    ``OKS(i, j) = mean_n exp(-|k_i - k_j|^2 / (2 (2 sigma_n)^2 ((area_i + area_j) / 2 + eps)))``,
    where ``eps`` is the spacing of float64 at 1. The mean is over all joints, whatever they score.

    Parameters
    ----------
    keypoints : ndarray (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : ndarray (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    areas : ndarray (N,)
        Areas of the people's segments or boxes in pixels^2, in the dtype of ``keypoints``. A
        negative area counts as 0.
    sigmas : ndarray (K,) or sequence of float, optional
        Standard deviation of annotators at each joint, relative to the square root of the area;
        above 0. Default where K is 17: those of COCO.
    threshold : float
        OKS in 0..1 above which a pose is suppressed.
    pose_scores : ndarray (N,), optional
        Confidence of the poses. Default: the mean of the joint scores.
    image_index : ndarray (N,) or sequence of int, optional
        int64 or int32, any values in any order: poses of different images do not suppress each
        other. Default: all poses are of one image.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate, joint score or area
        that is not finite, or a pose score that is NaN, suppresses none and is kept.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    References
    ----------
    OKS: https://cocodataset.org/#keypoints-eval. NMS by OKS: Papandreou et al., "Towards Accurate
    Multi-person Pose Estimation in the Wild", CVPR 2017.

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
            *validate_oks_nms(
                numpy_arrays, keypoints, scores, areas, sigmas, threshold, pose_scores, image_index
            )
        )
    )
