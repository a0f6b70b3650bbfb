"""``run.json``: which run a folder of results comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..json_text import JsonError, parse_json
from .errors import ResultsError
from .files import Directory
from .labels import is_path

__all__ = ["RUN_FILE", "RunFile", "Setting", "known_run", "parse_run_file", "read_run_file"]

RUN_FILE = "run.json"
# A longer one is none.
_MOST_BYTES = 1 << 20

Setting = str | int | float | bool | None


@dataclass(frozen=True)
class RunFile:
    """What ``run.json`` says.

    Attributes
    ----------
    rmpe : str
        The version of the program.
    settings : mapping
        Those that change the results, by name.
    device : str
        Where the networks ran; empty where none did.
    formats : tuple of str
        The result files that were asked for, by their keys in `rmpe.outputs.RESULT_FORMATS`.
    directory : str
        The working directory of the run, from which the relative paths of its images start.
    drawn_score : float, optional
        That of the people (`rmpe.People`); None where the pose network has none, or where no
        network ran.
    """

    rmpe: str
    settings: Mapping[str, Setting]
    device: str
    formats: tuple[str, ...] = ()
    directory: str = ""
    drawn_score: float | None = None

    def after(self, before: RunFile, there: Iterable[str], known: Collection[str]) -> RunFile:
        """Give what it says where it goes on with an earlier run.

        What the earlier one said comes first, so that a finished run stays as it is.

        Parameters
        ----------
        before : RunFile
            The earlier run.
        there : iterable of str
            Formats of which files are there.
        known : collection of str
            All formats; others, of a later version, are left out.
        """
        names = dict.fromkeys((*before.formats, *self.formats, *there))
        return replace(
            self,
            formats=tuple(name for name in names if name in known),
            device=self.device or before.device,
            directory=before.directory or self.directory,
            drawn_score=self.drawn_score if before.drawn_score is None else before.drawn_score,
        )

    def to_bytes(self) -> bytes:
        """Write it down as JSON."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()


def read_run_file(directory: Directory) -> RunFile:
    """Read the ``run.json`` of a folder.

    Raises
    ------
    OSError
        It cannot be read.
    ResultsError
        It is damaged; see `parse_run_file`.
    """
    with directory.open(RUN_FILE) as file:
        return parse_run_file(file.read(_MOST_BYTES))


def known_run(results: Path | Directory) -> RunFile:
    """Read the ``run.json`` of a folder of results.

    Gives one that says nothing where there is no folder, or no such file, or it is damaged.
    """
    try:
        if isinstance(results, Directory):
            return read_run_file(results)
        with Directory(results) as directory:
            return read_run_file(directory)
    except (OSError, ResultsError):
        return RunFile("", {}, "")


def parse_run_file(data: bytes) -> RunFile:
    """Read what ``run.json`` says.

    Parameters
    ----------
    data : bytes
        Any bytes at all. Files of earlier versions say no `formats`, `directory` or `drawn_score`.

    Raises
    ------
    ResultsError
        It is not such a file; the message names the field and the rule.

    Examples
    --------
    >>> parse_run_file(b'{"rmpe": "1.0", "device": "cpu", "settings": {"flip": false}}').settings
    {'flip': False}
    """
    try:
        found = parse_json(data)
    except JsonError as error:
        raise ResultsError(str(error)) from None
    except (ValueError, RecursionError):
        raise ResultsError("must be a JSON object") from None
    if not isinstance(found, dict):
        raise ResultsError("must be a JSON object")
    settings = found.get("settings")
    if not isinstance(settings, dict) or not all(
        isinstance(value, Setting) for value in settings.values()
    ):
        raise ResultsError("settings must be a JSON object of text, numbers, true, false and null")
    formats = found.get("formats", [])
    if not isinstance(formats, list) or not all(isinstance(name, str) for name in formats):
        raise ResultsError("formats must be a list of names")
    directory = found.get("directory", "")
    if directory != "" and not (is_path(directory) and os.path.isabs(directory)):
        raise ResultsError("directory must be an absolute path")
    drawn_score = found.get("drawn_score")
    if drawn_score is not None and not (
        type(drawn_score) in (int, float) and 0 <= drawn_score <= 1
    ):
        raise ResultsError("drawn_score must be a number in 0..1 or null")
    rmpe, device = (_text(found, name) for name in ("rmpe", "device"))
    return RunFile(rmpe, settings, device, tuple(formats), directory, drawn_score)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise ResultsError(f"{name} must be text")
    return value
