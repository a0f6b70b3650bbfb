"""Which frames a video has, when they are shown, and what they are called."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_real, check_whole

from ..terminal import printable
from .images import ImageError
from .suffixes import VIDEO_SUFFIXES

__all__ = ["Clip", "Excerpt", "frame_number", "is_video", "video_of"]


def is_video(path: str | os.PathLike[str]) -> bool:
    """Tell by its name whether a file is a video."""
    return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES and os.path.isfile(path)


@functools.lru_cache(maxsize=1)  # One frame comes after the other.
def _is_video(path: str) -> bool:
    return is_video(path)


def video_of(path: Path) -> Path | None:
    """Give the video that a frame's path leads into, as `Clip.paths` writes them; else None."""
    numbered = path.stem.rpartition("_")[2].isdecimal()
    return path.parent if numbered and _is_video(str(path.parent)) else None


def frame_number(path: Path) -> int:
    """Give the number of a frame whose path is one of `Clip.paths`."""
    return int(path.stem.rpartition("_")[2])


@dataclass(frozen=True)
class Excerpt:
    """Which frames of a video are wanted.

    Attributes
    ----------
    start, end : float
        In seconds from the first frame; the end is not part of it. None: to the last frame.
    stride : int
        Every so many frames one is taken.

    Raises
    ------
    TypeError, ValueError
        For anything that contradicts the above.
    """

    start: float = 0.0
    end: float | None = None
    stride: int = 1

    def __post_init__(self) -> None:
        check_real(TYPES, "start", self.start, "at least 0, in seconds", least=0)
        if self.end is not None:
            rule = f"after start, which is {self.start}"
            check_real(TYPES, "end", self.end, rule, above=self.start)
        check_whole(TYPES, "stride", self.stride, 1)

    @property
    def needs_times(self) -> bool:
        """Whether it depends on when frames are shown."""
        return self.start > 0 or self.end is not None


@dataclass(frozen=True, eq=False)
class Clip:
    """The N frames of a video.

    Attributes
    ----------
    path : Path
        The file.
    stamps : array (N,), int64
        Timestamp of each frame, increasing, in units of `unit`; the frames' numbers where the file
        has none.
    unit : Fraction or None
        Seconds; None where the times are not known.
    by_decoding : bool
        The stamps are when a frame is decoded, which is all that AVI tells of H.264 with B-frames.
        The decoder gives one frame for each, in the order in which they are seen.
    rate : Fraction or None
        Frames a second, as the file states them; None where it does not.
    """

    path: Path
    stamps: npt.NDArray[np.int64]
    unit: Fraction | None
    by_decoding: bool = False
    rate: Fraction | None = None

    def __len__(self) -> int:
        """Return the number of frames, N."""
        return len(self.stamps)

    def time(self, index: int) -> float | None:
        """Give the seconds from the first frame to another; None where they are not known."""
        if self.unit is None:
            return None
        return float((int(self.stamps[index]) - int(self.stamps[0])) * self.unit)

    def paths(self, indices: Iterable[int]) -> list[Path]:
        """Give frames paths of their own, such as ``walk.mp4/walk_000012.jpg``.

        There is no such file; `read_clip_frames` reads it all the same.
        """
        return [self.path / f"{self.path.stem}_{index:06d}.jpg" for index in indices]

    def select(self, excerpt: Excerpt) -> list[int]:
        """Give the numbers of the frames that are wanted.

        Raises
        ------
        ImageError
            Start or end is given, and the times of the frames are not known.
        """
        first, last = 0, len(self)
        if excerpt.needs_times:
            if self.unit is None:
                raise ImageError(
                    f"{printable(self.path)}: start and end need the times of frames, which this "
                    "file does not have"
                )
            seconds = (self.stamps - self.stamps[0]) * float(self.unit)
            first = int(np.searchsorted(seconds, excerpt.start))
            if excerpt.end is not None:
                last = int(np.searchsorted(seconds, excerpt.end))
        return list(range(first, last, excerpt.stride))
