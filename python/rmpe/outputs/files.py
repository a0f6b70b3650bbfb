"""Files that get their name only when they are complete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .records import Record

# What follows a file's name until the file is complete.
PARTIAL = ".partial"


def partial_path(path: Path) -> Path:
    """Say where a file is until it is complete."""
    return path.with_name(path.name + PARTIAL)


class ResultWriter:
    """A text file that gets its name only when it is complete.

    Attributes
    ----------
    file_name : str
        What the file is called in a folder of results.
    """

    file_name: ClassVar[str]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file = open(partial_path(self.path), "w", encoding="utf-8", newline="\n")
        self._start()

    def append(self, entry: Record) -> None:
        """Add one image's record."""
        raise NotImplementedError

    def flush(self) -> None:
        """Hand what was written so far to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Complete the file and give it its name; closing twice does nothing."""
        if self._file.closed:
            return
        try:
            self._finish()
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
        os.replace(partial_path(self.path), self.path)

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        # Also after an error: what was written until then is valid, and resuming needs it.
        self.close()

    def _start(self) -> None:
        pass

    def _finish(self) -> None:
        pass
