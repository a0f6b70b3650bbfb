"""Find and read photographs: files, folders and globs in, RGB arrays out.

Pillow decodes: unlike OpenCV 4 it refuses truncated files instead of filling the rest with grey,
and for ordinary JPEG files its pixels are the same.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
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

# Pixels that are decoded ahead, or that go through the networks together.
READ_BYTES = 256 << 20


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
    rmpe.images.ImageError: missing.jpg: no such file
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


def _decoded_bytes(path: Path) -> int:
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


def find_images(
    inputs: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    report: Callable[[str], object] | None = None,
) -> list[Path]:
    """List the images that files, folders and glob patterns stand for.

    A file is taken whatever its name. Of a folder, the files directly in it are taken (all below
    it with ``recursive``) whose suffix is one of `SUFFIXES` and whose name does not start with a
    dot; links that lead nowhere and pipes are taken too, so that `read_image` says what they are.
    A pattern (``*``, ``?``, ``[...]``, and ``**`` for any depth) gives the files that match it, by
    the same rules. Folders and patterns are sorted naturally (``img2`` before ``img10``), inputs
    stay in the order given, and a file found twice is listed once.

    Parameters
    ----------
    inputs : iterable of str or path-like
        What to look for.
    recursive : bool
        Look into the folders of a folder too; links to folders are not followed.
    report : callable, optional
        Called with a line about each input that is missing or holds no image; without it, such an
        input is an error.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ImageError
        No image was found at all, or, without `report`, not in every input: one line for each
        input that is missing or holds none.
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
    if problems and (report is None or not found):
        raise ImageError("\n".join(problems))
    for problem in problems:
        report(problem)
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
    return suffix in SUFFIXES and not name.startswith(".") and not os.path.isdir(path)


def _natural(path: Path) -> list[list[tuple[bool, int, str]]]:
    return [
        [(not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece.casefold())
         for piece in re.split(r"(\d+)", part)]
        for part in path.parts
    ]  # fmt: skip


def read_images(
    paths: Iterable[Path],
    *,
    workers: int = 2,
    look_ahead: int = 8,
    look_ahead_bytes: int = READ_BYTES,
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
    look_ahead_bytes : int
        Nor do these take more bytes than this, by the sizes in their headers; one image is always
        read ahead, whatever its size.

    Yields
    ------
    tuple of (pathlib.Path, numpy.ndarray or ImageError)
        The image as `read_image` returns it, or the reason why there is none.

    Raises
    ------
    ValueError
        A number is below 1.
    """
    _check_positive(workers=workers, look_ahead=look_ahead, look_ahead_bytes=look_ahead_bytes)
    return _read_ahead(paths, workers, look_ahead, look_ahead_bytes)


def read_batches(
    paths: Iterable[Path],
    *,
    batch_size: int,
    workers: int = 2,
    batch_bytes: int = READ_BYTES,
) -> Iterator[list[tuple[Path, np.ndarray | ImageError]]]:
    """Read images as `read_images` does, two batches ahead, in lists.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        The files.
    batch_size : int
        At most so many files make a batch.
    workers : int
        Threads.
    batch_bytes : int
        The image with which a batch reaches this size is its last one; also the limit of what is
        read ahead.

    Yields
    ------
    list of tuple (pathlib.Path, numpy.ndarray or ImageError)
        Never empty.

    Raises
    ------
    ValueError
        A number is below 1.
    """
    _check_positive(batch_size=batch_size, workers=workers, batch_bytes=batch_bytes)
    return _gather(
        _read_ahead(paths, workers, 2 * batch_size, batch_bytes), batch_size, batch_bytes
    )


def _check_positive(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")


def _gather(
    outcomes: Iterator[tuple[Path, np.ndarray | ImageError]], batch_size: int, batch_bytes: int
) -> Iterator[list[tuple[Path, np.ndarray | ImageError]]]:
    batch: list[tuple[Path, np.ndarray | ImageError]] = []
    size = 0
    with closing(outcomes):
        for path, image in outcomes:
            batch.append((path, image))
            size += 0 if isinstance(image, ImageError) else image.nbytes
            if len(batch) == batch_size or size >= batch_bytes:
                # Kept here as well, they would stay in memory while the next batch is read.
                del image
                full, batch, size = batch, [], 0
                yield full
                del full
    if batch:
        yield batch


def _read_ahead(
    paths: Iterable[Path], workers: int, look_ahead: int, look_ahead_bytes: int
) -> Iterator[tuple[Path, np.ndarray | ImageError]]:
    with closing(_Reader(paths, workers, look_ahead, look_ahead_bytes)) as reader:
        reader.fill()
        while reader.ahead:
            reading = reader.ahead.popleft()
            # Before waiting for this one, so that the next are read while it is used.
            reader.fill()
            yield reading.path, reading.outcome()
            del reading


@dataclass(frozen=True)
class _Reading:
    """A file that is being read, or was."""

    path: Path
    size: int
    future: Future[np.ndarray]

    def outcome(self) -> np.ndarray | ImageError:
        try:
            return self.future.result()
        except ImageError as error:
            return error


class _Reader:
    """Starts to read files, in order, as far as the limits let it."""

    def __init__(
        self, paths: Iterable[Path], workers: int, look_ahead: int, look_ahead_bytes: int
    ) -> None:
        self.ahead: deque[_Reading] = deque()
        self._sized = ((path, _decoded_bytes(path)) for path in paths)
        self._upcoming = next(self._sized, None)
        self._look_ahead = look_ahead
        self._look_ahead_bytes = look_ahead_bytes
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="rmpe-read")

    def fill(self) -> None:
        """Start to read all files that may be read by now."""
        while self._upcoming is not None and self._has_room(self._upcoming[1]):
            path, size = self._upcoming
            self.ahead.append(_Reading(path, size, self._pool.submit(read_image, path)))
            self._upcoming = next(self._sized, None)

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _has_room(self, size: int) -> bool:
        held = sum(reading.size for reading in self.ahead)
        return not self.ahead or (
            len(self.ahead) < self._look_ahead and held + size <= self._look_ahead_bytes
        )
