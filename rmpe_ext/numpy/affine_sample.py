# Written by make update from rmpe_ext/ops/affine_sample.py; only the example is edited here.
"""Sampling images through affine maps, as spatial transformers do."""

from __future__ import annotations

from typing import Any, Literal

from numpy.typing import NDArray

from ..validation import numpy_arrays
from ..validation.affine_sample import validate_affine_sample
from ._library import library

__all__ = ["affine_sample"]


def affine_sample(
    input: NDArray[Any],
    theta: NDArray[Any],
    size: tuple[int, int],
    *,
    mode: Literal["bilinear", "nearest"] = "bilinear",
    padding_mode: Literal["zeros", "border", "reflection"] = "zeros",
    align_corners: bool = False,
) -> NDArray[Any]:
    """Sample each image through its affine map, as a spatial transformer does.

    The result equals ``grid_sample(input, affine_grid(theta, (N, C, h, w), align_corners), mode,
    padding_mode, align_corners)`` of ``torch.nn.functional``, without the grid in memory. Output
    pixel ``p`` is the input at ``theta (x, y, 1)``, where ``(x, y)`` is ``p`` in normalized
    coordinates.

    Parameters
    ----------
    input : ndarray (N, C, H, W)
        float16, bfloat16, float32 or float64; 16-bit images are computed in float32. Images and
        channels may have any strides, so that one image expanded to a batch is not copied; planes
        that are not contiguous are copied.
    theta : ndarray (N, 2, 3)
        Normalized output coordinates -> normalized input coordinates, both in -1..1, x first. In
        the dtype of ``input``, float32, or a 16-bit dtype. Positions are computed in float64.
    size : (int, int)
        Height and width of the output.
    mode : str
        ``"bilinear"``, or ``"nearest"``: the nearest pixel; ties go to the even one.
    padding_mode : str
        Values outside the input: ``"zeros"``, ``"border"`` (the nearest outer pixel) or
        ``"reflection"``.
    align_corners : bool
        True: -1 and 1 are the centers of the outer pixels. False: they are their outer edges.

    Returns
    -------
    ndarray (N, C, h, w)
        In the dtype of ``input``.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    Notes
    -----
    *Values that are not finite.* A row of ``theta`` that is not finite, or whose positions exceed
    float64, makes its coordinate of every sample NaN. NaN lies outside: the sample is 0 with
    ``"zeros"``, and pixel 0 along this axis with ``"border"`` and ``"reflection"``.
    (``grid_sample`` gives NaN, 0 or the last pixel, depending on mode and device.) An input pixel
    that is NaN reaches all samples within one pixel of it.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu, "Spatial Transformer Networks", NIPS 2015,
    section 3.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> image = np.arange(16.0, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> half_a_pixel_right = np.float32([[[1, 0, 0.25], [0, 1, 0]]])
    >>> rmpe_ext.numpy.affine_sample(image, half_a_pixel_right, (4, 4))[0, 0, 0].tolist()
    [0.5, 1.5, 2.5, 1.5]
    """
    return library.affine_sample(
        *validate_affine_sample(numpy_arrays, input, theta, size, mode, padding_mode, align_corners)
    )
