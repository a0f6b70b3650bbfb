"""Sampling images through affine maps."""

from __future__ import annotations

import numpy as np

from ..arguments import ndarrays
from ..arguments.affine_sample import affine_sample_arguments
from ._library import library

__all__ = ["affine_sample"]


def affine_sample(
    input: np.ndarray,
    theta: np.ndarray,
    size: tuple[int, int],
    *,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> np.ndarray:
    """As :func:`rmpe_ext.affine_sample`, on arrays and without gradients.

    Parameters
    ----------
    input : ndarray (N, C, H, W)
        float32, float64, float16 or ml_dtypes' bfloat16. Images and channels may have any strides;
        planes that are not contiguous are copied.
    theta : ndarray (N, 2, 3)
        Normalized output coordinates -> normalized input coordinates.
    size, mode, padding_mode, align_corners
        As :func:`rmpe_ext.affine_sample` takes them.

    Returns
    -------
    ndarray (N, C, h, w)
        In the dtype of ``input``.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or name; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> image = np.arange(16.0, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> half_a_pixel_right = np.float32([[[1, 0, 0.25], [0, 1, 0]]])
    >>> rmpe_ext.numpy.affine_sample(image, half_a_pixel_right, (4, 4))[0, 0, 0].tolist()
    [0.5, 1.5, 2.5, 1.5]
    """
    return library.affine_sample(
        *affine_sample_arguments(ndarrays, input, theta, size, mode, padding_mode, align_corners)
    )
