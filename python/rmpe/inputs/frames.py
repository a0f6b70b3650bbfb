"""Frames one after the other, whatever they come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rmpe_ext.validation.checks import TYPES, check_whole

from ..arguments import check_kind, check_name
from .clip import Excerpt, frame_number, is_video, video_of
from .find import find_images
from .images import ImageError, read_image
from .live import Connection, check_camera, is_live, read_live
from .prefetch import read_images
from .video import expand_videos

__all__ = ["CHANNELS", "Frame", "read_frames"]

# The order of the channels of arrays.
CHANNELS = ("rgb", "bgr")

_ALL = Excerpt()
_CONNECTION = Connection()


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
        Seconds from the first frame of its video; of a camera or a stream from the network, when it
        came.
    """

    image: Any
    index: int
    name: str = ""
    time: float | None = None


def read_frames(
    source: Any,
    *,
    excerpt: Excerpt = _ALL,
    connection: Connection = _CONNECTION,
    channels: str = "rgb",
    report: Callable[[str], object] | None = None,
) -> Generator[Frame, None, None]:
    """Give the frames of a source, one by one; no more than a few are in memory.

    Parameters
    ----------
    source : str, path-like, int, or iterable
        An image, folder or pattern, as :func:`rmpe.inputs.find.find_images` takes it, or a video
        file; these are read ahead in background threads. Or anything that gives images, (H, W, 3)
        uint8 arrays or tensors, or their paths, one after the other. A 4-D array or tensor is such
        a thing. Or an address of the network (``rtsp://``, ``http://`` and others), or the number
        of a camera, whose frames come as :func:`rmpe.inputs.live.read_live` gives them.
    excerpt : Excerpt, optional
        Which frames of a video file; all of them where omitted.
    connection : Connection, optional
        How long an address or camera is waited for.
    channels : str
        ``"rgb"``, or ``"bgr"`` for arrays as OpenCV reads them. Files are read right anyway.
    report : callable, optional
        Called with a line about each file that cannot be read, which is left out: the next frame's
        index tells. Without it, this is an error. And about each time that a connection was lost,
        and each frame of it that cannot be decoded, which are no errors.

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
        There are no such channels, or an excerpt of what is no video file.

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
    if is_live(source):
        if not isinstance(source, str):
            check_whole(TYPES, "source", source, 0)
        check_camera(source)
        return _from_live(source, connection, report)
    if isinstance(source, (str, os.PathLike)):
        files = find_images([source], report=report)
        if not any(map(is_video, files)):
            _check_no_excerpt(excerpt)
        return _from_files(files, excerpt, report)
    _check_no_excerpt(excerpt)
    if getattr(source, "ndim", None) == 3:
        source = [source]
    if not isinstance(source, Iterable):
        raise TypeError(
            f"source must be a path or give one image after the other, got {type(source).__name__}"
        )
    return _from_iterable(source, channels, report)


def _check_no_excerpt(excerpt: Excerpt) -> None:
    if excerpt != _ALL:
        raise ValueError("excerpt must be left out: it is for video files, and source is none")


def _from_files(
    files: Iterable[Path], excerpt: Excerpt, report: Callable[[str], object] | None
) -> Generator[Frame, None, None]:
    paths, clips = expand_videos(files, excerpt, lambda line: _leave_out(ImageError(line), report))
    with closing(read_images(paths)) as outcomes:
        for index, (path, image) in enumerate(outcomes):
            if isinstance(image, ImageError):
                _leave_out(image, report)
                continue
            video = video_of(path)
            time = None if video is None else clips[video].time(frame_number(path))
            yield Frame(image, index, str(path), time)
            del image


def _from_live(
    source: str | int, connection: Connection, report: Callable[[str], object] | None
) -> Generator[Frame, None, None]:
    with closing(read_live(source, connection, report or (lambda line: None))) as frames:
        for index, (image, time) in enumerate(frames):
            if not isinstance(image, ImageError):
                yield Frame(image, index, "", time)
            elif report is not None:
                report(str(image))
            del image


def _from_iterable(
    source: Iterable[Any], channels: str, report: Callable[[str], object] | None
) -> Generator[Frame, None, None]:
    for index, item in enumerate(source):
        if isinstance(item, (str, os.PathLike)):
            try:
                yield Frame(read_image(item), index, str(item))
            except ImageError as error:
                _leave_out(error, report)
        elif channels == "bgr":
            # torch takes no negative strides, numpy has no flip of one axis that copies.
            yield Frame(item.flip(2) if hasattr(item, "detach") else item[..., ::-1], index)
        else:
            yield Frame(item, index)


def _leave_out(error: ImageError, report: Callable[[str], object] | None) -> None:
    if report is None:
        raise error
    report(str(error))
