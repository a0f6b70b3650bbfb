"""The file of ``rmpe label``, and the journal that it is made from.

A long run must not lose what it did. So every photograph's people are a line of a journal,
``FILE.partial``, which only grows; the first line tells the settings. ``FILE`` is made from it at
the end, in the order of the photographs, and takes its name when it is complete. Then the journal
goes. A run that is resumed reads the journal, whose torn last line is cut off.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..outputs.errors import OutputError, OutputLostError, ResultsError, reason_of
from ..outputs.files import AppendedFile, Directory, partial_name
from ..outputs.lock import locked, refused
from ..outputs.settings import differences
from .label_line import SETTINGS, LabelRecord, parse_record, parse_settings, to_line

__all__ = ["LabelFile", "open_labels"]

_MAX_LINE = 64 << 20


@contextmanager
def open_labels(
    path: Path,
    settings: Mapping[str, Any],
    *,
    resume: bool = False,
    overwrite: bool = False,
    report: Callable[[str], object] = lambda _: None,
) -> Iterator[LabelFile]:
    """Lock a file of labels for one run, and read what an interrupted one left beside it.

    Parameters
    ----------
    path : Path
        A link is followed, as the person who named it chose it.
    settings : mapping
        What changes the labels, by name: text, numbers, true, false and None. A run is resumed
        only with the same.
    resume, overwrite : bool
        What is to become of an earlier run.
    report : callable
        Gets a line for each thing that people should know of.

    Yields
    ------
    LabelFile
        Locked until the end of the ``with`` block.

    Raises
    ------
    OutputError
        It cannot be written, another run writes it, or what there is is in the way.
    """
    path = Path(os.path.realpath(path))
    try:
        directory = Directory(path.parent)
    except OSError as error:
        raise refused(path, error) from None
    with directory, locked(path, directory, report, name=f"{path.name}.lock"):
        mode = directory.mode(path.name)
        if mode is not None and not stat.S_ISREG(mode):
            raise OutputError(f"--out must be a file, {path} is none")
        with closing(LabelFile(path, directory, settings)) as file:
            if not overwrite:
                file.read(report)
                file.complete = mode is not None and not file.begun
                _check_earlier(file, path, resume=resume)
            yield file


def _check_earlier(file: LabelFile, path: Path, *, resume: bool) -> None:
    if resume:
        file.check_settings()
    elif file.begun:
        raise OutputError(
            f"an interrupted run has left {file.journal}: choose --resume to go on with it, or "
            "--overwrite to begin anew"
        )
    elif file.complete:
        raise OutputError(
            f"{path} is there already: choose --overwrite to replace it, or another file with --out"
        )


class LabelFile:
    """A file of labels that is locked for one run; `open_labels` makes it.

    Attributes
    ----------
    done : dict of str to dict
        What is known of each photograph that is done, by its ``file_name``.
    begun : bool
        Whether an interrupted run has left a journal.
    complete : bool
        Whether the file is there and no journal.
    journal : Path
    """

    def __init__(
        self,
        path: Path,
        directory: Directory,
        settings: Mapping[str, Any],
    ) -> None:
        self.done: dict[str, LabelRecord] = {}
        self.journal = path.with_name(partial_name(path.name))
        self._path = path
        self._directory = directory
        self._settings = dict(settings)
        self._before: Mapping[str, Any] = {}
        self._appended: AppendedFile | None = None
        self._size = 0
        self.begun = self.complete = False

    def read(self, report: Callable[[str], object]) -> None:
        """Read the journal of an interrupted run, where there is one.

        Raises
        ------
        OutputError
            It cannot be read, or a line of it is not of this program.
        """
        mode = self._directory.mode(self.journal.name)
        # Whatever else bears the name of a journal is none: it was planted, and goes.
        if mode is None or not stat.S_ISREG(mode):
            return
        try:
            self._read(report)
        except OSError as error:
            raise OutputError(f"cannot resume: {self.journal}: {reason_of(error)}") from None

    def _read(self, report: Callable[[str], object]) -> None:
        with self._directory.open(self.journal.name) as file:
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
                try:
                    if len(line) > _MAX_LINE:
                        raise ResultsError(f"it is longer than {_MAX_LINE >> 20} MiB")
                    if not line.endswith(b"\n"):  # A write broke off in it.
                        report(f"{self.journal}: line {number} is unfinished, and done again")
                        break
                    if number == 1:
                        self._before = parse_settings(line)
                    else:
                        record = parse_record(line)
                        self.done[record["file_name"]] = record
                except ResultsError as error:
                    raise OutputError(
                        f"cannot resume: {self.journal}: line {number} is not of rmpe label: "
                        f"{error}"
                    ) from None
                self._size += len(line)
        self.begun = self._size > 0

    def check_settings(self) -> None:
        """Make sure that an interrupted run had the same settings.

        Raises
        ------
        OutputError
            The message names those that differ.
        """
        if self.begun and (differ := differences(self._before, self._settings)):
            raise OutputError(
                f"cannot resume {self.journal} with other settings: {'; '.join(differ)}"
            )

    def begin(self) -> None:
        """Make the journal, or cut off its torn line: from here on, something has been done.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        name = self.journal.name
        try:
            if self._size:
                self._appended = self._directory.append_to(name)
                self._appended.cut(self._size)
            else:
                self._appended = self._directory.create(name)
                self._appended.write(to_line({SETTINGS: self._settings}))
                self._appended.flush(sync=True)
        except OSError as error:
            raise refused(self._path, error) from None

    def append(self, records: Iterable[LabelRecord]) -> None:
        """Add photographs that are done; when this returns, the disk has them.

        Parameters
        ----------
        records : iterable of dict
            ``file_name``, ``height``, ``width``, and ``people`` as
            `rmpe.training.labeling.label_images` gives them.

        Raises
        ------
        OutputLostError
            It does not; nothing more can be written.
        """
        assert self._appended is not None
        with self._writing():
            for record in records:
                self._appended.write(to_line(record))
                self.done[record["file_name"]] = record
            self._appended.flush(sync=True)
            if self._appended.is_removed():
                raise FileNotFoundError(errno.ENOENT, f"{self.journal.name} was removed")

    def finish(self, order: Sequence[str], categories: Sequence[LabelRecord]) -> dict[str, Any]:
        """Make the file, and remove the journal.

        Parameters
        ----------
        order : sequence of str
            The ``file_name`` of each photograph, in order. What was done and is not among them
            comes after them.
        categories : sequence of dict
            COCO's list.

        Returns
        -------
        dict
            What was written.

        Raises
        ------
        OutputLostError
            It cannot be written; the journal holds everything still.
        """
        names = [name for name in dict.fromkeys((*order, *self.done)) if name in self.done]
        images: list[LabelRecord] = []
        people: list[LabelRecord] = []
        for number, name in enumerate(names, 1):
            record = dict(self.done[name])
            found = record.pop("people")
            images.append({"id": number, **record})
            for person in found:
                people.append({"id": len(people) + 1, "image_id": number, **person})
        content = {"images": images, "annotations": people, "categories": list(categories)}
        with self._writing():
            # The journal has the usual name of an unfinished file.
            whole = f"{self._path.name}.whole"
            with self._directory.replacing(self._path.name, partial=whole) as file:
                file.write(json.dumps(content).encode())
            self._directory.remove(self.journal.name)
        return content

    def close(self) -> None:
        """Let go of the journal."""
        if self._appended is not None:
            self._appended.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputLostError(
                f"stopped, because {self._path} cannot be written: {reason_of(error)}; "
                "--resume goes on"
            ) from None
