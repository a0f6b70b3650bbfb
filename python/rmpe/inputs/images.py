"""Read one photograph: a file in, an RGB array out.

Pillow decodes: unlike OpenCV 4 it refuses truncated files instead of filling the rest with grey,
and for ordinary JPEG files its pixels are the same.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

# A short list on purpose: Pillow also opens formats that start other programs (EPS) or that are
# not photographs.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .tif .tiff .bmp .gif .ppm .pgm .pnm .jp2 .avif".split()
)


class ImageError(ValueError):
    """An input that is missing or cannot be read as an image; the message names it and says why."""


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read one image as it is meant to be seen.

    The contents decide the format, not the name. EXIF orientation is applied. Grey and palette
    images become RGB; 16 bits per channel become 8 by dropping the low byte; transparency is
    composited over white, because the color stored under transparent pixels is arbitrary; of an
    animation or a multi-page file the first picture is read. Color profiles are ignored, as the
    networks' training pipelines ignored them.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, C-contiguous and writable.

    Raises
    ------
    ImageError
        The file is missing, a folder, a pipe or device (which are never opened), empty, not an
        image, truncated, damaged, of a pixel type that does not fit 8 bits, or larger than twice
        ``PIL.Image.MAX_IMAGE_PIXELS`` (about 179 million pixels, unless changed).

    Examples
    --------
    >>> read_image("missing.jpg")
    Traceback (most recent call last):
    ...
    rmpe.inputs.images.ImageError: missing.jpg: no such file
    """
    from PIL import Image, UnidentifiedImageError

    path = Path(path)
    try:
        with _open(path) as image:
            image.load()
            return _to_rgb(_upright(image))
    except ImageError:
        raise
    except FileNotFoundError:
        broken = f": a link to {os.readlink(path)}" if path.is_symlink() else ""
        raise ImageError(f"{path}: no such file{broken}") from None
    except UnidentifiedImageError:
        known = ", ".join(name for name in FORMATS if name != "MPO")
        raise ImageError(f"{path}: not an image, or not of a known type ({known})") from None
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path}: too large: {error}") from None
    except MemoryError:
        raise ImageError(f"{path}: too large for this machine's memory") from None
    except Exception as error:  # Every decoder of Pillow reports damage in its own way.
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ImageError(f"{path}: cannot be read: {reason}") from None


def _open(path: Path) -> Image.Image:
    """Read the header of an image."""
    from PIL import Image

    # Opening a pipe would wait for its writer, without end where there is none.
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise ImageError(f"{path}: is a folder, not an image")
    if not stat.S_ISREG(found.st_mode):
        raise ImageError(f"{path}: is not a file but a pipe, socket or device")
    if found.st_size == 0:
        raise ImageError(f"{path}: the file is empty")
    Image.init()
    # Pillow may have been built without some of them.
    formats = [name for name in FORMATS if name in Image.OPEN]
    return Image.open(path, formats=formats)


def decoded_bytes(path: Path) -> int:
    """Say how large `read_image` will make an image, by its header; 0 where it will refuse it."""
    try:
        with _open(path) as image:
            return image.width * image.height * 3
    except Exception:  # `read_image` meets the same one, and reports it.
        return 0


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    try:
        ImageOps.exif_transpose(image, in_place=True)
    except (SyntaxError, ValueError, TypeError, KeyError, EOFError, struct.error):
        pass  # A damaged EXIF block says nothing about the pixels: leave them as stored.
    return image


def _to_rgb(image: Image.Image) -> np.ndarray:
    from PIL import Image

    if image.mode.startswith("I;16"):
        # numpy.asarray gives the file's byte order; the shift, native uint16 again.
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise ValueError("32-bit pixels have no agreed range; save it with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB") if image.mode != "RGB" else image)
