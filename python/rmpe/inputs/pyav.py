"""PyAV, which reads videos, and what all that use it do with it."""

from __future__ import annotations

import math
import os
import stat
import struct
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..terminal import printable
from .images import ImageError

if TYPE_CHECKING:
    import av

__all__ = [
    "Decoded",
    "by_decoding",
    "decode",
    "import_av",
    "open_file",
    "refusal",
    "upright",
    "video_stream",
]

# Of these, a damaged frame is told from a good one only by an error of its decoder, which is told
# to give it; of others, the frame says so itself, and errors would cost those behind it, too.
_STRICT = frozenset(("mjpeg", "hevc"))
# Frames that may come between a packet and its frame: the most that H.264 and HEVC put in order.
_MOST_REORDERED = 16
# Of a file that are looked through for its index.
_MOST_BOXES = 1000


def import_av(path: str | os.PathLike[str]) -> Any:
    """Import PyAV; where it is missing, this is an `ImageError` about what should be read."""
    try:
        import av
    except ModuleNotFoundError:
        raise ImageError(
            f"{printable(path)}: videos are read after: pip install 'av>=14.2'"
        ) from None
    return av


def open_file(path: str | os.PathLike[str]) -> Any:
    """Open a video file; where that fails, this is an `ImageError`."""
    av = import_av(path)
    try:
        # Opening a pipe would wait for its writer, without end where there is none.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ImageError(f"{printable(path)}: is not a file but a folder, pipe or device")
        # Not by the name alone: FFmpeg takes what is before a colon for a protocol.
        return av.open(f"file:{os.fspath(path)}", metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise refusal(path, error) from None


def video_stream(container: Any, path: str | os.PathLike[str]) -> Any:
    """Choose the video of a file or stream; where there is none, this is an `ImageError`."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:  # The cover of a song.
            return stream
    raise ImageError(f"{printable(path)}: it holds no video")


def by_decoding(container: Any, stream: Any) -> bool:
    """Tell whether the file says when each frame is decoded, and not when it is shown.

    AVI does. What FFmpeg makes of it may be in the wrong order where that of decoding is another.
    """
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)


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
    given_at : int or None
        When what was decoded last, as the decoder gave this frame, had to be decoded; None at the
        end, and where nobody knows.
    """

    stamp: int | None
    frame: av.VideoFrame | None
    came: bool
    given_at: int | None = None


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
    # Transport streams say so, too, where one was put behind another.
    tells_damage = container.format.name != "mpegts"
    damaged: set[int] = set()  # Packets whose frames did not come yet.
    for packet in container.demux([stream, *others]):
        if packet.stream.index != stream.index:
            take(packet)
            continue
        if packet.is_corrupt and tells_damage and packet.pts is not None:
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
            yield Decoded(frame.pts, frame if whole else None, came=True, given_at=frame.dts)
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
    reason = _what_lacks(path) or getattr(error, "strerror", None) or str(error)
    return ImageError(f"{printable(path)}: this video cannot be read: {reason}")


def _what_lacks(path: str | os.PathLike[str]) -> str | None:
    """Say what a file lacks that FFmpeg cannot read, where that is plain."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                return "the file is empty"
            kinds: list[bytes] = []
            at = 0
            # MP4 and MOV: boxes, each with its length and kind, of which one is the index.
            while at < size and len(kinds) < _MOST_BOXES:
                file.seek(at)
                length, kind = struct.unpack(">I4s", file.read(8))
                if length == 1:
                    (length,) = struct.unpack(">Q", file.read(8))
                kinds.append(kind)
                at += length if length >= 8 else size
    except (OSError, ValueError, struct.error):
        return None
    if kinds[0] == b"ftyp" and b"moov" not in kinds and at > size:
        return "it was cut off before its index, which such files have at their end"
    return None


def upright(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """Give a decoded frame as RGB, (H, W, 3), turned and mirrored as it is to be seen."""
    pixels: npt.NDArray[Any] = frame.to_ndarray(format="rgb24")
    try:
        matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # It has side data of a kind that PyAV does not know: here, EXIF.
        # The angle by which it is turned to be seen, counterclockwise; nothing tells of mirrors.
        return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
    if matrix is None:
        return pixels
    # A pixel at x, y is seen at a x + c y, b x + d y, in units of 1/65536.
    (a, b, _), (c, d, _), _ = np.frombuffer(bytes(matrix), "i4").reshape(3, 3).tolist()
    if abs(a) + abs(d) < abs(b) + abs(c):
        pixels, a, d = pixels.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
