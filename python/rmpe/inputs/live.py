"""Cameras and streams from the network: frames as they come, connected again where they drop."""

from __future__ import annotations

import glob
import os
import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_real, check_whole

from ..terminal import printable
from .clock import Clock
from .images import ImageError
from .pyav import by_decoding, decode, import_av, upright, video_stream

if TYPE_CHECKING:
    import av

__all__ = [
    "Connection",
    "check_camera",
    "is_live",
    "live_name",
    "live_source",
    "loses_frames",
    "read_live",
]

# Of these, the end is a drop, too: a server of files ends where the file does.
_ENDLESS = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srt", "udp")
_SCHEMES = (*_ENDLESS, "http", "https", "tcp")
# Seconds between two tries, at most.
_LONGEST_WAIT = 30.0
_MOST_DOUBLINGS = 60
# FFmpeg's AVFMT_NOTIMESTAMPS: of a raw stream, whose stamps are made up of a rate.
_NO_TIMESTAMPS = 128


@dataclass(frozen=True)
class Connection:
    """How long a stream is waited for.

    Attributes
    ----------
    retries : int
        So many tries in a row may fail before the stream is given up. One that brought frames for
        no longer than `timeout` counts as failed.
    wait : float
        Seconds before the first of them; each further one waits twice as long, 30 s at most.
    timeout : float
        Seconds without any data after which a connection has failed.

    Raises
    ------
    TypeError, ValueError
        For anything that contradicts the above.
    """

    retries: int = 5
    wait: float = 1.0
    timeout: float = 10.0

    def __post_init__(self) -> None:
        check_whole(TYPES, "retries", self.retries, 0)
        check_real(TYPES, "wait", self.wait, "at least 0, in seconds", least=0)
        check_real(TYPES, "timeout", self.timeout, "above 0, in seconds", above=0)


def is_live(source: Any) -> bool:
    """Tell whether a source is the number of a camera, or an address of the network.

    Examples
    --------
    >>> [is_live(one) for one in (0, "rtsp://10.0.0.7/door", "photos/", "C://x.jpg", True)]
    [True, True, False, False, False]
    """
    if isinstance(source, str):
        return source.partition("://")[0].lower() in _SCHEMES and "://" in source
    return isinstance(source, int) and not isinstance(source, bool)


def live_source(text: str) -> str | int | None:
    """Read what names a camera or an address; None where it names something else.

    A number is a camera, unless there is a file of that name; ``camera:0`` is one in any case.

    Raises
    ------
    ImageError
        It begins as a camera does, and goes on with something else than a number; no file has that
        name.

    Examples
    --------
    >>> [live_source(text) for text in ("0", "camera:2", "rtsp://10.0.0.7/door", "walk.mp4")]
    [0, 2, 'rtsp://10.0.0.7/door', None]
    """
    number = re.fullmatch(r"(camera:)?([0-9]{1,4})", text)
    if number and (number[1] or not os.path.lexists(text)):
        return int(number[2])
    if text.startswith("camera:") and not (glob.has_magic(text) or os.path.lexists(text)):
        raise ImageError(
            f"{printable(text)}: a camera is camera:NUMBER, with a number from 0 to 9999, such as "
            "camera:0"
        )
    return text if is_live(text) else None


def live_name(source: str | int) -> str:
    """Name a camera or an address, without its password and what follows a ``?``."""
    return f"camera {source}" if isinstance(source, int) else _without_secrets(source)


def loses_frames(source: str | int) -> bool:
    """Tell whether frames go on coming while nobody takes them.

    A server of HTTP waits, as it may send a file.

    Examples
    --------
    >>> [loses_frames(one) for one in (0, "rtsp://10.0.0.7/door", "http://10.0.0.7/door.mjpg")]
    [True, True, False]
    """
    return isinstance(source, int) or source.partition("://")[0].lower() in _ENDLESS


def check_camera(source: str | int) -> None:
    """Raise ImageError where a camera is not there, and say which are."""
    if isinstance(source, int) and not os.path.exists(f"/dev/video{source}"):
        others = sorted(int(path[10:]) for path in glob.glob("/dev/video[0-9]*"))
        there = ", ".join(map(str, others)) or "none"
        raise ImageError(f"camera {source}: there is no /dev/video{source}; cameras here: {there}")


