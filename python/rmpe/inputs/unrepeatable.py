"""Which input cannot be read again, and how: cameras, addresses and standard input."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from .clip import Excerpt
from .images import ImageError
from .incoming import Frames, Incoming
from .live import Connection, check_camera, live_name, live_source, loses_frames, read_live
from .raw import RawVideo, read_raw
from .series import read_series

__all__ = ["STANDARD_INPUT", "Unrepeatable", "unrepeatable"]

STANDARD_INPUT = "-"
_MOST_STEM = 100


@dataclass(frozen=True)
class Unrepeatable:
    """An input that cannot be read again.

    Attributes
    ----------
    source : str or int
        ``"-"``, an address, or the number of a camera.
    name : str
        What people know it by, without a password or key.
    folder, stem : str
        Its frames are called as those of a video: ``{folder}/{stem}_000012.jpg``.
    """

    source: str | int
    name: str
    folder: str
    stem: str

    def open(
        self,
        excerpt: Excerpt,
        connection: Connection,
        raw: RawVideo | None,
        report: Callable[[str], object],
    ) -> Incoming:
        """Make what reads it; `Incoming.start` begins.

        Raises
        ------
        ImageError
            It is not there, or the excerpt needs times that it does not have.
        """
        if self.source != STANDARD_INPUT:
            check_camera(self.source)
            loses = loses_frames(self.source)
            # The one needs the other: who closes what reads does not wait for the next try.
            incoming: Incoming | None = None

            def pause(seconds: float) -> None:
                assert incoming is not None
                incoming.pause(seconds)

            frames: Frames = read_live(self.source, connection, report, pause=pause)
            incoming = Incoming(frames, excerpt, loses=loses)
            return incoming
        if (excerpt.start > 0 or excerpt.end is not None) and (raw is None or raw.rate is None):
            raise ImageError(
                "-: --start and --end need the times of frames: raw ones have them with a rate, as "
                "in --raw 640x480@25; images have none"
            )
        read = _standard_input()
        return Incoming(
            read_series(read) if raw is None else read_raw(read, raw), excerpt, loses=False
        )


def unrepeatable(inputs: Sequence[str | os.PathLike[str]]) -> Unrepeatable | None:
    """Find the input that cannot be read again; None where all can be.

    Raises
    ------
    ImageError
        It is not the only one.

    Examples
    --------
    >>> unrepeatable(["rtsp://me:secret@10.0.0.7/door?key=1"]).folder
    'rtsp://10.0.0.7/door'
    >>> unrepeatable(["photos/", "walk.mp4"])
    """
    texts = [text for text in inputs if isinstance(text, str)]
    found = [one for one in map(_one, texts) if one is not None]
    if found and len(inputs) > 1:
        raise ImageError(
            f"{found[0].name} must be the only input: its frames are taken as they come, and do "
            "not wait for others"
        )
    return found[0] if found else None


def _one(text: str) -> Unrepeatable | None:
    if text == STANDARD_INPUT:
        return Unrepeatable(text, "standard input", "stdin", "stdin")
    source = live_source(text)
    if source is None:
        return None
    name = live_name(source)
    if isinstance(source, int):
        return Unrepeatable(source, name, f"camera{source}", f"camera{source}")
    folder = name.rstrip("/")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", folder.rpartition("/")[2])[:_MOST_STEM]
    return Unrepeatable(source, name, folder, stem)


def _standard_input() -> Callable[[int], bytes]:
    """Give what reads standard input, a piece at a time."""
    if sys.stdin is None:
        raise ImageError("-: there is no standard input")
    if sys.stdin.isatty():
        raise ImageError("-: standard input is a terminal: pipe images into it, as cat x.jpg | ...")
    # Not through a buffer, whose lock a thread that waits for input would hold when the program
    # ends.
    return partial(os.read, sys.stdin.fileno())
