"""Frames one after the other, whatever they come from."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from rmpe_ext.validation.checks import TYPES, check_real, check_type, check_whole

from ..arguments import check_kind, check_name
from .clip import Excerpt, frame_number, is_video, video_of
from .find import find_images, with_lists
from .images import ImageError, read_image
from .incoming import Frames, excerpted
from .live import Connection
from .prefetch import read_images
from .raw import RawVideo
from .unrepeatable import Unrepeatable, unrepeatable
from .video import expand_videos

__all__ = ["CHANNELS", "Frame", "read_frames"]

Report = Callable[[str], object]

# The order of the channels of arrays.
CHANNELS = ("rgb", "bgr")

_ALL = Excerpt()
_CONNECTION = Connection()
_PATH = (str, bytes, os.PathLike)


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a source.

    Attributes
    ----------
    image : array or tensor (H, W, 3)
        uint8, RGB.
    index : int
        Which frame of the source it is, from 0.
    name : str
        Path of its file, or, of a frame of a video, that file and a name in it; empty where it
        comes from none.
    time : float or None
        Seconds from the first frame of its video, camera or stream, as
        :func:`rmpe.inputs.live.read_live` has it of the latter.
    video : str
        Path of the video file that it is of; empty where it is of none. Those of another video are
        not the frames that follow.

    Raises
    ------
    TypeError, ValueError
        The index, a name or the time is none of that; the message says which.
    """

    image: Any
    index: int
    name: str = ""
    time: float | None = None
    video: str = ""

    def __post_init__(self) -> None:
        check_whole(TYPES, "index", self.index, 0)
        check_type(TYPES, "name", self.name, "str")
        check_type(TYPES, "video", self.video, "str")
        if self.time is not None:
            check_real(TYPES, "time", self.time, "a finite number of seconds, or None")


def read_frames(
    source: Any,
    *,
    excerpt: Excerpt = _ALL,
    connection: Connection = _CONNECTION,
    raw: RawVideo | None = None,
    channels: str = "rgb",
    report: Report | None = None,
) -> Generator[Frame, None, None]:
    """Give the frames of a source, one by one; no more than a few are in memory.

    Parameters
    ----------
    source : str, path-like, int, or iterable
        Any of these:

        - an image, folder or pattern, as :func:`rmpe.inputs.find.find_images` takes it, or a video
          file; these are read ahead in background threads. A list or tuple of them is read one
          after the other, and so is ``"@FILE"``, a file with one in each line, or ``"@-"``.
        - what gives images, (H, W, 3) uint8 arrays or tensors, or paths as above, one after the
          other. A 4-D array or tensor is such a thing.
        - an address of the network (``rtsp://``, ``http://`` and others), the number of a camera or
          ``"camera:NUMBER"``, or ``"-"``: encoded images, or raw frames, on standard input. Their
          frames are read when they are asked for.
    excerpt : Excerpt, optional
        Which frames of each video file, of a camera, an address or standard input.
    connection : Connection, optional
        How long an address or camera is waited for.
    raw : RawVideo, optional
        Standard input holds raw frames, and these.
    channels : str
        ``"rgb"``, or ``"bgr"`` for arrays as OpenCV reads them. Files are read right anyway.
    report : callable, optional
        Called with a line about each file that cannot be read, which is left out: the next frame's
        index tells. Without it, this is an error. And about each time that a connection was lost,
        and each frame that came by itself and cannot be decoded, and about videos that a folder or
        pattern of photographs holds, too, which are no errors.

    Yields
    ------
    Frame
        Not copied, where it is an array.

    Raises
    ------
    rmpe.ImageError
        There is no image, or one cannot be read.
    TypeError
        The source, or another argument, is nothing of its kind.
    ValueError
        There are no such channels, or `excerpt`, `connection` or `raw` is given for a source on
        which it would have no effect.

    Examples
    --------
    >>> import numpy as np
    >>> video = (np.full((48, 64, 3), gray, np.uint8) for gray in range(3))
    >>> [(frame.index, frame.image[0, 0, 0].item()) for frame in read_frames(video)]
    [(0, 0), (1, 1), (2, 2)]
    """
    check_name("channels", channels, CHANNELS)
    check_kind("excerpt", excerpt, Excerpt)
    check_kind("connection", connection, Connection)
    if raw is not None:
        check_kind("raw", raw, RawVideo)
    if isinstance(source, int) and not isinstance(source, bool):
        source = f"camera:{check_whole(TYPES, 'source', source, 0)}"
    paths = _paths(source)
    found = unrepeatable(paths)
    _check_effect(found, connection, raw, excerpt)
    if found is not None:
        frames = found.read(connection, raw, report or (lambda line: None))
        return _from_unrepeatable(frames, excerpt, report)
    alone = paths == [source]
    files = [file for path in paths for file in _files(path, report, alone=alone)]
    if excerpt != _ALL and not any(map(is_video, files)):
        raise ValueError(
            "excerpt must be left out: it is for videos, cameras, addresses and standard input, "
            "and source is none"
        )
    if paths:
        return _from_files(files, excerpt, report, count())
    if getattr(source, "ndim", None) == 3:
        source = [source]
    if not isinstance(source, Iterable):
        raise TypeError(
            f"source must be a path or give one image after the other, got {type(source).__name__}"
        )
    return _from_iterable(source, channels, report)


