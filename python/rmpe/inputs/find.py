"""Find photographs: the files that files, folders and glob patterns stand for."""

from __future__ import annotations

import codecs
import glob
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

from rmpe_ext.validation.checks import show

from ..arguments import path_text
from ..listing import listed
from ..terminal import printable
from .images import ImageError
from .suffixes import HEIF_SUFFIXES, SUFFIXES, UNREAD_SUFFIXES, VIDEO_SUFFIXES

# Bytes of a list: millions of names, while a device might never end.
_MOST_LISTED = 256 << 20


def find_images(
    inputs: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    report: Callable[[str], object] | None = None,
    note: Callable[[str], object] = lambda line: None,
) -> list[Path]:
    """List the images that files, folders and glob patterns stand for.

    A file is taken whatever its name. Of a folder, the files directly in it are taken (all below
    it with ``recursive``) whose suffix is one of `SUFFIXES`, or one of HEIF's where the package
    pillow-heif is installed, and whose name does not start with a dot; links that lead nowhere and
    pipes are taken too, so that `read_image` says what they are. A pattern (``*``, ``?``,
    ``[...]``, and ``**`` for any depth) gives the files that match it, by the same rules; one that
    ends as videos do, such as ``*.mp4``, gives videos. Folders and patterns are sorted naturally
    (``img2`` before ``img10``), inputs stay in the order given, and a file found twice is listed
    once.

    Parameters
    ----------
    inputs : iterable of str or path-like
        What to look for.
    recursive : bool
        Look into the folders of a folder too; links to folders are not followed.
    report : callable, optional
        Called with a line about everything that was asked for and is not in the list: an input
        that is missing or holds no image, a folder that may not be listed, and the photographs of
        a folder or pattern whose type is not read. Without it, any of these is an error.
    note : callable
        Called with a line about each folder and pattern that holds videos beside photographs: these
        are left out, which is no error.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ImageError
        No image was found at all, or, without `report`, not everything: one line for each problem.
    TypeError
        The inputs are no paths.
    """
    found: dict[str, Path] = {}
    problems: list[str] = []
    videos: dict[str, list[str]] = {}
    if isinstance(inputs, (str, bytes, os.PathLike)) or not isinstance(inputs, Iterable):
        raise TypeError(f"inputs must be a list of paths, got {show(inputs)}")
    entries = [path_text(f"inputs[{i}]", entry) for i, entry in enumerate(inputs)]
    if not entries:
        raise ImageError("no input: name at least one image, folder or pattern")
    for entry in entries:
        for path in sorted(_look_for(entry, recursive, problems, videos), key=natural_key):
            found.setdefault(os.path.abspath(path), path)
    if problems and (report is None or not found):
        raise ImageError("\n".join(problems))
    for problem in problems:
        if report is not None:
            report(problem)
    for entry, beside in videos.items():
        if left := [video for video in beside if os.path.abspath(video) not in found]:
            what = "folders" if os.path.isdir(entry) else "patterns"
            note(f"{printable(entry)}: {_left_out(left, what)}")
    return list(found.values())


def with_lists(inputs: Iterable[str]) -> list[str]:
    """Put what lists name in their place.

    Parameters
    ----------
    inputs : iterable of str
        ``@photos.txt`` is a list: a file that names an input in each line, and ``@-`` is standard
        input, read like one. Empty lines do not count. A file whose own name begins with ``@`` is
        ``./@x.jpg``.

    Returns
    -------
    list of str
        For `find_images`.

    Raises
    ------
    ImageError
        A list cannot be read, or names nothing.

    Examples
    --------
    >>> with_lists(["photos/", "./@x.jpg"])
    ['photos/', './@x.jpg']
    """
    found: list[str] = []
    for entry in inputs:
        if not entry.startswith("@"):
            found.append(entry)
            continue
        if entry == "@-" and sys.stdin is None:
            raise ImageError("@-: there is no standard input")
        try:
            content = _read_list(entry)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ImageError(f"{printable(entry)}: this list cannot be read: {reason}") from None
        lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
        named = [os.fsdecode(line) for line in lines if line]
        if not named:
            raise ImageError(f"{printable(entry)}: this list names no input")
        found += named
    return found


def _read_list(entry: str) -> bytes:
    with nullcontext(sys.stdin.buffer) if entry == "@-" else open(entry[1:], "rb") as stream:
        content = stream.read(_MOST_LISTED + 1)
    if len(content) > _MOST_LISTED:
        raise ValueError(f"it must have at most {_MOST_LISTED >> 20} MiB")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("it must be in UTF-8, or as names of files are here, and is in UTF-16")
    return content.removeprefix(codecs.BOM_UTF8)


def natural_key(path: str | os.PathLike[str]) -> list[list[tuple[bool, int, str]]]:
    """Give what paths are sorted by so that numbers in them count as numbers.

    Examples
    --------
    >>> sorted(["img10.jpg", "img2.jpg"], key=natural_key)
    ['img2.jpg', 'img10.jpg']
    """
    return [
        [(not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece.casefold())
         for piece in re.split(r"(\d+)", part)]
        for part in Path(path).parts
    ]  # fmt: skip


