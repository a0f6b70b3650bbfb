"""From what Pillow decodes to 8 bits of RGB or gray, a band of rows at a time.

Pillow decodes into memory of its own, 4 bytes a pixel at most. From there on the work is done in
bands that fit a processor's cache, so that no conversion takes memory of the size of the image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["NO_RANGE", "Convert", "bands", "flatten", "make_white", "upper_bits"]

# Some rows of an image, as it is stored, to the same rows of mode RGB or L.
Convert: TypeAlias = "Callable[[Image.Image], Image.Image]"

NO_RANGE = "pixels have no agreed range; save it with 8 or 16 bits, unsigned"

# 2 MiB in Pillow's memory.
_BAND_PIXELS = 1 << 19


def bands(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Give the first row of each band of an image, and the one after its last."""
    step = max(1, _BAND_PIXELS // width)
    for top in range(0, height, step):
        yield top, min(top + step, height)


def flatten(band: Image.Image) -> Image.Image:
    """Put what is transparent over white."""
    from PIL import Image

    if band.mode == "La":  # From here Pillow knows no other way.
        band = band.convert("LA")
    if band.has_transparency_data:
        band = band.convert("RGBA")
        band = Image.alpha_composite(Image.new("RGBA", band.size, "white"), band)
    return band if band.mode in ("L", "RGB") else band.convert("RGB")


def make_white(color: npt.ArrayLike) -> Convert:
    """Make one color, or one level of gray, white."""
    from PIL import Image

    def convert(band: Image.Image) -> Image.Image:
        pixels = np.array(band)
        pixels[np.equal(pixels, color).reshape(*pixels.shape[:2], -1).all(axis=2)] = 255
        return Image.fromarray(pixels)

    return convert


def upper_bits(bits: int, *, white: int | None = None, inverted: bool = False) -> Convert:
    """Keep the upper 8 of so many bits of gray.

    Parameters
    ----------
    bits : int
        Of a sample.
    white : int, optional
        This level becomes white.
    inverted : bool
        0 is white, and the greatest level black.
    """
    from PIL import Image

    def convert(band: Image.Image) -> Image.Image:
        samples = np.asarray(band)
        gray = (samples >> (bits - 8)).astype(np.uint8)
        if inverted:
            gray = 255 - gray
        if white is not None:
            gray[samples == white] = 255
        return Image.fromarray(gray)

    return convert
