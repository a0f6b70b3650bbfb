"""The options for videos, cameras, streams and standard input."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from . import CommandError
from ._options import positive

if TYPE_CHECKING:
    from ..inputs.live import Connection
    from ..inputs.raw import RawVideo

__all__ = ["add_excerpt", "add_incoming", "connection_of", "raw_video", "seconds"]


def add_excerpt(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    video = parser.add_argument_group("videos")
    video.add_argument(
        "--start", type=seconds, default=0.0, metavar="TIME",
        help="from here on: seconds, or [hours:]minutes:seconds (default: the beginning)",
    )  # fmt: skip
    video.add_argument(
        "--end", type=seconds, metavar="TIME", help="up to here (default: the end)"
    )  # fmt: skip
    video.add_argument(
        "--stride", type=positive, default=1, metavar="N",
        help="every N-th frame (default: %(default)s)",
    )  # fmt: skip


def add_incoming(parser: argparse.ArgumentParser) -> None:
    """Add the options for what comes by itself."""
    group = parser.add_argument_group("cameras, streams and standard input")
    group.add_argument(
        "--retries", type=_whole_from_0, default=5, metavar="N",
        help="a camera or stream that is lost is connected again, and given up when so many tries "
        "in a row have failed, after 1, 2, 4, ... seconds (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--timeout", type=seconds, default=10.0, metavar="TIME",
        help="it is lost when nothing has come for so long (default: %(default)g seconds)",
    )  # fmt: skip
    group.add_argument(
        "--raw", type=_raw, metavar="WIDTHxHEIGHT[@FPS]",
        help="standard input holds raw frames of this size, 3 bytes a pixel, row by row, and with "
        "@FPS they have times (default: encoded images)",
    )  # fmt: skip
    group.add_argument(
        "--pix-fmt", choices=("rgb24", "bgr24"),
        help="the order of these bytes, by FFmpeg's names (default: rgb24)",
    )  # fmt: skip


def connection_of(arguments: argparse.Namespace) -> Connection:
    """Say how long a stream is waited for, as the options have it."""
    from ..inputs.live import Connection

    try:
        return Connection(retries=arguments.retries, timeout=arguments.timeout)
    except ValueError as error:
        raise CommandError(f"--{error}") from None


def raw_video(arguments: argparse.Namespace) -> RawVideo | None:
    """Describe raw frames, as the options have it."""
    from ..inputs.raw import RawVideo

    if arguments.raw is None:
        if arguments.pix_fmt is not None:
            raise CommandError("--pix-fmt is for raw frames: give their size with --raw")
        return None
    try:
        width, height, rate = arguments.raw
        return RawVideo(width, height, rate, arguments.pix_fmt or "rgb24")
    except ValueError as error:
        raise CommandError(f"--raw: {error}") from None


def _raw(text: str) -> tuple[int, int, float | None]:
    found = re.fullmatch(r"([0-9]{1,9})x([0-9]{1,9})(?:@([0-9]+(?:\.[0-9]+)?))?", text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"must be WIDTHxHEIGHT or WIDTHxHEIGHT@FPS, such as 640x480@25, got {text!r}"
        )
    return int(found[1]), int(found[2]), None if found[3] is None else float(found[3])


def _whole_from_0(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"must be a whole number from 0, got {text!r}")
    return int(text)


def seconds(text: str) -> float:
    """Parse a time: seconds, or [hours:]minutes:seconds.

    Examples
    --------
    >>> seconds("90"), seconds("1:30.5"), seconds("1:00:00")
    (90.0, 90.5, 3600.0)
    """
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = [-1.0]
    if len(parts) > 3 or not all(0 <= number < float("inf") for number in numbers):
        raise argparse.ArgumentTypeError(
            f"must be seconds, or [hours:]minutes:seconds, got {text!r}"
        )
    if any(number >= 60 for number in numbers[1:]):
        raise argparse.ArgumentTypeError(
            f"must have less than 60 behind a colon, as [hours:]minutes:seconds, got {text!r}"
        )
    total = 0.0
    for number in numbers:
        total = 60 * total + number
    return total
