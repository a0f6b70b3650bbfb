"""What an earlier run left in a folder: recognized, compared with the new run, or removed."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import RESULT_FORMATS
from .derived import derived_by
from .errors import EarlierResultsError, OutputError, ResultsError, reason_of
from .files import Directory, partial_name
from .image_list import IMAGE_LIST
from .journal import FINISHED, JOURNAL, MERGED
from .labels import MAX_ID, crops_among, drawing_name, is_plain_name
from .result_format import FrameFiles
from .run_file import RUN_FILE, RunFile, Setting, read_run_file
from .settings import differences

__all__ = ["CROPS", "DRAWINGS", "check_earlier", "formats_in", "images_in", "remove_earlier"]

DRAWINGS = "drawings"
CROPS = "crops"

_FOLDERS = {
    known.file_name: known for known in RESULT_FORMATS.values() if isinstance(known, FrameFiles)
}
_FILES = (
    RUN_FILE,
    *(one.file_name for one in RESULT_FORMATS.values() if one.file_name not in _FOLDERS),
    IMAGE_LIST.file_name,
)
_MAX_LINE = 64 << 20


def check_earlier(
    path: Path,
    directory: Directory,
    settings: Mapping[str, Setting],
    *,
    resume: bool,
    overwrite: bool,
) -> RunFile | None:
    """Find out whether a run may go ahead, without changing anything.

    Parameters
    ----------
    path : Path
        The folder, for messages.
    directory : Directory
        The same, opened.
    settings : mapping
        What changes the results, by name.
    resume, overwrite : bool
        What is to become of an earlier run.

    Returns
    -------
    RunFile or None
        What the earlier run says of itself, if it is resumed.

    Raises
    ------
    EarlierResultsError
        There are results, and neither `resume` nor `overwrite`.
    OutputError
        The results there are of other settings, or something else stands where files will be.
    """
    modes = {name: directory.mode(name) for name in (*_FILES, JOURNAL)}
    unfinished = {name: directory.mode(name) for name in (*map(partial_name, _FILES), MERGED)}
    for name, mode in (modes | unfinished).items():
        if mode is not None and stat.S_ISDIR(mode):
            raise OutputError(f"{path / name} must be a file, it is a folder")
    folders = {name: directory.mode(name) for name in (DRAWINGS, CROPS, *_FOLDERS)}
    for name, mode in folders.items():
        if mode is not None and not stat.S_ISDIR(mode):
            raise OutputError(f"{path / name} must be a folder, it is {_kind(mode)}")
    # Whatever else bears the name of a journal is none: it was planted, and goes.
    journal = modes.pop(JOURNAL)
    there = any(modes.values()) or (journal is not None and stat.S_ISREG(journal))
    if overwrite or not there:
        return None
    if not resume:
        raise EarlierResultsError(
            f"{path} holds the results of an earlier run: choose --resume to go on with it, "
            "--overwrite to replace it, or another folder with --out"
        )
    before = _read_run_file(path, directory)
    if (command := derived_by(before.settings)) is not None:
        raise OutputError(
            f"cannot resume {path}: rmpe {command} made it of other results, without their images; "
            "drawings and crops come into the folder of rmpe infer, with identities by --track"
        )
    if differ := differences(before.settings, settings, "--"):
        raise OutputError(f"cannot resume {path} with other settings: {'; '.join(differ)}")
    return before


def _read_run_file(path: Path, directory: Directory) -> RunFile:
    try:
        return read_run_file(directory)
    except FileNotFoundError:
        reason = "it tells the settings that go with the results"
    except OSError as error:
        reason = reason_of(error)
    except ResultsError as error:
        reason = str(error)
    raise OutputError(f"cannot resume: {path / RUN_FILE} is missing or damaged: {reason}")


def _kind(mode: int) -> str:
    return "a link" if stat.S_ISLNK(mode) else "a file"


def formats_in(directory: Directory) -> list[str]:
    """List the formats, by their keys in `RESULT_FORMATS`, that there are files of."""
    return [
        name
        for name, known in RESULT_FORMATS.items()
        for file in (known.file_name, partial_name(known.file_name))
        if directory.mode(file) is not None
    ]


def remove_earlier(directory: Directory) -> None:
    """Remove the files of an earlier run, and nothing else.

    What is in folders goes first, as it takes the result files to know it; ``run.json`` goes last,
    so that what a killed run leaves of the results is not taken for another's.
    """
    names, image_ids = images_in(directory)
    drawings = [drawing_name(name, wide=wide) for name in names for wide in (False, True)]
    _empty(directory, DRAWINGS, drawings)
    # How many people there are the results need not tell any more.
    _empty(directory, CROPS, crops_among(_files_in(directory, CROPS), drawings))
    for name, known in _FOLDERS.items():
        _empty(directory, name, known.files_of(image_ids))
    for name in (MERGED, *reversed(_FILES)):
        directory.remove(name)
        directory.remove(partial_name(name))


def _empty(directory: Directory, name: str, files: Iterable[str]) -> None:
    """Remove files from a folder, complete or not, and the folder if it is empty then."""
    mode = directory.mode(name)
    if mode is None or not stat.S_ISDIR(mode):
        return
    with directory.subfolder(name) as folder:
        for file in sorted(files):
            folder.remove(file)
            folder.remove(partial_name(file))
    directory.remove_folder(name)


def _files_in(directory: Directory, name: str) -> list[str]:
    """List the files in a folder; none where there is no such folder."""
    mode = directory.mode(name)
    if mode is None or not stat.S_ISDIR(mode):
        return []
    with directory.subfolder(name) as folder:
        return list(folder.sizes())


def images_in(directory: Directory) -> tuple[set[str], set[int]]:
    """Collect the names and numbers of the images that the results in a folder tell of.

    Reads JSON Lines and the list of images, complete or not, as far as they can be read. Names are
    only those of images that were not skipped.
    """
    names: list[Any] = []
    image_ids: list[Any] = []
    for name in (FINISHED, JOURNAL, IMAGE_LIST.file_name, partial_name(IMAGE_LIST.file_name)):
        # Both hold one image on each line.
        for line in _lines(directory, name):
            try:
                entry = json.loads(line.rstrip(b",\n"))
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict):
                image_ids.append(entry.get("image_id", entry.get("id")))
                if "error" not in entry:
                    names.append(entry.get("name", entry.get("file_name")))
    # A file that was tampered with must not lead out of the folder.
    return (
        {name for name in names if is_plain_name(name)},
        {one for one in image_ids if type(one) is int and 0 <= one <= MAX_ID},
    )


def _lines(directory: Directory, name: str) -> Iterator[bytes]:
    try:
        file = directory.open(name)
    except OSError:  # There is none, or it cannot be read.
        return
    with file:
        while line := file.readline(_MAX_LINE):
            yield line
