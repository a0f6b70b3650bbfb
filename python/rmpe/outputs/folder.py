"""The folder of results: what it may hold before a run, and what a run does to it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import RESULT_FORMATS
from .files import ResultWriter, partial_path
from .image_list import ImageListWriter
from .jsonl import JSONLinesWriter
from .labels import drawing_name

if TYPE_CHECKING:
    from .records import Record

DRAWINGS = "drawings"
RUN_FILE = "run.json"

_RESULT_FILES = [writer.file_name for writer in (*RESULT_FORMATS.values(), ImageListWriter)]


class OutputError(Exception):
    """An output folder cannot take the results; nothing was done."""


class OutputLostError(OutputError):
    """An output folder could not take any more results after some had been written."""


class ResultFiles:
    """All result files of a run; one that cannot be written any more ends the run.

    Parameters
    ----------
    folder : Path
        Where they are.
    formats : sequence of str
        Keys of `rmpe.outputs.RESULT_FORMATS`.

    Raises
    ------
    OSError
        The folder cannot be written to.
    OutputLostError
        From the methods.
    """

    def __init__(self, folder: Path, formats: Sequence[str]) -> None:
        self._folder = folder
        self._writers = open_writers(folder, formats)

    def append(self, entry: Record) -> None:
        """Add one image's record to each file."""
        with self._writing():
            for writer in self._writers:
                writer.append(entry)

    def flush(self) -> None:
        """Hand what was written so far to the operating system."""
        with self._writing():
            for writer in self._writers:
                writer.flush()

    def close(self) -> None:
        """Complete the files; one that fails does not keep the others from it."""
        with self._writing(), ExitStack() as stack:
            for writer in self._writers:
                stack.callback(writer.close)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputLostError(
                f"stopped, because {self._folder} cannot be written to: {_reason(error)}; "
                "--resume goes on"
            ) from None


def check_output(
    folder: Path,
    formats: Sequence[str],
    settings: Mapping[str, Any],
    *,
    resume: bool,
    overwrite: bool,
) -> None:
    """Refuse a folder that cannot be written to, or whose results would be lost or mixed.

    Nothing is changed, so that networks that do not load cost no results.

    Raises
    ------
    OutputError
        The message says what to do.
    """
    # Unlike Path.exists, os.path.exists takes folders that may not be looked into.
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise OutputError(f"--out must be a folder, {folder} is a file")
    if resume and "jsonl" not in formats:
        raise OutputError("--resume needs jsonl among --formats: it reads results.jsonl")
    _try_writing(folder)
    if overwrite or not any((folder / name).exists() for name in (RUN_FILE, *_RESULT_FILES)):
        return
    if not resume:
        raise OutputError(
            f"{folder} holds the results of an earlier run: choose --resume to go on with it, "
            "--overwrite to replace it, or another folder with --out"
        )
    try:
        before = dict(json.loads((folder / RUN_FILE).read_bytes())["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputError(f"cannot resume: {folder / RUN_FILE} is missing or damaged") from None
    differences = [
        f"--{name} was {before.get(name)}, now {value}"
        for name, value in settings.items()
        if before.get(name) != value
    ]
    if differences:
        raise OutputError(f"cannot resume {folder} with other settings: {'; '.join(differences)}")


def open_output(
    folder: Path,
    formats: Sequence[str],
    about: Mapping[str, Any],
    *,
    draw: bool,
    resume: bool,
    overwrite: bool,
) -> ResultFiles:
    """Make the folder, say in it which run this is, and open the result files.

    Parameters
    ----------
    folder : Path
        Where to; one that `check_output` passed.
    formats : sequence of str
        Keys of `rmpe.outputs.RESULT_FORMATS`; a resumed run goes on with all that are there, too.
    about : mapping
        What is written to ``run.json``.
    draw : bool
        Make the folder of drawings.
    resume, overwrite : bool
        What becomes of an earlier run.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if overwrite:
            _remove_earlier(folder)
        if draw:
            (folder / DRAWINGS).mkdir(exist_ok=True)
        partial = partial_path(folder / RUN_FILE)
        partial.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        os.replace(partial, folder / RUN_FILE)
        if resume:
            # An old file beside the new ones would tell of other images.
            there = [
                name
                for name, writer in RESULT_FORMATS.items()
                if _exists(folder / writer.file_name)
            ]
            formats = list(dict.fromkeys([*formats, *there]))
        return ResultFiles(folder, formats)
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {_reason(error)}") from None


def names_in(folder: str | os.PathLike[str]) -> set[str]:
    """Collect the names of the images that the results in a folder tell of, skipped ones left out.

    Reads JSON Lines and the list of images, complete or not, as far as they can be read.
    """
    names = set()
    for file in (JSONLinesWriter.file_name, ImageListWriter.file_name):
        for path in (Path(folder, file), partial_path(Path(folder, file))):
            if not path.is_file():
                continue
            # Both hold one image on each line.
            for line in path.read_bytes().splitlines():
                try:
                    entry = json.loads(line.rstrip(b","))
                except ValueError:
                    continue
                if isinstance(entry, dict) and "error" not in entry:
                    names.add(entry.get("name", entry.get("file_name")))
    # A file that was tampered with must not lead out of the folder.
    return {name for name in names if isinstance(name, str) and Path(name).name == name}


def open_writers(folder: str | os.PathLike[str], formats: Sequence[str]) -> list[ResultWriter]:
    """Open the writer of each of `formats` (keys of `RESULT_FORMATS`), and of the list of images.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    chosen = [*(RESULT_FORMATS[name] for name in formats), ImageListWriter]
    return [writer(Path(folder, writer.file_name)) for writer in chosen]


def _try_writing(folder: Path) -> None:
    """Find out whether a folder can be written to, or made, and leave no trace."""
    place = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {_reason(error)}") from None


def _remove_earlier(folder: Path) -> None:
    """Remove the files of an earlier run, and nothing else.

    The drawings go first: it takes the result files to know them.
    """
    results = [folder / name for name in _RESULT_FILES]
    drawings = [folder / DRAWINGS / drawing_name(name) for name in sorted(names_in(folder))]
    for file in (*drawings, *results, folder / RUN_FILE):
        for path in (file, partial_path(file)):
            if path.is_file() or path.is_symlink():
                path.unlink()
    with suppress(OSError):  # It holds something else, or is not there.
        (folder / DRAWINGS).rmdir()


def _exists(file: Path) -> bool:
    return file.exists() or partial_path(file).exists()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
