"""The options that choose the frames of a video."""

from __future__ import annotations

import argparse

from ._options import positive

__all__ = ["add_excerpt", "seconds"]


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
    total = 0.0
    for number in numbers:
        total = 60 * total + number
    return total
