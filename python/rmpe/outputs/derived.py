"""Results that are made of other results: without networks, and without the images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rmpe_ext import __version__

from .run_file import RunFile, Setting, known_run

if TYPE_CHECKING:
    from .folder import ResultFolder

__all__ = ["begin_derived", "derived_by", "derived_settings"]


def derived_settings(command: str, values: Mapping[str, Setting]) -> dict[str, Setting]:
    """Name the settings of a command that makes results of others, without their images.

    Examples
    --------
    >>> derived_settings("track", {"patience": 30})
    {'track.patience': 30}
    """
    return {f"{command}.{name}": value for name, value in values.items()}


def derived_by(settings: Mapping[str, Setting]) -> str | None:
    """Tell the command that made results of others; None where networks made them of images.

    Examples
    --------
    >>> derived_by({"track.patience": 30}), derived_by({"flip": False})
    ('track', None)
    """
    commands = (name.partition(".") for name in settings)
    return next((command for command, dot, _ in commands if dot), None)


def begin_derived(
    folder: ResultFolder,
    results: Path,
    settings: Mapping[str, Setting],
    formats: Sequence[str],
    *,
    overwrite: bool,
) -> None:
    """Begin a folder of results that are made of others; see `ResultFolder.begin`.

    Parameters
    ----------
    folder : ResultFolder
        Of the new results.
    results : Path
        What they are made of. Where it is a folder, relative paths of images start from where they
        start there, and the people's `drawn_score` is what it is there.
    settings : mapping
        Those of `derived_settings`.
    formats : sequence of str
        Keys of `rmpe.outputs.RESULT_FORMATS`.
    overwrite : bool
        Replace earlier results.
    """
    before = known_run(results)
    directory = before.directory if results.is_dir() else folder.working_directory
    run = RunFile(
        __version__, settings, "none", tuple(formats), directory, drawn_score=before.drawn_score
    )
    folder.begin(run, overwrite=overwrite)