def read_live(
    source: str | int,
    connection: Connection,
    report: Callable[[str], object] = lambda line: None,
    *,
    pause: Callable[[float], object] | None = None,
) -> Generator[tuple[npt.NDArray[np.uint8] | ImageError, float | None], None, None]:
    """Give the frames of a camera or stream, as they come.

    A frame is decoded when it is asked for, so memory does not grow while nobody asks: frames wait
    in the buffers of the network or the camera, and are dropped there. After a drop, a file goes on
    behind the frames that came; of a stream, those are gone that were sent meanwhile.

    Parameters
    ----------
    source : str or int
        An address, or the number of a camera: 0 is ``/dev/video0``.
    connection : Connection
        How long it is waited for.
    report : callable
        Gets a line for each time that the stream was lost.
    pause : callable, optional
        Waits so many seconds; `time.sleep` where omitted.

    Yields
    ------
    image : array (H, W, 3) or ImageError
        uint8, RGB, upright; or that it cannot be decoded.
    time : float or None
        Seconds from the first frame. Of what does not wait, as `loses_frames` says: when it came.
        Of anything else: as its stamps tell; without them, when it came, or None for a file, which
        comes as fast as it can.

    Raises
    ------
    ImageError
        It was lost for good, holds no video, or PyAV is not installed.
    """
    name, endless = live_name(source), loses_frames(source)
    av = import_av(name)
    frames = failures = 0
    clock = Clock()
    while True:
        connected = None
        try:
            with _open(av, source, connection.timeout) as container:
                stream = video_stream(container, name)
                is_file = not endless and _is_file(container)
                clock.connect(_unit(container, stream, endless), is_file=is_file)
                for stamp, frame in _stamped(container, stream):
                    if clock.had(stamp):
                        continue
                    now = time.monotonic()
                    connected = now if connected is None else connected
                    frames += 1
                    # A server that sends a little and falls silent would be asked for ever.
                    if now - connected > connection.timeout:
                        failures = 0
                    shown = clock.time(stamp, now)
                    image = _lost(name, frames - 1) if frame is None else upright(frame)
                    yield image, shown
                    del image
            if not endless:
                return
            reason = "it ended"
        except av.ExitError:
            reason = f"nothing came for {connection.timeout:g} s"
        except (av.HTTPForbiddenError, av.HTTPNotFoundError) as error:
            raise ImageError(f"{_lost_after(name, frames)}: {error.strerror}") from None
        except (av.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
        failures += 1
        if failures > connection.retries:
            tries = "1 try" if failures == 1 else f"{failures} tries"
            raise ImageError(f"{_lost_after(name, frames)}, {tries}: {reason}")
        report(f"{_lost_after(name, frames)}: {reason}; try {failures} of {connection.retries}")
        # Doubled without end, it would leave the range of floats after some hours of tries.
        doublings = min(failures - 1, _MOST_DOUBLINGS)
        (pause or time.sleep)(min(connection.wait * 2**doublings, _LONGEST_WAIT))


def _stamped(
    container: Any, stream: Any
) -> Generator[tuple[int | None, av.VideoFrame | None], None, None]:
    """Decode a stream; stamps do not go back in order."""
    of_decoding = by_decoding(container, stream)
    last = 0
    for stamp, frame, _, given_at in decode(container, stream):
        if of_decoding:
            # In AVI, a unit is what a frame lasts. The last ones come when all is read.
            last = last + 1 if given_at is None else given_at
            yield last, frame
        else:
            yield stamp, frame


def _open(av: Any, source: str | int, timeout: float) -> Any:
    if isinstance(source, int):
        device = f"/dev/video{source}"
        os.stat(device)  # FFmpeg says less of one that is not there.
        return av.open(device, format="v4l2", timeout=timeout)
    # Over UDP, a full network costs parts of frames.
    options = {"rtsp_transport": "tcp"} if source.lower().startswith("rtsp") else {}
    return av.open(source, options=options, timeout=timeout, metadata_errors="replace")


def _is_file(container: Any) -> bool:
    """Tell whether what a server sends has an end."""
    # The size of a playlist is none of what it lists.
    playlist = container.format.name in ("hls", "dash")
    return container.duration is not None or (container.size > 0 and not playlist)


def _unit(container: Any, stream: Any, endless: bool) -> Fraction | None:
    """Of stamps, in seconds; None where they tell less than the time of arrival."""
    made_up = container.format.flags & _NO_TIMESTAMPS
    return None if endless or made_up else stream.time_base


def _lost(name: str, index: int) -> ImageError:
    return ImageError(f"{name}: frame {index} cannot be decoded")


def _lost_after(name: str, frames: int) -> str:
    return f"{name}: lost after {frames} {'frame' if frames == 1 else 'frames'}"


def _without_secrets(address: str) -> str:
    # What follows the path may be a key that is nobody's business.
    return re.sub(r"(?<=://)[^/@]*@", "", re.split(r"[?#]", address, maxsplit=1)[0])
