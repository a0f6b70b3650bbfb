"""Short texts on drawings."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

__all__ = ["Area", "label_area", "shorten", "write_label"]

Array = np.ndarray[Any, np.dtype[Any]]
Area = tuple[int, int, int, int]

_GROUND = (22, 22, 26)
_INK = (255, 255, 255)


def write_label(canvas: Array, text: str, place: tuple[float, float], height: float) -> None:
    """Write a line in white on a dark ground, as far as it fits into the picture.

    Parameters
    ----------
    canvas : numpy.ndarray
        (H, W, 3) uint8, RGB; drawn on.
    text : str
        The line.
    place : (float, float)
        x, y of its lower left corner, in pixels; moved so that the line lies inside the picture
        where it can.
    height : float
        Of the ground, in pixels.
    """
    mask, pad = _rasterized(text, _font_size(height)), _padding(height)
    left, top, rows, columns = label_area(canvas, text, place, height)
    ground = canvas[top : top + rows, left : left + columns]
    ground[:] = _GROUND
    ink = mask[: max(ground.shape[0] - pad, 0), : max(ground.shape[1] - pad, 0)]
    target = ground[pad : pad + ink.shape[0], pad : pad + ink.shape[1]]
    ink = ink[: target.shape[0], : target.shape[1], None] / 255
    target[:] = np.rint(target * (1 - ink) + np.array(_INK) * ink)


def label_area(canvas: Array, text: str, place: tuple[float, float], height: float) -> Area:
    """Say where `write_label` writes: left, top, rows and columns, in whole pixels."""
    mask, pad = _rasterized(text, _font_size(height)), _padding(height)
    rows, columns = mask.shape[0] + 2 * pad, mask.shape[1] + 3 * pad
    left = _inside(round(place[0]), columns, canvas.shape[1])
    top = _inside(round(place[1]) - rows, rows, canvas.shape[0])
    return left, top, rows, columns


def shorten(canvas: Array, text: str, height: float) -> str:
    """Leave out the middle of a text that is wider than the picture, as far as that must be.

    What tells the names of files apart often stands at their end.

    Examples
    --------
    >>> short = shorten(np.zeros((20, 120, 3), np.uint8), "a-long-name-of-a-video_12.jpg", 20)
    >>> short.startswith("a-lo"), short.endswith("12.jpg"), "..." in short
    (True, True, True)
    """

    def cut(kept: int) -> str:
        begin = kept // 3
        return f"{text[:begin]}...{text[len(text) - kept + begin :]}"

    def fits(line: str) -> bool:
        _, _, _, columns = label_area(canvas, line, (0, 0), height)
        return bool(columns <= canvas.shape[1])

    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(cut(middle)) else (low, middle - 1)
    return cut(low)


def _font_size(height: float) -> int:
    return max(round(height * 0.68), 6)


def _padding(height: float) -> int:
    return max(round(height * 0.09), 1)


def _inside(start: int, length: int, end: int) -> int:
    return max(min(start, end - length), 0)


@functools.lru_cache(maxsize=512)
def _rasterized(text: str, size: int) -> Array:
    """Give the opacity of a text, (h, w) uint8: all texts of a size have the same height."""
    from PIL import Image, ImageDraw, ImageFont

    # This font's spaces are too narrow: "1 0.44" would read as "10.44".
    text = text.replace(" ", "  ")
    font = ImageFont.load_default(size)
    left, _, right, _ = font.getbbox(text)
    ascent, descent = font.getmetrics() if isinstance(font, ImageFont.FreeTypeFont) else (size, 0)
    image = Image.new("L", (max(int(right - left), 1), ascent + descent))
    ImageDraw.Draw(image).text((-left, 0), text, fill=255, font=font)
    return np.asarray(image)
