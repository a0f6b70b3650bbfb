"""PyAV, which reads videos, and what all that use it do with it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..terminal import printable
from .images import ImageError

if TYPE_CHECKING:
    import av

__all__ = ["Decoded", "decode", "import_av", "refusal", "upright", "video_stream"]

# Of these, a damaged frame is told from a good one only by an error of its decoder, which is told
# to give it; of others, the frame says so itself, and errors would cost those behind it, too.
_STRICT = frozenset(("mjpeg", "hevc"))
# Frames that may come between a packet and its frame: the most that H.264 and HEVC put in order.
_MOST_REORDERED = 16


def import_av(path: str | os.PathLike[str]) -> Any:
    """Import PyAV; where it is missing, this is an `ImageError` about what should be read."""
    try:
        import av
    except ModuleNotFoundError:
        raise ImageError(
            f"{printable(path)}: videos are read after: pip install 'av>=14.2'"
        ) from None
    return av


def video_stream(container: Any, path: str | os.PathLike[str]) -> Any:
    """Choose the video of a file or stream; where there is none, this is an `ImageError`."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:  # The cover of a song.
            return stream
    raise ImageError(f"{printable(path)}: it holds no video")


class Decoded(NamedTuple):
    """What became of a frame.

    Attributes
    ----------
    stamp : int or None
        When it is shown, in the stream's units; None where nobody knows.
    frame : av.VideoFrame or None
        None: it is damaged, or missing. A frame that is whole, but shows what is left of a damage
        before it, is not told from a good one.
    came : bool
        The decoder gave a frame, be it damaged.
    """

    stamp: int | None
    frame: av.VideoFrame | None
    came: bool


def decode(
    container: Any,
    stream: Any,
    others: Sequence[Any] = (),
    take: Callable[[Any], object] = lambda packet: None,
) -> Generator[Decoded, None, None]:
    """Decode a video, frame by frame, in the order in which they are seen.

    Parameters
    ----------
    container, stream
        The video, as `video_stream` gives it.
    others : sequence of streams
        Of the same container.
    take : callable
        Gets their packets, in between.

    Raises
    ------
    av.FFmpegError, OSError
        Nothing more can be read.
    """
    from av.error import FFmpegError

    if stream.codec_context.name in _STRICT:
        stream.codec_context.options = {"err_detect": "explode"}
    damaged: set[int] = set()  # Packets whose frames did not come yet.
    for packet in container.demux([stream, *others]):
        if packet.stream.index != stream.index:
            take(packet)
            continue
        if packet.is_corrupt and packet.pts is not None:
            damaged.add(packet.pts)
        try:
            frames = packet.decode()
        except FFmpegError:
            frames = []
            if packet.pts is None:
                yield Decoded(None, None, came=False)
            else:
                damaged.add(packet.pts)
        for frame in frames:
            if frame.pts is not None:
                yield from _missing(damaged, frame.pts)
            whole = not frame.is_corrupt and frame.pts not in damaged
            yield Decoded(frame.pts, frame if whole else None, came=True)
            damaged.discard(frame.pts)
        if len(damaged) > _MOST_REORDERED:
            yield from _missing(damaged, min(damaged) + 1)
    yield from _missing(damaged)


def _missing(damaged: set[int], before: float = math.inf) -> Iterator[Decoded]:
    """Take those out whose frames will not come any more."""
    for stamp in sorted(one for one in damaged if one < before):
        damaged.discard(stamp)
        yield Decoded(stamp, None, came=False)


def refusal(path: str | os.PathLike[str], error: Exception) -> ImageError:
    """Make the error of a video that PyAV cannot read."""
    reason = getattr(error, "strerror", None) or str(error)
    return ImageError(f"{printable(path)}: this video cannot be read: {reason}")


def upright(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """Give a decoded frame as RGB, (H, W, 3), turned as it is to be seen."""
    pixels: npt.NDArray[Any] = frame.to_ndarray(format="rgb24")
    # The angle by which it is turned to be seen, counterclockwise.
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