def _look_for(
    entry: str, recursive: bool, problems: list[str], videos: dict[str, list[str]]
) -> list[Path]:
    """List the images that one input stands for.

    What is wrong with it is added to `problems`, and what is beside photographs to `videos`.
    """
    name = printable(entry) or "''"
    missing = _why_missing(entry)
    if missing is None and not os.path.isdir(entry):
        return [Path(entry)]
    if missing is None:
        files, faults = _files_in(entry, recursive)
        none = f"{name}: this folder holds no image"
    elif glob.has_magic(entry):
        try:
            files, faults = glob.glob(entry, recursive=True), list(_unlisted_by(entry))
        except (ValueError, RecursionError) as error:  # NUL in a name; thousands of folders
            problems.append(f"{name}: cannot be a pattern of names of files: {error}")
            return []
        none = f"{name}: no image matches this pattern"
    else:
        problems.append(f"{name}: {missing}")
        return []
    read, unread = _suffixes()
    if missing is not None and _ends_as_videos(entry, read | unread):
        read, none = VIDEO_SUFFIXES, f"{name}: no video matches this pattern"
    images = [Path(file) for file in files if _has_suffix(file, read)]
    if others := [file for file in files if _has_suffix(file, unread)]:
        faults.append(f"{name}: {_describe(others)}")
    if images and read is not VIDEO_SUFFIXES:
        videos[entry] = _videos_among(files)
    if not images and not faults:
        if missing is None and not recursive:
            below, _ = _files_in(entry, recursive=True)
            if any(_has_suffix(file, read) for file in below):
                none += " itself, but folders below it do: use --recursive"
        if there := _videos_among(files):
            count = "video" if len(there) == 1 else f"{len(there)} videos"
            none += f"; for the {count} there, give {_pattern_of(there)}"
        faults.append(none)
    problems += faults
    return images


def _why_missing(entry: str) -> str | None:
    try:
        os.stat(entry)
    except (FileNotFoundError, NotADirectoryError):
        return "no such file or folder"
    except OSError as error:
        return f"cannot be reached: {error.strerror}"
    except ValueError as error:  # NUL in a name
        return f"cannot be the name of a file: {error}"
    return None


def _files_in(folder: str, recursive: bool) -> tuple[list[str], list[str]]:
    """List the files of a folder, and say which folders may not be listed."""
    files: list[str] = []
    faults: list[str] = []
    for parent, folders, names in os.walk(folder, onerror=lambda e: faults.append(_unlisted(e))):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        files += [os.path.join(parent, name) for name in names]
    return files, faults


def _unlisted_by(pattern: str) -> Iterator[str]:
    """Say which folders a pattern leads to that may not be listed: `glob` passes over them."""
    parts = Path(pattern).parts
    tried: set[str] = set()
    for depth, part in enumerate(parts):
        if glob.has_magic(part):
            # Of a part **, it lists all folders that this stands for; of another, those before it.
            above = os.path.join("", *parts[: depth + (part == "**")], "") or os.curdir
            for folder in set(glob.glob(above, recursive=True)) - tried:
                tried.add(folder)
                try:
                    os.scandir(folder).close()
                except OSError as error:
                    yield _unlisted(error)


def _unlisted(error: OSError) -> str:
    return f"{printable(error.filename)}: this folder cannot be listed: {error.strerror}"


def _suffixes() -> tuple[frozenset[str], frozenset[str]]:
    """Those of photographs that are read, and of those that are not."""
    if find_spec("pillow_heif") is None:
        return SUFFIXES, UNREAD_SUFFIXES | HEIF_SUFFIXES
    return SUFFIXES | HEIF_SUFFIXES, UNREAD_SUFFIXES


def _ends_as_videos(pattern: str, photographs: frozenset[str]) -> bool:
    """Tell whether a pattern ends as videos do, and not as photographs may, too."""
    end = os.path.splitext(os.path.basename(pattern))[1].lower()

    def fits(suffixes: frozenset[str]) -> bool:
        return any(fnmatchcase(suffix, end) for suffix in suffixes)

    return fits(VIDEO_SUFFIXES) and not fits(photographs)


def _has_suffix(path: str, suffixes: frozenset[str]) -> bool:
    name = os.path.basename(path)
    suffix = os.path.splitext(name)[1].lower()
    return suffix in suffixes and not name.startswith(".") and not os.path.isdir(path)


def _videos_among(files: list[str]) -> list[str]:
    return [file for file in files if _has_suffix(file, VIDEO_SUFFIXES)]


def _pattern_of(videos: list[str]) -> str:
    ends = listed(sorted({os.path.splitext(file)[1] for file in videos}))
    return f"a pattern that ends in {ends}"


def _left_out(videos: list[str], what: str) -> str:
    count, them = ("1 video", "it") if len(videos) == 1 else (f"{len(videos)} videos", "them")
    return (
        f"{count} left out, as {what} stand for photographs: name {them}, or give "
        f"{_pattern_of(videos)}"
    )


def _describe(unread: list[str]) -> str:
    suffixes = sorted({os.path.splitext(file)[1].lower() for file in unread})
    files = "1 file" if len(unread) == 1 else f"{len(unread)} files"
    types = "of a type that is" if len(suffixes) == 1 else "of types that are"
    remedy = "; HEIF is read after: pip install pillow-heif"
    return f"{files} {types} not read ({listed(suffixes)})" + (
        remedy if HEIF_SUFFIXES & set(suffixes) else ""
    )
