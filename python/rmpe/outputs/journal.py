"""The records of a run, written as they come and never lost.

The journal is one file, ``results.jsonl.partial``, that only grows: a record is a line, appended
when its image is done. ``results.jsonl``, where an earlier run finished it, is only read. So no
moment of a run, whichever write it dies in, holds less than the moment before.

- What a killed run left is read from both files. The later record of an image counts, in the place
  of the first, so that an image that failed and is tried again does not move.
- A line that a write broke off in is torn: it is no record and has no end of line. It is cut off
  before anything is appended. Any other line that is no record is an error, and nothing is touched.
- Finishing is one renaming: of the journal itself where it holds all records once and in order, or
  else of a copy under a third name, made and counted first.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from .errors import ResultsError, reason_of
from .files import AppendedFile, Directory, partial_name
from .jsonl import JSON_LINES
from .labels import ImageLabel, drawing_names
from .records import Record, label_of, parse_record
from .unread import refusal

__all__ = ["FINISHED", "JOURNAL", "MERGED", "Done", "Journal", "in_pieces", "open_journal"]

FINISHED = JSON_LINES.file_name
JOURNAL = partial_name(FINISHED)
# The copy that takes the place of both.
MERGED = FINISHED + ".merged"

# No image's record is longer: a person has about a thousand bytes.
_MAX_LINE = 64 << 20
# Records that are made of others, without networks, are written together in pieces of so many.
_PIECE = 256


def in_pieces(entries: Iterable[Record]) -> Iterator[list[Record]]:
    """Group records that come fast, so that the disk is waited for once for many of them.

    Examples
    --------
    >>> [len(piece) for piece in in_pieces({"file": str(i)} for i in range(600))]
    [256, 256, 88]
    """
    remaining = iter(entries)
    while piece := list(islice(remaining, _PIECE)):
        yield piece


@dataclass(frozen=True, slots=True)
class Done:
    """What is known of an image that has a record, and where that is.

    Attributes
    ----------
    label : ImageLabel
        What the image is called.
    size : (int, int) or None
        Its height and width; None: it was skipped.
    """

    label: ImageLabel
    size: tuple[int, int] | None
    _source: int
    _start: int
    _length: int


class Journal:
    """The records in a folder, and those that are added.

    Memory holds where records are, and not the records.

    Parameters
    ----------
    directory : Directory
        The folder; whoever means to `begin` holds its lock.
    earlier : bool
        Go on with the records that are there; False: they do not count, and `begin` replaces a
        journal that stands there.
    report : callable
        Gets a line for each torn line that is left out.

    Attributes
    ----------
    done : dict of str to Done
        The images with a record, by their ``file``, in the order of their first records.

    Raises
    ------
    ResultsError
        A line is not a record, or contradicts an earlier one.
    OSError
        From every method: a file cannot be read or written.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        earlier: bool = True,
        report: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.done: dict[str, Done] = {}
        self._directory = directory
        # The frames of a video have one size, and need no number of their own for it.
        self._shared: dict[tuple[int, int] | None, tuple[int, int] | None] = {}
        self._appended: AppendedFile | None = None
        # Of both files: how many records they hold, what of them is good, and how that ends.
        self._counts = [0, 0]
        self._sizes = [0, 0]
        self._torn = [False, False]
        self._sources: list[BinaryIO | None] = [None, None]
        names: dict[str, str] = {}
        ids: dict[int, str] = {}
        try:
            for source, name in enumerate((FINISHED, JOURNAL)):
                if earlier and directory.mode(name) is not None:
                    self._sources[source] = directory.open(name)
                    self._scan(source, name, report, names, ids)
        except BaseException:
            self.close()
            raise

    def _scan(
        self,
        source: int,
        name: str,
        report: Callable[[str], object],
        names: dict[str, str],
        ids: dict[int, str],
    ) -> None:
        """Note the records of a file."""
        file = self._sources[source]
        assert file is not None
        for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
            try:
                if len(line) > _MAX_LINE:
                    raise ResultsError(f"it is longer than {_MAX_LINE >> 20} MiB")
                entry = parse_record(line)
                self._check(entry, names, ids)
            except ResultsError as error:
                self._torn[source] = not line.endswith(b"\n") and len(line) <= _MAX_LINE
                if not self._torn[source]:
                    raise ResultsError(
                        f"{name}: line {number} is not a record of rmpe: {error}. Without that "
                        "line, its image is done again"
                    ) from None
                report(f"{name}: line {number} is unfinished; its image is done again")
                return
            self._note(entry, source, self._sizes[source], len(line))

    def _check(self, entry: Record, names: dict[str, str], ids: dict[int, str]) -> None:
        """Refuse what would give two images one name."""
        label = label_of(entry)
        before = self.done.get(label.file)
        if before is not None and before.label != label:
            raise ResultsError(f"{label.file!a} is called {before.label.name!a} already")
        taken = [names.setdefault(name, label.file) for name in drawing_names(label.name)]
        if {*taken, ids.setdefault(label.image_id, label.file)} != {label.file}:
            raise ResultsError(f"another image has its name or number, {label.image_id}, already")

    def _note(self, entry: Record, source: int, start: int, length: int) -> None:
        label = label_of(entry)
        size = None if "error" in entry else (entry["height"], entry["width"])
        size = self._shared.setdefault(size, size)
        self.done[label.file] = Done(label, size, source, start, length)
        self._counts[source] += 1
        self._sizes[source] = start + length

    def begin(self) -> None:
        """Get ready to append: make the journal, or cut off its torn line."""
        self._directory.remove(MERGED)
        if self._sources[1] is None:
            self._appended = self._directory.create(JOURNAL)
            self._sources[1] = self._directory.open(JOURNAL)
            return
        self._appended = self._directory.append_to(JOURNAL)
        if self._torn[1]:
            self._appended.cut(self._sizes[1])
        if self._sizes[1] and self._appended.read(self._sizes[1] - 1, 1) != b"\n":
            self._appended.write(b"\n")
            self._sizes[1] += 1

    def append(self, entries: Iterable[Record]) -> None:
        """Add the records of images; when this returns, the disk has them."""
        assert self._appended is not None
        for entry in entries:
            line = "".join(JSON_LINES.items(entry)).encode()
            self._note(entry, 1, self._sizes[1], len(line))
            self._appended.write(line)
        self._appended.flush(sync=True)
        self._check_not_removed()

    def _check_not_removed(self) -> None:
        """Raise where the journal was removed: what is appended to it then is lost."""
        if self._appended is not None and self._appended.is_removed():
            raise FileNotFoundError(errno.ENOENT, f"{JOURNAL} was removed")

    def records(self) -> Iterator[Record]:
        """Read the record of each image, in the order of `done`."""
        for file in self.done:
            yield self.record(file)

    def record(self, file: str) -> Record:
        """Read the record of one image."""
        entry: Record = json.loads(self._line(self.done[file]))
        return entry

    def _line(self, done: Done) -> bytes:
        source = self._sources[done._source]
        assert source is not None
        line = os.pread(source.fileno(), done._length, done._start)
        if len(line) != done._length:
            raise OSError(errno.EIO, f"{FINISHED} was changed by another program")
        return line if line.endswith(b"\n") else line + b"\n"

    def finish(self, *, keep: bool = True) -> None:
        """Give the records their final name; without `keep`, remove what this run added."""
        assert self._appended is not None
        self._appended.flush(sync=True)
        self._check_not_removed()
        if not keep or (self._sources[0] and not self._counts[1] and not self._torn[0]):
            self._directory.remove(JOURNAL)
        elif self._sources[0] is None and self._counts[1] == len(self.done):
            self._directory.rename(JOURNAL, FINISHED)
        else:
            with self._directory.replacing(FINISHED, partial=MERGED) as merged:
                for done in self.done.values():
                    merged.write(self._line(done))
            self._directory.remove(JOURNAL)

    def close(self) -> None:
        """Let go of the files."""
        for file in (*self._sources, self._appended):
            if file is not None:
                file.close()


@contextmanager
def open_journal(results: Path, report: Callable[[str], object]) -> Iterator[Journal]:
    """Open the records of a run that ended, or of what an interrupted one left, to read them.

    Raises
    ------
    ResultsError
        There are none, or one cannot be read; the message says which.
    """
    try:
        with Directory(results) as directory, closing(Journal(directory, report=report)) as journal:
            if not journal.done:
                raise ResultsError(refusal(results))
            yield journal
    except FileNotFoundError:
        raise ResultsError(f"{results} is not there; name the folder of a run's results") from None
    except NotADirectoryError:
        raise ResultsError(refusal(results)) from None
    except OSError as error:
        raise ResultsError(f"{results} cannot be read: {reason_of(error)}") from None
