"""A format that is one text file: how a record becomes text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from .files import Directory
from .records import Record

__all__ = ["TextFormat", "TextWriter", "flat_keypoints", "json_list"]


class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True)
class TextFormat:
    """A text file that grows record by record, so that no memory has to hold it.

    The file is the opening, all items with the separator between each two, and the closing.

    Attributes
    ----------
    file_name : str
        What the file is called in a folder of results.
    items : callable
        Gives the items of a record, any number of them.
    opening, separator, closing : str
    summary : str
        What is in the file, in a few words, for ``--help``.
    """

    file_name: str
    items: Callable[[Record], Iterable[str]]
    opening: str = ""
    separator: str = ""
    closing: str = ""
    summary: str = ""
    needs: str = ""

    @contextmanager
    def writing(self, directory: Directory) -> Iterator[TextWriter]:
        """Open the file; it gets its name when the body is done."""
        with directory.replacing(self.file_name) as file:
            writer = TextWriter(self, file)
            yield writer
            writer.finish()


class TextWriter:
    """Writes a file of a format, a record at a time.

    Parameters
    ----------
    text_format : TextFormat
        How.
    file : object with a method ``write`` that takes bytes
        Where to.

    Examples
    --------
    >>> import io
    >>> names = TextFormat("names.txt", lambda record: [record["name"]], "(", ", ", ")")
    >>> file = io.BytesIO()
    >>> writer = TextWriter(names, file)
    >>> for name in ("a.jpg", "b.jpg"):
    ...     writer.append({"name": name})
    >>> writer.finish()
    >>> file.getvalue()
    b'(a.jpg, b.jpg)'
    """

    def __init__(self, text_format: TextFormat, file: _Writable) -> None:
        self._format = text_format
        self._file = file
        self._separator = ""
        self._write(text_format.opening)

    def append(self, record: Record) -> None:
        """Add the items of one image."""
        for item in self._format.items(record):
            self._write(self._separator + item)
            self._separator = self._format.separator

    def finish(self) -> None:
        """Add the closing."""
        self._write(self._format.closing)

    def _write(self, text: str) -> None:
        self._file.write(text.encode())


def json_list(
    file_name: str,
    items: Callable[[Record], Iterable[Mapping[str, Any]]],
    *,
    summary: str = "",
    before: str = "",
    after: str = "",
) -> TextFormat:
    """Make a format that is one JSON list, each item on a line of its own.

    Parameters
    ----------
    file_name : str
        What the file is called in a folder of results.
    items : callable
        Gives the items of a record, as JSON objects.
    summary : str
        What is in the file, in a few words, for ``--help``.
    before, after : str
        What stands around the list.
    """

    def lines(record: Record) -> Iterator[str]:
        for item in items(record):
            yield "\n" + json.dumps(item, allow_nan=False)

    return TextFormat(file_name, lines, f"{before}[", ",", f"\n]{after}\n", summary)


def flat_keypoints(person: Record, part: slice = slice(None)) -> list[float]:
    """Give a person's keypoints as x, y, score, x, y, score, ...; 0, 0, 0 for a lost one.

    ``part`` chooses some of them.
    """
    flat: list[float] = []
    places, scores = person["keypoints"][part], person["keypoint_scores"][part]
    for (x, y), score in zip(places, scores, strict=True):
        flat += (0.0, 0.0, 0.0) if None in (x, y, score) else (x, y, score)
    return flat
