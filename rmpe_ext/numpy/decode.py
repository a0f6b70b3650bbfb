"""Heatmaps to keypoints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..arguments import ndarrays
from ..arguments.decode import decode_arguments
from ._library import library

__all__ = ["decode"]


def decode(
    heatmaps: np.ndarray,
    *,
    convention: str = "hrnet",
    matrices: np.ndarray | None = None,
    flipped: np.ndarray | None = None,
    flip_pairs: Iterable[tuple[int, int]] | None = None,
    stride: float = 4,
    offset: float | None = None,
    grid: str | None = None,
    theta: np.ndarray | None = None,
    align_corners: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`rmpe_ext.decode`, on arrays.

    Parameters
    ----------
    heatmaps : ndarray (N, K, H, W)
        float32, float64, float16 or ml_dtypes' bfloat16. Slices along persons and joints are read
        in place; maps that are not contiguous, such as a transposed (N, H, W, K), are copied.
    matrices, theta : ndarray (N, 2, 3), optional
        Image pixel -> crop pixel; and what a spatial transformer resampled the crops by.
    flipped : ndarray (N, K, H, W), optional
        The heatmaps of the mirrored images.
    convention, flip_pairs, stride, offset, grid, align_corners
        As :func:`rmpe_ext.decode` takes them.

    Returns
    -------
    keypoints : ndarray (N, K, 2)
        ``x, y`` in heatmap pixels; in the image where ``matrices`` are given. In the dtype of
        ``heatmaps``, float32 for the 16-bit ones.
    scores : ndarray (N, K)

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or name; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> heatmaps = np.zeros((1, 1, 64, 48), np.float32)
    >>> heatmaps[0, 0, 20, 10], heatmaps[0, 0, 20, 11] = 1.0, 0.5
    >>> keypoints, scores = rmpe_ext.numpy.decode(heatmaps)
    >>> keypoints.tolist(), scores.tolist()
    ([[[10.25, 20.0]]], [[1.0]])
    """
    return library.decode(
        *decode_arguments(
            ndarrays, heatmaps, convention, matrices, flipped, flip_pairs, stride, offset, grid,
            theta, align_corners,
        )
    )  # fmt: skip
