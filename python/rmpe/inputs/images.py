"""Read one photograph: any bytes in, an RGB array or one `ImageError` out.

Pillow decodes: unlike OpenCV 4 it refuses truncated files instead of filling the rest with gray,
and for ordinary JPEG files its pixels are the same.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..arguments import as_path, check_kind
from ..system_memory import free_memory
from ..terminal import printable
from .metadata import metadata_that_takes_long, without_metadata
from .pixels import to_rgb

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# A short list on purpose: Pillow also opens formats that start other programs (EPS) or that are
# not photographs. HEIF is there where the package pillow-heif is.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF", "HEIF")

# Bytes a pixel that reading takes at its peak, the array included: measured on pictures of 16
# million pixels, rounded up. The others' decoders hold nothing but their result, of 4 bytes.
_PEAK_BYTES = {"WEBP": 17, "TIFF": 13, "JPEG2000": 25, "AVIF": 17, "HEIF": 17}
_PEAK_BYTES_OF_OTHERS = 8
# Progressive JPEG files hold all coefficients, 16-bit PNG files with a transparent color are
# decoded twice, and text is turned into numbers in memory.
_PEAK_BYTES_MORE = 5
# Whatever the size: bands of rows, on the way from one form to the next.
_WORKING_BYTES = 12 << 20

# A picture is read where this part of the free memory is enough for it. Until it is done, an image
# of 8 bytes a pixel at its peak takes 19: it is drawn (9 with its encoded form), and another one
# like it is read while the networks work on it (3).
_PART = 1 / 3
# Below this, what is free is not asked for.
_SMALL = 32 << 20

# What a scan of a JPEG file costs is 1.3 ns a pixel, however few bytes it has; files as cameras and
# libraries write them have 1 to 14 scans. This much takes 4 seconds.
_SCANNED_PIXELS = 3 * 10**9


class ImageError(ValueError):
    """An input that is missing or cannot be read as an image; the message names it and says why."""


@dataclass(frozen=True)
class ReadingCost:
    """Bytes of memory that reading an image takes.

    Attributes
    ----------
    array : int
        Of the array.
    peak : int
        At most, while it is read; the array is part of it.
    """

    array: int
    peak: int


def read_image(path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
    """Read one image as it is meant to be seen.

    The contents decide the format, not the name. EXIF orientation is applied. Gray and palette
    images become RGB; more than 8 bits per channel become the upper 8; transparency is composited
    over white, because the color stored under transparent pixels is arbitrary; of an animation or
    a multi-page file the first picture is read. Color profiles are ignored, as the networks'
    training pipelines ignored them. Damage that does not touch the pixels, such as an EXIF block
    that cannot be read, does not cost the image.

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
        image, truncated, damaged, a raw photograph, of a pixel type that does not fit 8 bits,
        larger than twice ``PIL.Image.MAX_IMAGE_PIXELS`` (about 179 million pixels, unless
        changed), or so large that reading it would take more than a third of the memory that is
        free.

    Examples
    --------
    >>> read_image("missing.jpg")
    Traceback (most recent call last):
    ...
    rmpe.inputs.images.ImageError: missing.jpg: no such file
    """
    path = as_path("path", path)
    try:
        return decode_image(_contents(path))
    except ImageError as error:
        raise ImageError(f"{printable(path)}: {error}") from None


def decode_image(contents: bytes) -> npt.NDArray[np.uint8]:
    """Decode the contents of an image file, as `read_image` does.

    Parameters
    ----------
    contents : bytes
        Anything.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB, C-contiguous and writable.

    Raises
    ------
    ImageError
        They cannot be decoded, whatever the reason; the message is that reason alone.
    TypeError
        They are no bytes.

    Examples
    --------
    >>> decode_image(b"P5 2 1 255 " + bytes([0, 200])).tolist()
    [[[0, 0, 0], [200, 200, 200]]]
    """
    check_kind("contents", contents, bytes)
    try:
        return _decode(contents)
    except Exception as error:  # Every decoder of Pillow reports damage in its own way.
        bare = without_metadata(contents)
        if bare is not None and not isinstance(error, ImageError):
            with contextlib.suppress(Exception):
                return _decode(bare)
        raise ImageError(_reason(error, contents)) from None


def reading_cost(path: Path) -> ReadingCost:
    """Say what `read_image` will take, by the header of a file; nothing where it will refuse it."""
    from PIL import Image

    try:
        size = _check_file(path)
        with path.open("rb") as stream, Image.open(stream, formats=_formats()) as image:
            return _cost(image, size)
    except Exception:  # `read_image` meets the same one, and reports it.
        return ReadingCost(0, 0)


@functools.cache
def _formats() -> list[str]:
    """Those of the formats that are read here: Pillow may have been built without some of them."""
    from PIL import Image

    Image.init()
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]


def _contents(path: Path) -> bytes:
    try:
        _check_memory(_check_file(path), "the file is too large")
        return path.read_bytes()
    except FileNotFoundError:
        broken = f": a link to {printable(os.readlink(path))}" if path.is_symlink() else ""
        raise ImageError(f"no such file{broken}") from None
    except (OSError, ValueError, MemoryError) as error:
        raise ImageError(_reason(error)) from None


def _check_file(path: Path) -> int:
    """Say how many bytes a file has."""
    # Opening a pipe would wait for its writer, without end where there is none.
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise ImageError("is a folder, not an image")
    if not stat.S_ISREG(found.st_mode):
        raise ImageError("is not a file but a pipe, socket or device")
    if found.st_size == 0:
        raise ImageError("the file is empty")
    return found.st_size


def _decode(contents: bytes) -> npt.NDArray[np.uint8]:
    from PIL import Image

    problem = metadata_that_takes_long(contents)
    if problem is not None:
        raise ImageError(f"made to take long: it has {problem}")
    # Not the file itself: Pillow would map it, and scrambles TIFF pictures that lie on a side then.
    with Image.open(io.BytesIO(contents), formats=_formats()) as image:
        _check(image, contents)
        return to_rgb(image, contents)


def _check(image: ImageFile, contents: bytes) -> None:
    """Refuse what would take too much memory or time."""
    scans = contents.count(b"\xff\xda") if image.format in ("JPEG", "MPO") else 0
    if scans * image.width * image.height > _SCANNED_PIXELS:
        raise ImageError(f"made to take long: {image.width}x{image.height} pixels, {scans} scans")
    _check_memory(
        _cost(image, len(contents)).peak,
        f"too large for the memory that is free: {image.width}x{image.height} pixels",
    )


def _cost(image: ImageFile, file_bytes: int) -> ReadingCost:
    bytes_per_pixel = _PEAK_BYTES.get(image.format or "", _PEAK_BYTES_OF_OTHERS)
    codecs = [tile.codec_name for tile in image.tile]
    if image.info.keys() & {"progressive", "transparency"} or "ppm_plain" in codecs:
        bytes_per_pixel += _PEAK_BYTES_MORE
    pixels = image.width * image.height
    # The file is in memory, and some decoders copy it.
    return ReadingCost(3 * pixels, bytes_per_pixel * pixels + 2 * file_bytes + _WORKING_BYTES)


def _check_memory(needed: int, problem: str) -> None:
    if needed > _SMALL:
        free = free_memory()
        if free is not None and needed > _PART * free:
            raise ImageError(
                f"{problem}: reading it takes {needed >> 20} MiB, and of {free >> 20} MiB that are "
                f"free at most {int(_PART * free) >> 20} MiB are for it"
            )


def _reason(error: Exception, contents: bytes = b"") -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, ImageError):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return _unidentified(contents)
    if isinstance(error, MemoryError):
        return "too large for this machine's memory"
    reason = printable(getattr(error, "strerror", None) or str(error) or type(error).__name__)
    if isinstance(error, Image.DecompressionBombError):
        return f"too large: {reason}"
    return f"cannot be read: {reason}"


def _unidentified(contents: bytes) -> str:
    """Say why Pillow did not open something."""
    from PIL import Image

    if contents[4:8] == b"ftyp" and contents[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        if "HEIF" not in _formats():
            return "HEIF is read where pillow-heif is installed: pip install pillow-heif"
    for name in _formats():
        accept = Image.OPEN[name][1]
        if accept is not None and accept(contents[:16]) is True:
            return f"looks like {name}, but is damaged or of a kind that is not read"
    known = ", ".join(name for name in _formats() if name != "MPO")
    return f"not an image, or not of a known type ({known})"
