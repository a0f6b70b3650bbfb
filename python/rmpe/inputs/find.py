"""Find photographs: the files that files, folders and glob patterns stand for."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from ..terminal import printable
from .images import SUFFIXES, ImageError


def find_images(
    inputs: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    report: Callable[[str], object] | None = None,
) -> list[Path]:
    """List the images that files, folders and glob patterns stand for.

    A file is taken whatever its name. Of a folder, the files directly in it are taken (all below
    it with ``recursive``) whose suffix is one of `SUFFIXES` and whose name does not start with a
    dot; links that lead nowhere and pipes are taken too, so that `read_image` says what they are.
    A pattern (``*``, ``?``, ``[...]``, and ``**`` for any depth) gives the files that match it, by
    the same rules. Folders and patterns are sorted naturally (``img2`` before ``img10``), inputs
    stay in the order given, and a file found twice is listed once.

    Parameters
    ----------
    inputs : iterable of str or path-like
        What to look for.
    recursive : bool
        Look into the folders of a folder too; links to folders are not followed.
    report : callable, optional
        Called with a line about each input that is missing or holds no image; without it, such an
        input is an error.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ImageError
        No image was found at all, or, without `report`, not in every input: one line for each
        input that is missing or holds none.
    """
    found: dict[str, Path] = {}
    problems = []
    inputs = list(inputs)
    if not inputs:
        raise ImageError("no input: name at least one image, folder or pattern")
    for entry in map(os.fspath, inputs):
        name = printable(entry)
        if os.path.isdir(entry):
            paths = _images_in(entry, recursive)
            problem = f"{name}: this folder holds no image"
            if not recursive and not paths and _images_in(entry, True):
                problem += " itself, but folders below it do: use --recursive"
        elif os.path.exists(entry):
            paths = [Path(entry)]
        elif glob.has_magic(entry):
            paths = [Path(p) for p in glob.glob(entry, recursive=True) if _is_image(p)]
            problem = f"{name}: no image matches this pattern"
        else:
            paths = []
            problem = f"{name}: no such file or folder"
        if not paths:
            problems.append(problem)
        for path in sorted(paths, key=_natural):
            found.setdefault(os.path.abspath(path), path)
    if problems and (report is None or not found):
        raise ImageError("\n".join(problems))
    for problem in problems:
        report(problem)
    return list(found.values())


def _images_in(folder: str, recursive: bool) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        found += [Path(parent, name) for name in files if _is_image(os.path.join(parent, name))]
    return found


def _is_image(path: str) -> bool:
    name = os.path.basename(path)
    suffix = os.path.splitext(name)[1].lower()
    return suffix in SUFFIXES and not name.startswith(".") and not os.path.isdir(path)


def _natural(path: Path) -> list[list[tuple[bool, int, str]]]:
    return [
        [(not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece.casefold())
         for piece in re.split(r"(\d+)", part)]
        for part in path.parts
    ]  # fmt: skip
