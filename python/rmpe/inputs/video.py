"""Video files as frames, in the order in which they are seen.

PyAV decodes: unlike OpenCV it gives each frame's own time, which a video of variable rate needs,
and the rotation that a phone notes. A frame is found again by its timestamp, so that its number
does not depend on what could be decoded before it.
"""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_real, check_whole

from ..terminal import printable
from .images import ImageError
from .pyav import import_av, refusal, upright, video_stream

if TYPE_CHECKING:
    import av

__all__ = [
    "VIDEO_SUFFIXES",
    "Clip",
    "Excerpt",
    "decode_clip",
    "expand_videos",
    "frame_number",
    "is_video",
    "open_clip",
    "read_clip",
    "read_clip_frames",
    "video_of",
]

# How the names of videos end.
VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .mts .m2ts .ts .wmv .flv .3gp .ogv .h264".split()
)


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
    """

    path: Path
    stamps: npt.NDArray[np.int64]
    unit: Fraction | None

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
        if excerpt.start > 0 or excerpt.end is not None:
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


def read_clip(path: str | os.PathLike[str]) -> Clip:
    """Find the frames of a video, without decoding any.

    Raises
    ------
    ImageError
        It cannot be read, holds no frame, or PyAV is not installed.
    """
    av = import_av(path)
    stamps: list[int | None] = []
    try:
        with av.open(os.fspath(path), metadata_errors="replace") as container:
            stream = video_stream(container, path)
            unit = stream.time_base
            try:
                for packet in container.demux(stream):
                    if packet.size and not packet.is_discard:
                        stamps.append(packet.pts)
            except av.FFmpegError:
                pass  # Cut off, or damaged: what comes before counts.
    except (av.FFmpegError, OSError) as error:
        raise refusal(path, error) from None
    known = sorted({stamp for stamp in stamps if stamp is not None})
    if not stamps:
        raise ImageError(f"{printable(path)}: this video holds no frame")
    if len(known) < len(stamps):
        return Clip(Path(path), np.arange(len(stamps)), None)
    return Clip(Path(path), np.array(known, np.int64), unit)


def expand_videos(
    paths: Iterable[Path], excerpt: Excerpt, report: Callable[[str], object]
) -> tuple[list[Path], dict[Path, Clip]]:
    """Put the frames of videos in their place.

    Parameters
    ----------
    paths : iterable of Path
        Files; those that are no videos stay.
    excerpt : Excerpt
        Which frames.
    report : callable
        Called with a line about each video that cannot be read or has no such frame; it is left
        out.

    Returns
    -------
    paths : list of Path
        Of photographs, and of frames, as `Clip.paths` gives them.
    clips : dict of Path to Clip
        The videos.
    """
    found: list[Path] = []
    clips: dict[Path, Clip] = {}
    for path in paths:
        if not is_video(path):
            found.append(path)
            continue
        try:
            clip = read_clip(path)
            chosen = clip.select(excerpt)
            if not chosen:
                last = clip.time(len(clip) - 1)
                raise ImageError(
                    f"{printable(path)}: no frame is from start to end, its last is at {last} s"
                )
            found += clip.paths(chosen)
            clips[path] = clip
        except ImageError as error:
            report(str(error))
    return found, clips


def read_clip_frames(
    path: str | os.PathLike[str], indices: Iterable[int]
) -> Generator[npt.NDArray[np.uint8] | ImageError, None, None]:
    """Decode some frames of a video.

    Parameters
    ----------
    path : str or path-like
        The file.
    indices : iterable of int
        Which frames, in increasing order.

    Yields
    ------
    array (H, W, 3) or ImageError
        Of each frame: uint8, RGB, upright; or the reason why there is none.

    """
    wanted = deque(indices)
    try:
        clip = read_clip(path)
    except ImageError as error:
        yield from (error for _ in wanted)
        return
    try:
        with open_clip(clip) as container:
            for index, frame in decode_clip(clip, container):
                while wanted and wanted[0] < index:
                    yield _lost(clip, wanted.popleft())
                if wanted and wanted[0] == index:
                    wanted.popleft()
                    yield _lost(clip, index) if frame.is_corrupt else upright(frame)
                if not wanted:
                    return
    except ImageError:
        pass  # It ends here; what is wanted of the rest is lost.
    while wanted:
        yield _lost(clip, wanted.popleft())


def open_clip(clip: Clip) -> Any:
    """Open a video with PyAV; where that fails, this is an `ImageError`."""
    av = import_av(clip.path)
    try:
        return av.open(os.fspath(clip.path), metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise refusal(clip.path, error) from None


def decode_clip(
    clip: Clip,
    container: Any,
    sound: Any = None,
    take_sound: Callable[[Any], object] = lambda packet: None,
) -> Generator[tuple[int, av.VideoFrame], None, None]:
    """Decode all frames that can be decoded, each with its number.

    Parameters
    ----------
    clip : Clip
    container
        As `open_clip` gives it.
    sound : stream of PyAV, optional
        Of the same container.
    take_sound : callable
        Gets the packets of the sound, in between.

    Yields
    ------
    (int, av.VideoFrame)

    Raises
    ------
    ImageError
        The file cannot be read any more.
    """
    av = import_av(clip.path)
    number_of = {int(stamp): number for number, stamp in enumerate(clip.stamps)}
    video = video_stream(container, clip.path)
    count = 0
    try:
        for packet in container.demux([video] if sound is None else [video, sound]):
            if packet.stream.index != video.index:
                take_sound(packet)
                continue
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue  # Its frames are missed by their numbers.
            for frame in frames:
                number = count if clip.unit is None else number_of.get(frame.pts, -1)
                count += 1
                if 0 <= number < len(clip):
                    yield number, frame
    except (av.FFmpegError, OSError) as error:
        raise refusal(clip.path, error) from None


def _lost(clip: Clip, index: int) -> ImageError:
    return ImageError(f"{printable(clip.path)}: frame {index} cannot be decoded")
