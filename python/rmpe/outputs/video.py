"""Videos that are written: frames at given times, and the sound of another video.

H.264 where FFmpeg has an encoder for it, else MPEG-4. The sound is copied, not encoded again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_type, check_whole, show

from ..arguments import check_image, check_kind, check_name
from .errors import OutputError

__all__ = ["CONTAINERS", "UNKNOWN_RATE", "Look", "VideoWriter"]

# By the end of a file's name.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_ENCODERS = {"libx264": {"crf": "20", "preset": "veryfast"}, "mpeg4": {"qscale": "3"}}
# Frames a second of a video whose frames have no times.
UNKNOWN_RATE = Fraction(25)
# Of a track of sound.
_TRACK_SAYS = ("language", "title")
# Of H.264.
_MOST_SIDE = 16384
# Numbers of H.273 for the matrix of colors, and what the conversion to it is called in FFmpeg.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
_UNSAID = 2


@dataclass(frozen=True)
class Look:
    """How the pixels of a video are meant.

    Attributes
    ----------
    pixel_aspect : Fraction or None
        Width of a pixel by its height; None where nobody says.
    matrix, primaries, transfer : int
        Of colors, by their numbers in H.273: 1 is BT.709, 2 says nothing.
    """

    pixel_aspect: Fraction | None = None
    matrix: int = _UNSAID
    primaries: int = _UNSAID
    transfer: int = _UNSAID

    @staticmethod
    def of(stream: Any, *, turned: bool = False) -> Look:
        """Give that of a video of PyAV, by a quarter turned or not."""
        aspect, colors = stream.sample_aspect_ratio or None, stream.codec_context
        return Look(
            1 / aspect if aspect and turned else aspect,
            colors.colorspace if colors.colorspace in _MATRICES else _UNSAID,
            colors.color_primaries,
            colors.color_trc,
        )


_PLAIN = Look()


class VideoWriter:
    """Writes a video, frame by frame.

    Parameters
    ----------
    file : binary file
        Where to; it can be sought in.
    suffix : str
        A key of `CONTAINERS`.
    size : (int, int)
        Height and width of all frames.
    unit : Fraction or None
        Of timestamps, in seconds; None: they are the numbers of the frames, 25 a second.
    rate : Fraction or None
        Frames a second, on average.
    sound : sequence of streams of PyAV, optional
        Their packets will be written too.
    look : Look, optional
        How the pixels are meant.

    Raises
    ------
    TypeError, ValueError
        An argument is none of the above.
    OutputError
        A file of that kind cannot hold the sound.
    """

    def __init__(
        self,
        file: BinaryIO,
        suffix: str,
        size: tuple[int, int],
        unit: Fraction | None,
        rate: Fraction | None = None,
        sound: Sequence[Any] = (),
        look: Look = _PLAIN,
    ) -> None:
        import av
        from av.error import FFmpegError

        check_name("suffix", suffix, CONTAINERS)
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            raise TypeError(f"size must be (height, width), got {show(size)}")
        for side in size:
            if check_whole(TYPES, "each side of size", side, 1) > _MOST_SIDE:
                raise ValueError(f"each side of size must be at most {_MOST_SIDE}, got {side}")
        for name, value in (("unit", unit), ("rate", rate)):
            if value is not None and (not isinstance(value, Fraction) or value < 0):
                raise ValueError(
                    f"{name} must be a Fraction, not below 0, or None, got {show(value)}"
                )
        check_kind("look", look, Look)
        self._size = tuple(size)
        self._last: int | None = None
        self._container = av.open(file, "w", format=CONTAINERS[suffix])
        name = next(name for name in _ENCODERS if name in av.codecs_available)
        self._unit = unit or 1 / UNKNOWN_RATE
        stream: Any = self._container.add_stream(
            name, rate=rate or UNKNOWN_RATE, options=_ENCODERS[name]
        )
        stream.height, stream.width = size
        # Half the colors a row and column need an even size.
        stream.pix_fmt = "yuv444p" if size[0] % 2 or size[1] % 2 else "yuv420p"
        stream.codec_context.time_base = self._unit
        if look.pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = look.pixel_aspect
        stream.codec_context.colorspace = look.matrix
        stream.codec_context.color_primaries = look.primaries
        stream.codec_context.color_trc = look.transfer
        self._stream, self._matrix = stream, _MATRICES.get(look.matrix)
        self._sound: dict[int, Any] = {}
        for track in sound:
            try:
                copy = self._container.add_stream_from_template(track)
            except (FFmpegError, ValueError) as error:
                raise OutputError(
                    f"a {suffix} file cannot hold sound as {track.codec_context.name}; name a "
                    f".mkv file, or leave out the sound: {error}"
                ) from None
            # Which of several it is.
            copy.metadata.update({k: v for k, v in track.metadata.items() if k in _TRACK_SAYS})
            self._sound[track.index] = copy

    def write(self, image: npt.NDArray[np.uint8], stamp: int) -> None:
        """Add a frame, (H, W, 3) uint8 RGB, at a time that is later than the last one's.

        Raises
        ------
        TypeError, ValueError
            The frame or the time is none of that, or the frame is not of the video's size.
        """
        import av

        check_image("image", image)
        if image.shape[:2] != self._size:
            raise ValueError(f"image must be {self._size}, as the video, got {image.shape[:2]}")
        check_type(TYPES, "stamp", stamp, "int")
        if not -(2**62) < stamp < 2**62 or (self._last is not None and stamp <= self._last):
            last = "none" if self._last is None else self._last
            raise ValueError(
                f"stamp must be later than that of the frame before ({last}) and within 2^62, "
                f"got {show(stamp)}"
            )
        self._last = int(stamp)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        if self._matrix is not None:
            frame = frame.reformat(format=self._stream.pix_fmt, dst_colorspace=self._matrix)
        frame.pts, frame.time_base = stamp, self._unit
        self._container.mux(self._stream.encode(frame))

    def write_sound(self, packets: Iterable[Any]) -> None:
        """Add packets of the sound."""
        for packet in packets:
            if packet.dts is not None:  # The last one is empty.
                packet.stream = self._sound[packet.stream.index]
                self._container.mux(packet)

    def finish(self) -> None:
        """Write what is left, and the table of contents."""
        self._container.mux(self._stream.encode())
        self._container.close()
