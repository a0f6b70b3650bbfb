"""Raw frames one behind the other in a stream of bytes, as programs pipe them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from rmpe_ext.validation.checks import TYPES, check_real, check_whole

from ..arguments import check_name
from .images import ImageError
from .series import LARGEST, Outcome, Read

__all__ = ["PIXEL_FORMATS", "RawVideo", "read_raw"]

# As FFmpeg names them: which byte of a pixel is red, green, blue.
PIXEL_FORMATS = {"rgb24": (0, 1, 2), "bgr24": (2, 1, 0)}


@dataclass(frozen=True)
class RawVideo:
    """Frames without any header, one behind the other.

    Attributes
    ----------
    width, height : int
        In pixels; a frame has 3 bytes for each, row by row.
    rate : float, optional
        Frames a second; None: their times are not known.
    pixels : str
        ``"rgb24"`` or ``"bgr24"``.

    Raises
    ------
    TypeError, ValueError
        For anything that contradicts the above.
    """

    width: int
    height: int
    rate: float | None = None
    pixels: str = "rgb24"

    def __post_init__(self) -> None:
        check_whole(TYPES, "width", self.width, 1)
        check_whole(TYPES, "height", self.height, 1)
        if self.frame_bytes > LARGEST:
            raise ValueError(
                f"width x height must be at most {LARGEST // 3} pixels, "
                f"got {self.width}x{self.height}"
            )
        if self.rate is not None:
            check_real(TYPES, "rate", self.rate, "above 0, in frames a second", above=0)
        check_name("pixels", self.pixels, PIXEL_FORMATS)

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame."""
        return 3 * self.width * self.height


def read_raw(read: Read, video: RawVideo) -> Generator[tuple[Outcome, float | None], None, None]:
    """Give the frames of a raw video.

    Parameters
    ----------
    read : callable
        Gives some of the bytes, at most so many as it is asked for; none at the end.
    video : RawVideo

    Yields
    ------
    image : array (H, W, 3) or ImageError
        uint8, RGB; an error where the bytes end within a frame.
    time : float or None
        Seconds from the first frame.
    """
    number, channels = 0, list(PIXEL_FORMATS[video.pixels])
    while held := _take(read, video.frame_bytes):
        time = None if video.rate is None else number / video.rate
        if len(held) < video.frame_bytes:
            error = ImageError(
                f"the input ends in frame {number}, after {len(held)} of {video.frame_bytes} "
                f"bytes; are frames of {video.width}x{video.height} pixels right?"
            )
            yield error, time
            return
        pixels = np.frombuffer(held, np.uint8).reshape(video.height, video.width, 3)
        yield np.ascontiguousarray(pixels[:, :, channels]), time
        del pixels
        number += 1


def _take(read: Read, size: int) -> bytearray:
    """Read so many bytes, or all that there are."""
    held = bytearray()
    while len(held) < size and (more := read(size - len(held))):
        held += more
    return held
