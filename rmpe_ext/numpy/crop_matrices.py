# Written by make update from rmpe_ext/ops/crop_matrices.py; only the example is edited here.
"""The matrices that map boxes onto crops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ..conventions import Convention, ConventionName
from ..validation import numpy_arrays
from ..validation.crop_matrices import validate_crop_matrices
from ._library import library

__all__ = ["crop_matrices"]


def crop_matrices(
    boxes: NDArray[Any] | Sequence[Sequence[float]],
    size: tuple[int, int],
    *,
    convention: ConventionName | Convention = "hrnet",
    padding: float | None = None,
    rotation: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Make the matrix that maps each box onto a crop, as the pose network was trained to see it.

    The shorter side of the box first grows to the crop's aspect ratio, so that people are not
    squeezed. Then both sides grow by ``padding``.

    Parameters
    ----------
    boxes : ndarray (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2`` in image pixels, of any floating dtype; not ``x, y, width, height``. A
        box with ``x2 <= x1`` or ``y2 <= y1`` gives a matrix that is not finite:
        :func:`rmpe_ext.numpy.crop` then returns a crop that is all ``fill``, and
        :func:`rmpe_ext.numpy.decode` NaN.
    size : (int, int)
        Height and width of the crop.
    convention : str or Convention
        A name in :data:`rmpe_ext.conventions.CONVENTIONS`, which says what each is, or a
        :class:`rmpe_ext.conventions.Convention` of your own. Its ``grid`` says where the box goes:
        ``"asymmetric"`` maps the box's center to ``(w / 2, h / 2)``, ``"half_pixel"`` to
        ``((w - 1) / 2, (h - 1) / 2)``, and both scale by ``w / box width``; ``"align_corners"``
        maps the box's edges to the centers of the outer pixels, and scales by
        ``(w - 1) / box width``. Its ``center_shift`` first moves the center down, by this fraction
        of the box's height after it has grown to the crop's aspect ratio.
    padding : float, optional
        Growth of the box in all, as a fraction of its side: 0.25, the default of every convention,
        makes a box 1.25 times as wide and high. Above -1 and below 1.
    rotation : ndarray (N,), optional
        Degrees, float32 or float64, clockwise as the image is seen: the image's direction
        ``(sin r, -cos r)`` points up in the crop.

    Returns
    -------
    ndarray (N, 2, 3)
        Image pixel -> crop pixel, in the dtype of ``boxes``; float32 for 16-bit dtypes.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape or value; the message names the argument.

    Examples
    --------
    >>> import numpy as np, rmpe_ext.numpy
    >>> rmpe_ext.numpy.crop_matrices(np.float64([[0, 0, 96, 128]]), (256, 192), padding=0.0)
    array([[[2., 0., 0.],
            [0., 2., 0.]]])
    """
    return library.crop_matrices(
        *validate_crop_matrices(numpy_arrays, boxes, size, convention, padding, rotation)
    )
