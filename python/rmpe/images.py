"""Find and read photographs: files, folders and globs in, RGB arrays out.

Pillow decodes: unlike OpenCV 4 it refuses truncated files instead of filling the rest with grey,
and for ordinary JPEG files its pixels are the same.
"""

from __future__ import annotations

import glob
import os
import re
import struct
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
        The file is missing, a folder, empty, not an image, truncated, damaged, of a pixel type
        that does not fit 8 bits, or larger than twice ``PIL.Image.MAX_IMAGE_PIXELS``
        (about 179 million pixels, unless changed).

    Examples
    --------
    >>> read_image("missing.jpg")
    Traceback (most recent call last):
    ...
    rmpe.images.ImageError: missing.jpg: no such file
    """
    from PIL import Image, UnidentifiedImageError

    path = Path(path)
    try:
        if path.is_dir():
            raise ImageError(f"{path}: is a folder, not an image")
        if path.stat().st_size == 0:
            raise ImageError(f"{path}: the file is empty")
        Image.init()
        # Pillow may have been built without some of them.
        formats = [name for name in FORMATS if name in Image.OPEN]
        with Image.open(path, formats=formats) as image:
            image.load()
            return _to_rgb(_upright(image))
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file") from None
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


def find_images(
    inputs: Iterable[str | os.PathLike[str]], *, recursive: bool = False
) -> list[Path]:
    """List the images that files, folders and glob patterns stand for.

    A file is taken whatever its name. Of a folder, the files directly in it are taken (all below
    it with ``recursive``) whose suffix is one of `SUFFIXES` and whose name does not start with a
    dot. A pattern (``*``, ``?``, ``[...]``, and ``**`` for any depth) gives the files that match
    it, by the same two rules. Folders and patterns are sorted naturally (``img2`` before
    ``img10``), inputs stay in the order given, and a file found twice is listed once.

    Parameters
    ----------
    inputs : iterable of str or path-like
        What to look for.
    recursive : bool
        Look into the folders of a folder too; links to folders are not followed.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ImageError
        Nothing was given, or some inputs are missing or hold no image: one line for each.
    """
    found: dict[str, Path] = {}
    problems = []
    inputs = list(inputs)
    if not inputs:
        raise ImageError("no input: name at least one image, folder or pattern")
    for entry in map(os.fspath, inputs):
        if os.path.isdir(entry):
            paths = _images_in(entry, recursive)
            problem = f"{entry}: this folder holds no image"
            if not recursive and not paths and _images_in(entry, True):
                problem += " itself, but folders below it do: use --recursive"
        elif os.path.exists(entry):
            paths = [Path(entry)]
        elif glob.has_magic(entry):
            paths = [Path(p) for p in glob.glob(entry, recursive=True) if _is_image(p)]
            problem = f"{entry}: no image matches this pattern"
        else:
            paths = []
            problem = f"{entry}: no such file or folder"
        if not paths:
            problems.append(problem)
        for path in sorted(paths, key=_natural):
            found.setdefault(os.path.abspath(path), path)
    if problems:
        raise ImageError("\n".join(problems))
    return list(found.values())


def _images_in(folder: str, recursive: bool) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        found += [Path(parent, name) for name in files if _is_image(os.path.join(parent, name))]
    return found


def _is_image(path: str) -> bool:
    name = os.path.basename(path)
    suffix = os.path.splitext(name)[1].lower()
    return suffix in SUFFIXES and not name.startswith(".") and os.path.isfile(path)


def _natural(path: Path) -> list[list[tuple[bool, int, str]]]:
    return [
        [(not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece.casefold())
         for piece in re.split(r"(\d+)", part)]
        for part in path.parts
    ]  # fmt: skip


def read_images(
    paths: Iterable[Path], *, workers: int = 2, look_ahead: int = 8
) -> Iterator[tuple[Path, np.ndarray | ImageError]]:
    """Read images in background threads, in order, so that networks need not wait for files.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        The files.
    workers : int
        Threads; decoding runs outside the interpreter lock.
    look_ahead : int
        At most so many images are held decoded, or being decoded, beyond the one handed out.

    Yields
    ------
    tuple of (pathlib.Path, numpy.ndarray or ImageError)
        The image as `read_image` returns it, or the reason why there is none.
    """
    for name, value in (("workers", workers), ("look_ahead", look_ahead)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    return _read_ahead(paths, workers, look_ahead)


def _read_ahead(
    paths: Iterable[Path], workers: int, look_ahead: int
) -> Iterator[tuple[Path, np.ndarray | ImageError]]:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="rmpe-read")
    ahead: deque[tuple[Path, Future[np.ndarray]]] = deque()
    try:
        for path in paths:
            ahead.append((path, pool.submit(read_image, path)))
            if len(ahead) > look_ahead:
                yield _outcome(*ahead.popleft())
        while ahead:
            yield _outcome(*ahead.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(path: Path, future: Future[np.ndarray]) -> tuple[Path, np.ndarray | ImageError]:
    try:
        return path, future.result()
    except ImageError as error:
        return path, error
