# Written by make update from rmpe_ext/ops/crop.py; only the example is edited here.
"""Cutting crops out of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..validation import numpy_arrays
from ..validation.crop import validate_crop
from ._library import library

__all__ = ["crop"]


def crop(
    images: NDArray[Any] | Sequence[NDArray[Any]],
    matrices: NDArray[Any],
    size: tuple[int, int],
    *,
    image_index: NDArray[Any] | Sequence[int] | None = None,
    scale: float = 1 / 255,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    swap_rb: bool = False,
    dtype: DTypeLike = np.float32,
    fill: float = 0,
) -> NDArray[Any]:
    """Cut N crops out of 8-bit images: resampled, normalized and channels first, in one call.

    Crop pixel ``p`` is the bilinear sample of its image at ``matrix^-1 p``, as in
    ``cv2.warpAffine(image, matrix, (w, h))``, which in addition rounds positions to 1/32 pixel.
    The sample becomes ``(value * scale - mean) / std``.

    Parameters
    ----------
    images : ndarray (B, H, W, 3) or (H, W, 3), or sequence of ndarray (H_i, W_i, 3)
        uint8. Views are read in place where the channels of a pixel are contiguous and pixels run
        from left to right.
    matrices : ndarray (N, 2, 3)
        Image pixel -> crop pixel, pixel centers at integers, float32 or float64, as
        :func:`rmpe_ext.numpy.crop_matrices` makes them. A crop is all ``fill`` where its matrix has
        no inverse, or spreads it over more than 2^28 image pixels.
    size : (int, int)
        Height and width of every crop.
    image_index : ndarray (N,) or sequence of int, optional
        int64 or int32: the image of each crop. It may be left out where there is one image, or one
        for each matrix. Values out of range raise ValueError.
    scale : float
        Factor of the 8-bit value.
    mean, std : sequence of 3 floats, optional
        For each channel of the crop, in units of ``value * scale``.
    swap_rb : bool
        Reverse the channels: BGR images to RGB crops, or back.
    dtype : dtype
        Of the crops: float32, float16 or bfloat16.
    fill : float
        8-bit value of the pixels outside the image.

    Returns
    -------
    ndarray (N, 3, h, w)

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> image = np.full((100, 80, 3), 255, np.uint8)
    >>> matrices = rmpe_ext.numpy.crop_matrices(np.float32([[20, 10, 60, 90]]), (256, 192))
    >>> people = rmpe_ext.numpy.crop([image], matrices, (256, 192))
    >>> people.shape, people[0, :, 128, 96].tolist()
    ((1, 3, 256, 192), [1.0, 1.0, 1.0])
    """
    return library.crop(
        *validate_crop(
            numpy_arrays,
            images,
            matrices,
            size,
            image_index,
            scale,
            mean,
            std,
            swap_rb,
            dtype,
            fill,
        )
    )
