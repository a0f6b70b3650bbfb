"""Read photographs ahead in background threads, one by one or in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .images import ImageError, decoded_bytes, read_image

# Pixels that are decoded ahead, or that go through the networks together.
READ_BYTES = 256 << 20


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
        self._sized = ((path, decoded_bytes(path)) for path in paths)
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