def _paths(source: Any) -> list[Any]:
    """List the paths that a source is; none where it is something else."""
    several = source if isinstance(source, (list, tuple)) else [source]
    if not all(isinstance(one, _PATH) for one in several):
        return []
    return [path for one in several for path in (with_lists([one]) if _is_list(one) else [one])]


def _is_list(path: Any) -> bool:
    return isinstance(path, str) and path.startswith("@") and not os.path.lexists(path)


def _check_effect(
    found: Unrepeatable | None, connection: Connection, raw: RawVideo | None, excerpt: Excerpt
) -> None:
    """Raise ValueError where an argument would have no effect on a source."""
    is_live = found is not None and found.is_live
    is_piped = found is not None and not found.is_live
    if connection != _CONNECTION and not is_live:
        raise ValueError(
            "connection must be left out: it is for cameras and addresses, and source is none"
        )
    if raw is not None and not is_piped:
        raise ValueError('raw must be left out: it is for standard input, and source is not "-"')
    if is_piped and excerpt.needs_times and (raw is None or raw.rate is None):
        raise ValueError(
            "excerpt must have no start and no end: images on standard input have no times, raw "
            "frames only with a rate, as in RawVideo(640, 480, 25)"
        )


def _files(path: Any, report: Report | None, *, alone: bool) -> list[Path]:
    """List the files that a path stands for; one that is not there among others is read as such."""
    text = os.fsdecode(path)
    several = os.path.isdir(text) or (glob.has_magic(text) and not os.path.lexists(text))
    if not (alone or several):
        return [Path(text)]
    try:
        return find_images([text], report=report, note=report or (lambda line: None))
    except ImageError as error:
        if alone:
            raise
        _leave_out(error, report)
        return []


def _from_files(
    files: Iterable[Path], excerpt: Excerpt, report: Report | None, numbers: Iterator[int]
) -> Generator[Frame, None, None]:
    paths, clips = expand_videos(files, excerpt, lambda line: _leave_out(ImageError(line), report))
    with closing(read_images(paths)) as outcomes:
        for (path, image), index in zip(outcomes, numbers, strict=False):
            if isinstance(image, ImageError):
                _leave_out(image, report)
                continue
            video = video_of(path)
            clip = None if video is None else clips.get(video)
            time = None if clip is None else clip.time(frame_number(path))
            yield Frame(image, index, str(path), time, "" if video is None else str(video))
            del image


def _from_unrepeatable(
    frames: Frames, excerpt: Excerpt, report: Report | None
) -> Generator[Frame, None, None]:
    with closing(excerpted(frames, excerpt)) as arrivals:
        for index, arrival in enumerate(arrivals):
            image, time = arrival.image, arrival.time
            del arrival
            if not isinstance(image, ImageError):
                yield Frame(image, index, "", time)
            elif report is not None:
                report(str(image))
            del image


def _from_iterable(
    source: Iterable[Any], channels: str, report: Report | None
) -> Generator[Frame, None, None]:
    numbers = count()
    for item in source:
        if isinstance(item, _PATH):
            for path in _paths([item]):
                yield from _from_path(path, numbers, report)
        elif channels == "bgr":
            # torch takes no negative strides, numpy has no flip of one axis that copies.
            image = item.flip(2) if hasattr(item, "detach") else item[..., ::-1]
            yield Frame(image, next(numbers))
            del image
        else:
            yield Frame(item, next(numbers))


def _from_path(
    path: Any, numbers: Iterator[int], report: Report | None
) -> Generator[Frame, None, None]:
    """Give the frames of one path of many."""
    if found := unrepeatable([path]):
        raise ImageError(f"{found.name} must be the only source: its frames do not wait")
    files = _files(path, report, alone=False)
    if len(files) != 1 or is_video(files[0]):
        yield from _from_files(files, _ALL, report, numbers)
        return
    index = next(numbers)
    try:
        yield Frame(read_image(files[0]), index, str(files[0]))
    except ImageError as error:
        _leave_out(error, report)


def _leave_out(error: ImageError, report: Report | None) -> None:
    if report is None:
        raise error
    report(str(error))
