"""Lines for people: printed where they can be, and never a reason to stop."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TextIO

from ..terminal import printable

__all__ = ["say", "say_lines", "silence", "traceback_lines"]


def say(line: str) -> bool:
    """Write a line, without control characters, on the error stream; see `say_lines`."""
    return say_lines([line], sys.stderr)


def say_lines(lines: list[str], stream: TextIO | None) -> bool:
    """Write lines without their control characters.

    The reader of a pipe may be gone (``rmpe infer 2>&1 | head``), the disk behind a redirection
    full: results are worth more than messages about them, so the stream is then pointed at nothing
    and all goes on.

    Parameters
    ----------
    lines : list of str
        What to write.
    stream : text stream or None
        Where to; None, as Python has it where the stream was closed from the start: nowhere.

    Returns
    -------
    bool
        Whether they were written.
    """
    if stream is None:
        return False
    try:
        for line in lines:
            stream.write(printable(line) + "\n")
        stream.flush()
    except (OSError, ValueError):  # ValueError: it is closed.
        silence(stream)
        return False
    return True


def traceback_lines(error: BaseException) -> list[str]:
    """Say where an error came from."""
    return "".join(traceback.format_exception(error)).rstrip("\n").split("\n")


def silence(stream: TextIO | None) -> None:
    """Point a stream at nothing, with what is left in its buffer, too, when Python exits."""
    if stream is None:  # It was closed when Python started.
        return
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # It has no descriptor, or is closed.
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)
