"""Read photographs and frames ahead in background threads, one by one or in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from threading import Condition
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_whole

from ..arguments import as_path
from .clip import frame_number, video_of
from .images import ImageError, read_image, reading_cost
from .video import read_clip_frames

# What `read_image` gives, or why it does not.
Outcome: TypeAlias = "npt.NDArray[np.uint8] | ImageError"

# Pixels that are decoded ahead, or that go through the networks together.
READ_BYTES = 256 << 20


def read_images(
    paths: Iterable[Path],
    *,
    workers: int = 2,
    look_ahead: int = 8,
    look_ahead_bytes: int = READ_BYTES,
) -> Generator[tuple[Path, Outcome], None, None]:
    """Read images in background threads, in order, so that networks need not wait for files.

    Parameters
    ----------
    paths : iterable of paths
        The files, and frames of videos by the paths that `rmpe.inputs.clip.Clip` gives them; these
        are decoded in one thread, and the video anew where a frame is not behind the one before.
    workers : int
        Threads; decoding runs outside the interpreter lock.
    look_ahead : int
        At most so many images are held decoded, or being decoded, beyond the one handed out.
    look_ahead_bytes : int
        Nor do these take more bytes than this, by the sizes in their headers; one image is always
        read ahead, whatever its size. As much more is for the decoders while they run; an image
        that takes more than that to decode is decoded alone.

    Yields
    ------
    tuple of (pathlib.Path, numpy.ndarray or ImageError)
        The image as `read_image` returns it, or the reason why there is none.

    Raises
    ------
    TypeError, ValueError
        A number is below 1, or an argument of another type.
    """
    _check_positive(workers=workers, look_ahead=look_ahead, look_ahead_bytes=look_ahead_bytes)
    return _from_files_and_videos(paths, workers, look_ahead, look_ahead_bytes)


def read_batches(
    paths: Iterable[Path],
    *,
    batch_size: int,
    workers: int = 2,
    batch_bytes: int = READ_BYTES,
) -> Generator[list[tuple[Path, Outcome]], None, None]:
    """Read images as `read_images` does, two batches ahead, in lists.

    Parameters
    ----------
    paths : iterable of paths
        As `read_images` takes them.
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
    TypeError, ValueError
        A number is below 1, or an argument of another type.
    """
    _check_positive(batch_size=batch_size, workers=workers, batch_bytes=batch_bytes)
    outcomes = _from_files_and_videos(paths, workers, 2 * batch_size, batch_bytes)
    return _gather(outcomes, batch_size, batch_bytes)


def _check_positive(**numbers: int) -> None:
    for name, value in numbers.items():
        check_whole(TYPES, name, value, 1)


def _gather(
    outcomes: Generator[tuple[Path, Outcome], None, None], batch_size: int, batch_bytes: int
) -> Generator[list[tuple[Path, Outcome]], None, None]:
    batch: list[tuple[Path, Outcome]] = []
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


def _from_files_and_videos(
    paths: Iterable[Path], workers: int, look_ahead: int, look_ahead_bytes: int
) -> Generator[tuple[Path, Outcome], None, None]:
    named = (as_path(f"paths[{i}]", path) for i, path in enumerate(paths))
    for video, group in groupby(named, video_of):
        if video is None:
            with closing(_read_ahead(group, workers, look_ahead, look_ahead_bytes)) as outcomes:
                yield from outcomes
            continue
        for frames in _passes(group):
            with closing(_decode_ahead(video, frames, look_ahead, look_ahead_bytes)) as outcomes:
                yield from outcomes


def _passes(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Part the frames of a video where it must be read from its beginning again."""
    frames: list[Path] = []
    for path in paths:
        if frames and frame_number(path) <= frame_number(frames[-1]):
            yield frames
            frames = []
        frames.append(path)
    yield frames


def _decode_ahead(
    video: Path, paths: Sequence[Path], look_ahead: int, look_ahead_bytes: int
) -> Generator[tuple[Path, Outcome], None, None]:
    """Decode frames of a video ahead, in a thread."""
    frames = read_clip_frames(video, [frame_number(path) for path in paths])
    ahead: deque[Future[Outcome]] = deque()
    remaining, size = len(paths), 0
    with ThreadPoolExecutor(1, thread_name_prefix="rmpe-decode") as pool:
        try:
            for path in paths:
                # All frames take as much as the last one did.
                while remaining and (
                    not ahead
                    or (len(ahead) < look_ahead and size * (len(ahead) + 1) <= look_ahead_bytes)
                ):
                    ahead.append(pool.submit(next, frames))
                    remaining -= 1
                outcome = ahead.popleft().result()
                size = size if isinstance(outcome, ImageError) else outcome.nbytes
                yield path, outcome
                del outcome
        finally:
            pool.shutdown(cancel_futures=True)
            frames.close()


def _read_ahead(
    paths: Iterable[Path], workers: int, look_ahead: int, look_ahead_bytes: int
) -> Generator[tuple[Path, Outcome], None, None]:
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
    future: Future[npt.NDArray[np.uint8]]

    def outcome(self) -> Outcome:
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
        self._costs = ((path, reading_cost(path)) for path in paths)
        self._upcoming = next(self._costs, None)
        self._look_ahead = look_ahead
        self._look_ahead_bytes = look_ahead_bytes
        self._decoders = _Allowance(look_ahead_bytes)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="rmpe-read")

    def fill(self) -> None:
        """Start to read all files that may be read by now."""
        while self._upcoming is not None and self._has_room(self._upcoming[1].array):
            path, cost = self._upcoming
            future = self._pool.submit(self._read, path, cost.peak)
            self.ahead.append(_Reading(path, cost.array, future))
            self._upcoming = next(self._costs, None)

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, path: Path, peak: int) -> npt.NDArray[np.uint8]:
        with self._decoders.taken(peak):
            return read_image(path)

    def _has_room(self, size: int) -> bool:
        held = sum(reading.size for reading in self.ahead)
        return not self.ahead or (
            len(self.ahead) < self._look_ahead and held + size <= self._look_ahead_bytes
        )


class _Allowance:
    """Bytes that threads may take at the same time, first come, first served.

    Who wants more than there are gets them when nobody else has any.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._queue: deque[object] = deque()
        self._changed = Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait for so many bytes, and hold them."""
        ticket = object()

        def is_next() -> bool:
            has_room = not self._taken or self._taken + size <= self._most
            return self._queue[0] is ticket and has_room

        with self._changed:
            self._queue.append(ticket)
            self._changed.wait_for(is_next)
            self._queue.popleft()
            self._taken += size
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()
