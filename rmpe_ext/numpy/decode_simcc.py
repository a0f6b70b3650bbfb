# Written by make update from rmpe_ext/ops/decode_simcc.py; only the example is edited here.
"""Decoding SimCC vectors into keypoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from ..validation import numpy_arrays
from ..validation.decode_simcc import SimccScore, validate_decode_simcc
from ._library import library

__all__ = ["decode_simcc"]


def decode_simcc(
    x_maps: NDArray[Any],
    y_maps: NDArray[Any],
    *,
    score: SimccScore = "min",
    split_ratio: float = 2.0,
    matrices: NDArray[Any] | None = None,
    flipped: tuple[NDArray[Any], NDArray[Any]] | None = None,
    flip_pairs: Iterable[tuple[int, int]] | None = None,
    theta: NDArray[Any] | None = None,
    align_corners: bool = False,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Decode each pair of SimCC vectors into a keypoint and its score.

    Each vector classifies one coordinate into bins, ``split_ratio`` of them to a crop pixel (Li et
    al., "SimCC: a simple coordinate classification perspective for human pose estimation", 2022).
    The keypoint is at ``bin / split_ratio``, where ``bin`` is that of the largest value of each
    vector, the first of equal ones. Where the score is not above 0, both bins are -1.

    Parameters
    ----------
    x_maps : ndarray (N, K, Wx)
        float32, float64, float16 or bfloat16. A NaN gives a NaN keypoint and score. Slices along
        people and joints are read in place.
    y_maps : ndarray (N, K, Hy)
        Like ``x_maps``.
    score : str
        The score of a keypoint from the largest values of its two vectors: their ``"min"``, as in
        MMPose, their ``"mean"``, as in rtmlib, or their ``"max"``.
    split_ratio : float
        Bins per crop pixel: the crop is ``Wx / split_ratio`` wide and ``Hy / split_ratio`` high.
    matrices : ndarray (N, 2, 3), optional
        Image pixel -> crop pixel, float32 or float64, as :func:`rmpe_ext.numpy.crop_matrices` makes
        them. The keypoints are then in image pixels. A matrix that is not finite or has no inverse
        gives NaN keypoints.
    flipped : pair of ndarray (N, K, Wx), (N, K, Hy), optional
        The network's vectors of the mirrored crops. Those of x are flipped back, and both are
        averaged in.
    flip_pairs : sequence of (int, int), optional
        The left and right joints that change places in a mirrored image. Needed with ``flipped``,
        ignored without.
    theta : ndarray (N, 2, 3), optional
        The affine maps by which a spatial transformer resampled the crops; see
        :func:`rmpe_ext.numpy.decode`.
    align_corners : bool
        As for the transformer's sampling.

    Returns
    -------
    keypoints : ndarray (N, K, 2)
        ``x, y`` in crop pixels; in image pixels with ``matrices``. In the dtype of ``x_maps``,
        float32 for 16-bit dtypes.
    scores : ndarray (N, K)

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> x_maps, y_maps = np.zeros((1, 1, 384)), np.zeros((1, 1, 512))
    >>> x_maps[0, 0, 101], y_maps[0, 0, 300] = 0.75, 0.5
    >>> rmpe_ext.numpy.decode_simcc(x_maps, y_maps)
    (array([[[ 50.5, 150. ]]]), array([[0.5]]))
    """
    return library.decode_simcc(
        *validate_decode_simcc(
            numpy_arrays,
            x_maps,
            y_maps,
            score,
            split_ratio,
            matrices,
            flipped,
            flip_pairs,
            theta,
            align_corners,
        )
    )
