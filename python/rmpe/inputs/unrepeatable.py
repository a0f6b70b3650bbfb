"""Which input cannot be read again, and how: cameras, addresses and standard input."""

from __future__ import annotations

import os
import re
import select
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
# Seconds.
_SOON = 0.1


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
        if self.source == STANDARD_INPUT and excerpt.needs_times and (raw is None or not raw.rate):
            raise ImageError(
                "-: --start and --end need the times of frames: raw ones have them with a rate, as "
                "in --raw 640x480@25; images have none"
            )
        # The one needs the other: who closes what reads does not wait for the next try.
        incoming: Incoming | None = None

        def pause(seconds: float) -> None:
            assert incoming is not None
            incoming.pause(seconds)

        frames = self.read(connection, raw, report, pause)
        incoming = Incoming(frames, excerpt, loses=self.is_live and loses_frames(self.source))
        return incoming

    @property
    def is_live(self) -> bool:
        """Whether it is a camera or an address."""
        return self.source != STANDARD_INPUT

    def read(
        self,
        connection: Connection,
        raw: RawVideo | None,
        report: Callable[[str], object],
        pause: Callable[[float], object] | None = None,
    ) -> Frames:
        """Give its frames, each when it is asked for; `open` reads them ahead.

        Raises
        ------
        ImageError
            It is not there.
        """
        if self.is_live:
            check_camera(self.source)
            return read_live(self.source, connection, report, pause=pause)
        read, is_coming = _standard_input()
        return read_series(read, is_coming) if raw is None else read_raw(read, raw)


def unrepeatable(inputs: Sequence[str | os.PathLike[str]]) -> Unrepeatable | None:
    """Find the input that cannot be read again; None where all can be.

    Raises
    ------
    ImageError
        It is not the only one, or a camera without a number.

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


def _standard_input() -> tuple[Callable[[int], bytes], Callable[[], bool]]:
    """Give what reads standard input, a piece at a time, and what tells whether more comes soon."""
    if sys.stdin is None:
        raise ImageError("-: there is no standard input")
    if sys.stdin.isatty():
        raise ImageError("-: standard input is a terminal: pipe images into it, as cat x.jpg | ...")
    # Not through a buffer, whose lock a thread that waits for input would hold when the program
    # ends.
    number = sys.stdin.fileno()
    return partial(os.read, number), lambda: bool(select.select([number], [], [], _SOON)[0])
