# Written by make update from rmpe_ext/ops/soft_oks_nms.py; only the example is edited here.
"""Lowering the scores of poses that resemble better ones (soft-NMS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..return_types import SoftNMSResult
from ..validation import numpy_arrays
from ..validation.soft_oks_nms import validate_soft_oks_nms
from ._library import library

__all__ = ["soft_oks_nms"]


def soft_oks_nms(
    keypoints: NDArray[Any],
    scores: NDArray[Any],
    areas: NDArray[Any],
    sigmas: NDArray[Any] | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    max_kept: int = 20,
    pose_scores: NDArray[Any] | None = None,
    image_index: NDArray[Any] | Sequence[int] | None = None,
) -> SoftNMSResult[NDArray[Any]]:
    """Lower the scores of poses that resemble better ones, and keep the best of each image.

    Within each image, pick the pose of the highest score, multiply the score of every other pose by
    ``exp(-OKS^2 / threshold)``, with the OKS of :func:`rmpe_ext.numpy.oks_nms`, and go on with the
    rest until ``max_kept`` poses are picked. No pose is dropped for its similarity alone, but a
    pose similar to a better one is picked late, with a low score.

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
        Above 0. The larger, the less a score is lowered: an identical pose keeps
        ``exp(-1 / threshold)`` of its own.
    max_kept : int
        Largest number of poses to keep in an image; at least 1.
    pose_scores : ndarray (N,), optional
        The scores to lower, in the dtype of ``keypoints``. Default: the mean of the joint scores.
    image_index : ndarray (N,) or sequence of int, optional
        int64 or int32, any values in any order: poses of different images do not suppress each
        other. Default: all poses are of one image.

    Returns
    -------
    SoftNMSResult
        ``keep`` (N,) bool, the lowered ``pose_scores`` (N,), and ``rank`` (N,) int64, the order in
        which the kept poses of an image were picked, -1 for the others; all in the order of the
        input. ``pose_scores[i]`` of a kept pose is its score when it was picked. Of equal scores
        the lower index is picked. A pose with a coordinate, joint score, area or pose score that is
        not finite lowers no score and keeps its own; it comes last, in the order of the input, and
        is kept where ``max_kept`` leaves room.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    References
    ----------
    Bodla, Singh, Chellappa, Davis, "Soft-NMS: Improving Object Detection With One Line of Code",
    ICCV 2017, with OKS in place of the IoU of boxes.

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
            *validate_soft_oks_nms(
                numpy_arrays,
                keypoints,
                scores,
                areas,
                sigmas,
                threshold,
                max_kept,
                pose_scores,
                image_index,
            )
        )
    )
