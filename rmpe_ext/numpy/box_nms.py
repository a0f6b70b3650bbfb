# Written by make update from rmpe_ext/ops/box_nms.py; only the example is edited here.
"""Removing boxes that overlap better ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..return_types import NMSResult
from ..validation import numpy_arrays
from ..validation.box_nms import validate_box_nms
from ._library import library

__all__ = ["box_nms"]


def box_nms(
    boxes: NDArray[Any] | Sequence[Sequence[float]],
    scores: NDArray[Any],
    threshold: float,
    *,
    image_index: NDArray[Any] | Sequence[int] | None = None,
) -> NMSResult[NDArray[Any]]:
    """Greedy non-maximum suppression: of boxes that overlap, keep the best.

    The result is that of ``torchvision.ops.nms``, as a mask. Images are told apart by their index;
    ``torchvision.ops.batched_nms`` shifts their boxes instead.

    Parameters
    ----------
    boxes : ndarray (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2``, continuous: the area is ``(x2 - x1) * (y2 - y1)``, and 0 where
        ``x2 <= x1`` or ``y2 <= y1``. float32 or float64; 16-bit dtypes are computed in float32.
    scores : ndarray (N,)
        In the dtype of ``boxes``.
    threshold : float
        IoU in 0..1 above which a box is suppressed. Two boxes without area have IoU 0.
    image_index : ndarray (N,) or sequence of int, optional
        int64 or int32, any values in any order: boxes of different images do not suppress each
        other. Default: all boxes are of one image.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equal scores
        the lower index wins. A box with a coordinate that is not finite, or a score that is NaN,
        suppresses none and is kept.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> boxes = np.float32([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10]])
    >>> rmpe_ext.numpy.box_nms(boxes, np.float32([0.8, 0.9, 0.7]), 0.5).keep
    array([False,  True,  True])
    """
    return NMSResult(
        *library.box_nms(*validate_box_nms(numpy_arrays, boxes, scores, threshold, image_index))
    )
