"""Long tables: a row for each keypoint of each person, as CSV or Parquet.

Columns are ``image_id`` (the image's number), ``video`` (path or address of what a frame is of),
``frame`` (its number in that, from 0), ``time`` (in seconds from the first), ``image`` (the image's
name), ``person`` (index in the image), ``track`` (identity, where people were tracked, within the
video), ``class`` (of the box), ``keypoint`` (its name in the skeleton, or its number where the
skeleton is not a known one), ``x``, ``y`` (pixels), ``score``. What is not there, as ``video``,
``frame`` and ``time`` of a photograph, or not finite, is empty in CSV, and null in Parquet.

Spreadsheets take text that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, which may start
programs, and the name of a file may be one: in CSV, such text has a ``'`` in front. Parquet has it
as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ..skeletons import SKELETONS
from .files import AppendedFile, Directory
from .labels import frame_of
from .records import Record, class_of
from .text_format import TextFormat

__all__ = ["CSV", "KEYPOINT_COLUMNS", "PARQUET"]

KEYPOINT_COLUMNS = ("person", "track", "class", "keypoint", "x", "y", "score")
_COLUMNS = ("image_id", "video", "frame", "time", "image", *KEYPOINT_COLUMNS)
# Beginnings of formulas, also in the full width of East Asian text.
_FORMULA = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
            "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
# Rows of a row group of Parquet, which is what a reader holds at once.
_ROWS = 1 << 16


def _rows(record: Record) -> Iterator[tuple[Any, ...]]:
    if "error" in record:
        return
    skeleton = SKELETONS.get(record["skeleton"])
    video, frame = frame_of(record["file"], timed="time" in record) or (None, None)
    image = (
        record["image_id"],
        None if video is None else _unicode(video),
        frame,
        record.get("time"),
        _unicode(record["name"]),
    )
    for index, person in enumerate(record["people"]):
        places, scores = person["keypoints"], person["keypoint_scores"]
        names = [str(number) for number in range(len(places))]
        if skeleton is not None and len(skeleton) == len(places):
            names = list(skeleton.keypoints)
        first = (*image, index, person.get("track_id"), class_of(person))
        for name, (x, y), score in zip(names, places, scores, strict=True):
            yield (*first, name, x, y, score)


def _unicode(name: str) -> str:
    """Write what of a file's name is no text as an escape: tables hold UTF-8 alone."""
    return name.encode(errors="backslashreplace").decode()


def _lines(record: Record) -> Iterator[str]:
    for row in _rows(record):
        yield _line(tuple(_plain(value) if isinstance(value, str) else value for value in row))


def _plain(text: str) -> str:
    """Make text that spreadsheets would calculate plain text to them."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _line(row: tuple[Any, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()


CSV = TextFormat(
    "keypoints.csv",
    _lines,
    opening=_line(_COLUMNS),
    summary="a table for pandas, polars and spreadsheets: a row for each keypoint of each person",
)


class _Parquet:
    """The same table as Parquet, written in pieces."""

    file_name = "keypoints.parquet"
    summary = "the same table as Parquet; needs the package pyarrow"
    needs = "pyarrow"

    @contextmanager
    def writing(self, directory: Directory) -> Iterator[_ParquetWriter]:
        from pyarrow import parquet

        with directory.replacing(self.file_name) as file:
            with parquet.ParquetWriter(_Sink(file), _schema()) as table:
                writer = _ParquetWriter(table)
                yield writer
                writer.finish()


class _ParquetWriter:
    def __init__(self, table: Any) -> None:
        self._table = table
        self._rows: list[tuple[Any, ...]] = []

    def append(self, record: Record) -> None:
        self._rows.extend(_rows(record))
        while len(self._rows) >= _ROWS:
            self._write(_ROWS)

    def finish(self) -> None:
        self._write(_ROWS)

    def _write(self, count: int) -> None:
        import pyarrow

        rows, self._rows = self._rows[:count], self._rows[count:]
        if rows:
            columns = zip(*rows, strict=True)
            arrays = []
            for column, field in zip(columns, _schema(), strict=True):
                values: Iterable[Any] = column
                if field.type == pyarrow.float64():  # It refuses large whole numbers.
                    values = [None if value is None else float(value) for value in column]
                arrays.append(pyarrow.array(values, field.type))
            self._table.write_table(pyarrow.Table.from_arrays(arrays, schema=_schema()))


def _schema() -> Any:
    import pyarrow

    types = {
        "image_id": pyarrow.int64(),
        "frame": pyarrow.int64(),
        "time": pyarrow.float64(),
        "person": pyarrow.int32(),
        "track": pyarrow.int64(),
        "x": pyarrow.float64(),
        "y": pyarrow.float64(),
        "score": pyarrow.float64(),
    }
    return pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in _COLUMNS])


class _Sink(io.RawIOBase):
    """A file as pyarrow wants it."""

    def __init__(self, file: AppendedFile) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._file.write(bytes(data))
        return len(data)

    def tell(self) -> int:
        return self._file.size


PARQUET = _Parquet()
