"""PyAV, which reads videos, and what all that use it do with it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..terminal import printable
from .images import ImageError

if TYPE_CHECKING:
    import av

__all__ = ["import_av", "refusal", "upright", "video_stream"]


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
    if not container.streams.video:
        raise ImageError(f"{printable(path)}: it holds no video")
    return container.streams.video[0]


def refusal(path: str | os.PathLike[str], error: Exception) -> ImageError:
    """Make the error of a video that PyAV cannot read."""
    reason = getattr(error, "strerror", None) or str(error)
    return ImageError(f"{printable(path)}: this video cannot be read: {reason}")


def upright(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """Give a decoded frame as RGB, (H, W, 3), turned as it is to be seen."""
    pixels: npt.NDArray[Any] = frame.to_ndarray(format="rgb24")
    # The angle by which it is turned to be seen, counterclockwise.
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
