# Written by make update from rmpe_ext/ops/soft_argmax.py; only the example is edited here.
"""The mean position under the softmax of a heatmap."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..validation import numpy_arrays
from ..validation.soft_argmax import validate_soft_argmax
from ._library import library

__all__ = ["soft_argmax"]


def soft_argmax(heatmaps: NDArray[Any], *, beta: float = 1.0) -> NDArray[Any]:
    """Return the mean pixel of each heatmap under its softmax.

    ``sum_p p * w_p`` over the pixels ``p = (x, y)``, with ``w = softmax(beta * heatmap)`` over the
    whole map (Sun et al., "Integral human pose regression", 2018). The larger ``beta``, the nearer
    to the maximum.

    Parameters
    ----------
    heatmaps : ndarray (N, K, H, W)
        float32, float64, float16 or bfloat16. Minus infinity masks a pixel.
    beta : float
        Above 0; the inverse of the softmax's temperature.

    Returns
    -------
    ndarray (N, K, 2)
        ``x, y`` in heatmap pixels. In the dtype of ``heatmaps``, float32 for 16-bit dtypes. NaN for
        a map with a NaN, with plus infinity, or with minus infinity only.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> heatmaps = np.zeros((1, 1, 9, 9))
    >>> heatmaps[0, 0, 3, 5] = heatmaps[0, 0, 3, 6] = 1.0
    >>> rmpe_ext.numpy.soft_argmax(heatmaps, beta=40.0).round(4).tolist()
    [[[5.5, 3.0]]]
    """
    return library.soft_argmax(*validate_soft_argmax(numpy_arrays, heatmaps, beta))[0]
