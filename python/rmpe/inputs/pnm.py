"""Binary PNM files whose greatest level is odd: Pillow takes a second for a megapixel of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from .conversions import bands

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

__all__ = ["decode_pnm", "is_slow"]


def is_slow(image: ImageFile) -> bool:
    """Say whether Pillow would decode an opened image of format PPM in Python."""
    return image.tile[0].codec_name == "ppm" and image.mode in ("L", "I", "RGB")


def decode_pnm(image: ImageFile, contents: bytes) -> npt.NDArray[np.uint8]:
    """Decode such an image.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
        Opened, not loaded.
    contents : bytes
        Of its file.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB. Levels of up to 8 bits are scaled to 0..255; of more, the upper 8
        bits are taken, as in files of other formats. Levels above the greatest are white.

    Raises
    ------
    ValueError
        The file is truncated.
    """
    tile = image.tile[0]
    _, most = cast("tuple[str, int]", tile.args)
    levels = np.arange(most + 1)
    levels = levels * 256 // (most + 1) if most > 255 else (levels * 255 + most // 2) // most
    levels = levels.astype(np.uint8)
    shape = (image.height, image.width, 3 if image.mode == "RGB" else 1)
    dtype = np.dtype(">u2" if most > 255 else "u1")
    if len(contents) - tile.offset < math.prod(shape) * dtype.itemsize:
        raise ValueError("image file is truncated")
    samples = np.frombuffer(contents, dtype, math.prod(shape), tile.offset).reshape(shape)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top, bottom in bands(*image.size):
        pixels[top:bottom] = levels[np.minimum(samples[top:bottom], most)]
    return pixels
