"""What a format of result files is: where it writes, and how records get there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from .files import Directory
from .records import Record

__all__ = ["FrameFiles", "RecordWriter", "ResultFormat"]


class RecordWriter(Protocol):
    """Takes the records of a run, one after the other."""

    def append(self, record: Record, /) -> None:
        """Add an image."""


class ResultFormat(Protocol):
    """A file for the whole run, or a folder with a file for each image.

    Attributes
    ----------
    file_name : str
        What the file or folder is called in a folder of results.
    summary : str
        What is in it, in a few words, for ``--help``.
    needs : str
        The package that must be installed to write it; empty where there is none.
    """

    @property
    def file_name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def needs(self) -> str: ...

    def writing(self, directory: Directory, /) -> AbstractContextManager[RecordWriter]:
        """Open what records are appended to; a file gets its name when the body is done."""
        ...


@runtime_checkable
class FrameFiles(ResultFormat, Protocol):
    """A format that makes a folder."""

    def files_of(self, image_ids: Iterable[int], /) -> Iterable[str]:
        """Name the files of images."""
        ...
