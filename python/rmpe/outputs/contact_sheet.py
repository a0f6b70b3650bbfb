"""Many pictures on one, each with its name: to look at a whole folder at once."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_whole, show

from ..arguments import check_image, check_texts
from .lettering import shorten, write_label

__all__ = ["contact_sheet", "thumbnail"]

# JPEG allows no longer side; and half a gigabyte is enough for a picture to look at.
_LONGEST, _MOST_PIXELS = 65_500, 170_000_000
_GROUND = 255
_GAP, _LABEL = 6, 20

Pixels = npt.NDArray[np.uint8]


def thumbnail(image: Pixels, side: int) -> Pixels:
    """Reduce a picture (H, W, 3) so that its longer side is ``side``; smaller ones stay.

    Raises
    ------
    TypeError, ValueError
        It is no such picture, or `side` no whole number from 1.

    Examples
    --------
    >>> thumbnail(np.zeros((480, 640, 3), np.uint8), 160).shape
    (120, 160, 3)
    """
    check_image("image", image)
    check_whole(TYPES, "side", side, 1)
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def contact_sheet(
    images: Sequence[Pixels], names: Sequence[str], *, columns: int, side: int
) -> Pixels:
    """Lay pictures out in rows, in order, each in a square cell with its name.

    Parameters
    ----------
    images : sequence of arrays (H, W, 3)
        uint8, RGB; no side longer than ``side``. At least one.
    names : sequence of str
        One for each.
    columns : int
        Pictures in a row; fewer where there are not so many.
    side : int
        Of a cell, in pixels.

    Returns
    -------
    array (H, W, 3)
        uint8, RGB.

    Raises
    ------
    TypeError, ValueError
        An argument is none of the above, or the sheet would be larger than is sensible.

    Examples
    --------
    >>> picture = np.zeros((90, 120, 3), np.uint8)
    >>> contact_sheet([picture] * 5, list("abcde"), columns=3, side=120).shape
    (258, 384, 3)
    """
    check_whole(TYPES, "columns", columns, 1)
    check_whole(TYPES, "side", side, 1)
    if not isinstance(images, Sequence):
        raise TypeError(f"images must be a sequence of pictures, got {show(images)}")
    if not images:
        raise ValueError("images must hold at least one picture, got none")
    for number, image in enumerate(images):
        check_image(f"images[{number}]", image)
        if max(image.shape[:2]) > side:
            raise ValueError(
                f"images[{number}] must have no side longer than side, {side}, got {image.shape}"
            )
    check_texts("names", names, len(images), "picture")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    step = side + _GAP
    height, width = rows * step + _GAP, columns * step + _GAP
    if max(height, width) > _LONGEST or height * width > _MOST_PIXELS:
        raise ValueError(
            f"a sheet of {len(images)} pictures in {columns} columns of {side} pixels would be "
            f"{width} x {height} pixels; neither may be more than {_LONGEST}, nor all more than "
            f"{_MOST_PIXELS}: take fewer or smaller pictures, or another number of columns"
        )
    sheet = np.full((height, width, 3), _GROUND, np.uint8)
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        row, column = divmod(number, columns)
        cell = sheet[_GAP + row * step :, _GAP + column * step :][:side, :side]
        # In the middle of the cell.
        top, left = ((side - length) // 2 for length in image.shape[:2])
        cell[top : top + image.shape[0], left : left + image.shape[1]] = image
        label = min(_LABEL, side)
        write_label(cell, shorten(cell, name, label), (0, side), label)
    return sheet
