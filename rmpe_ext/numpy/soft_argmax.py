"""The mean position under the softmax of a heatmap."""

from __future__ import annotations

import numpy as np

from ..arguments import ndarrays
from ..arguments.soft_argmax import soft_argmax_arguments
from ._library import library

__all__ = ["soft_argmax"]


def soft_argmax(heatmaps: np.ndarray, *, beta: float = 1.0) -> np.ndarray:
    """As :func:`rmpe_ext.soft_argmax`, on arrays and without a gradient.

    Parameters
    ----------
    heatmaps : ndarray (N, K, H, W)
        float32, float64, float16 or ml_dtypes' bfloat16.
    beta : float
        Above 0; the inverse of the softmax's temperature.

    Returns
    -------
    ndarray (N, K, 2)
        ``x, y`` in heatmap pixels. In the dtype of ``heatmaps``, float32 for the 16-bit ones.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or ``beta``; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> heatmaps = np.zeros((1, 1, 9, 9))
    >>> heatmaps[0, 0, 3, 5] = heatmaps[0, 0, 3, 6] = 1.0
    >>> rmpe_ext.numpy.soft_argmax(heatmaps, beta=40.0).round(4).tolist()
    [[[5.5, 3.0]]]
    """
    return library.soft_argmax(*soft_argmax_arguments(ndarrays, heatmaps, beta))[0]
