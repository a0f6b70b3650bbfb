"""Classification vectors (SimCC) to keypoints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..arguments import ndarrays
from ..arguments.decode_simcc import decode_simcc_arguments
from ._library import library

__all__ = ["decode_simcc"]


def decode_simcc(
    x_maps: np.ndarray,
    y_maps: np.ndarray,
    *,
    split_ratio: float = 2.0,
    matrices: np.ndarray | None = None,
    flipped: tuple[np.ndarray, np.ndarray] | None = None,
    flip_pairs: Iterable[tuple[int, int]] | None = None,
    theta: np.ndarray | None = None,
    align_corners: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`rmpe_ext.decode_simcc`, on arrays.

    Parameters
    ----------
    x_maps : ndarray (N, K, Wx)
    y_maps : ndarray (N, K, Hy)
        float32, float64, float16 or ml_dtypes' bfloat16.
    matrices, theta : ndarray (N, 2, 3), optional
        Image pixel -> crop pixel; and what a spatial transformer resampled the crops by.
    flipped : pair of ndarrays (N, K, Wx), (N, K, Hy), optional
        Both vectors of the mirrored images.
    split_ratio, flip_pairs, align_corners
        As :func:`rmpe_ext.decode_simcc` takes them.

    Returns
    -------
    keypoints : ndarray (N, K, 2)
        ``x, y`` in crop pixels, or in the image where ``matrices`` are given. In the dtype of
        ``x_maps``, float32 for the 16-bit ones.
    scores : ndarray (N, K)

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype or shape; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> x_maps, y_maps = np.zeros((1, 1, 384)), np.zeros((1, 1, 512))
    >>> x_maps[0, 0, 101], y_maps[0, 0, 300] = 0.75, 0.5
    >>> rmpe_ext.numpy.decode_simcc(x_maps, y_maps)
    (array([[[ 50.5, 150. ]]]), array([[0.5]]))
    """
    return library.decode_simcc(
        *decode_simcc_arguments(
            ndarrays, x_maps, y_maps, split_ratio, matrices, flipped, flip_pairs, theta,
            align_corners,
        )
    )  # fmt: skip
