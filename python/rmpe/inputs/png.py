"""The transparent color of PNG files, which Pillow compares with pixels of other bits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from .conversions import Convert, bands, flatten, make_white, upper_bits

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

__all__ = ["png_conversion", "separate_transparent_color"]

# Pillow's name for color of 16 bits, of which it takes the upper byte, and that for the lower.
_DEEP_RGB, _DEEP_RGB_LOW = "RGB;16B", "RGB;16L"


def png_conversion(image: ImageFile) -> Convert:
    """Choose how bands of an opened image become 8 bits of RGB or gray."""
    color = image.info.get("transparency")
    rawmode = image.tile[0].args
    if image.mode in ("I;16", "I"):
        return upper_bits(16, white=color)
    if color is None or image.mode not in ("L", "RGB") or rawmode == _DEEP_RGB:
        return flatten
    if rawmode in ("L;2", "L;4"):
        # The file tells it with as many bits as its samples have; Pillow scales those to 8.
        most = {"L;2": 3, "L;4": 15}[rawmode]
        return make_white((color & most) * 255 // most)
    return make_white(np.bitwise_and(color, 255))


def separate_transparent_color(image: ImageFile, contents: bytes) -> None:
    """Load an image, and give it alpha where a color of 16 bits is transparent: Pillow keeps 8.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
        Opened, not loaded.
    contents : bytes
        Of its file.
    """
    from PIL import Image

    tile = image.tile[0]
    image.load()
    if image.mode != "RGB" or tile.args != _DEEP_RGB or "transparency" not in image.info:
        return
    low = Image.open(io.BytesIO(contents), formats=["PNG"])
    low.tile = [tile._replace(args=_DEEP_RGB_LOW)]
    low.load()
    color = image.info.pop("transparency")
    alpha = Image.new("L", image.size)
    for top, bottom in bands(*image.size):
        box = (0, top, image.width, bottom)
        upper, lower = np.asarray(image.crop(box)), np.asarray(low.crop(box))
        visible = np.zeros(upper.shape[:2], bool)
        # Channel by channel, each with a number: several times as fast as all three at once.
        for channel, value in enumerate(color):
            visible |= upper[..., channel] != value >> 8
            visible |= lower[..., channel] != value & 255
        alpha.paste(Image.fromarray(visible.astype(np.uint8) * 255), box)
    image.putalpha(alpha)
