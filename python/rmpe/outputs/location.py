"""Where results are: their folder, and the folder that relative paths start from."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import OutputError, reason_of

__all__ = ["check_apart", "working_directory"]


def working_directory() -> str:
    """Give the working directory.

    Raises
    ------
    OutputError
        It was removed.
    """
    try:
        return os.getcwd()
    except OSError as error:
        raise OutputError(
            f"there is no current folder ({reason_of(error)}): change to one that is there"
        ) from None


def check_apart(results: Path, out: Path) -> None:
    """Make sure that results are not written into the folder that they are read from.

    Raises
    ------
    OutputError
        Both are the same folder.
    """
    if os.path.realpath(results) == os.path.realpath(out):
        raise OutputError(f"--out must be another folder than that of the results, got {out}")
