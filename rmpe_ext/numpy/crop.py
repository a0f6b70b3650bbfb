"""Cutting people out of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arguments import ndarrays
from ..arguments.crop import crop_arguments, crop_matrices_arguments
from ._library import library

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["crop", "crop_matrices"]


def crop(
    images: np.ndarray | Sequence[np.ndarray],
    matrices: np.ndarray,
    size: tuple[int, int],
    *,
    image_index: np.ndarray | None = None,
    scale: float = 1 / 255,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    swap_rb: bool = False,
    dtype: DTypeLike = np.float32,
    fill: float = 0,
) -> np.ndarray:
    """As :func:`rmpe_ext.crop`, on arrays.

    Parameters
    ----------
    images : ndarray (B, H, W, 3) or sequence of ndarray (H_i, W_i, 3)
        uint8, as OpenCV and Pillow give them. Views are read in place where the channels of a pixel
        are contiguous and pixels go left to right.
    matrices : ndarray (N, 2, 3)
        Image pixel -> crop pixel, float32 or float64.
    image_index : ndarray (N,), optional
        int64: the image that each crop comes from.
    dtype : dtype
        Of the crops: float32, float16 or ml_dtypes' bfloat16.
    size, scale, mean, std, swap_rb, fill
        As :func:`rmpe_ext.crop` takes them.

    Returns
    -------
    ndarray (N, 3, h, w)

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype or shape; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> image = np.full((100, 80, 3), 255, np.uint8)
    >>> matrices = rmpe_ext.numpy.crop_matrices(np.float32([[20, 10, 60, 90]]), (256, 192))
    >>> people = rmpe_ext.numpy.crop([image], matrices, (256, 192))
    >>> people.shape, people[0, :, 128, 96].tolist()
    ((1, 3, 256, 192), [1.0, 1.0, 1.0])
    """
    arguments = crop_arguments(
        ndarrays, images, matrices, size, image_index, scale, mean, std, swap_rb, np.dtype(dtype),
        fill,
    )  # fmt: skip
    return library.crop(*arguments)


def crop_matrices(
    boxes: np.ndarray,
    size: tuple[int, int],
    *,
    convention: str = "hrnet",
    padding: float | None = None,
    rotation: np.ndarray | None = None,
) -> np.ndarray:
    """As :func:`rmpe_ext.crop_matrices`, on arrays.

    Parameters
    ----------
    boxes : ndarray (N, 4)
        ``x1, y1, x2, y2`` in image pixels.
    rotation : ndarray (N,), optional
        Degrees, float32 or float64.
    size, convention, padding
        As :func:`rmpe_ext.crop_matrices` takes them.

    Returns
    -------
    ndarray (N, 2, 3)
        Image pixel -> crop pixel, in the dtype of ``boxes``; float32 for the 16-bit ones.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or name; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> rmpe_ext.numpy.crop_matrices(np.float64([[0, 0, 96, 128]]), (256, 192), padding=0.0)
    array([[[2., 0., 0.],
            [0., 2., 0.]]])
    """
    return library.crop_matrices(
        *crop_matrices_arguments(ndarrays, boxes, size, convention, padding, rotation)
    )
