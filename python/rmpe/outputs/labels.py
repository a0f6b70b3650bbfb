"""Names and numbers of images in the results."""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..inputs.suffixes import VIDEO_SUFFIXES
from .files import PARTIAL

__all__ = [
    "MAX_ID",
    "ImageLabel",
    "crop_name",
    "crops_among",
    "drawing_name",
    "drawing_names",
    "frame_of",
    "identifier",
    "is_path",
    "is_plain_name",
    "name_images",
]

# Largest integer that every JSON reader keeps exact.
MAX_ID = 2**53 - 1
# Longest name that the file systems of Linux take, in bytes.
_MAX_NAME = 255
# A longer one is no suffix but a part of a name that holds a dot.
_MAX_SUFFIX = 16
# How the paths of frames end, as `rmpe.inputs.clip` and `rmpe.run_feeds` write them.
_FRAME = re.compile(r"(.+)/([^/]*)_([0-9]{6,18})\.jpg", re.DOTALL)
# What crops have between the name of their image and the suffix, and the most bytes of it.
_CROP = re.compile(r"(.*)_p[0-9]{2,}(?:_t[0-9]+)?(\.[^.]*)", re.DOTALL)
_CROP_BYTES = len(f"_p{2**31}_t{MAX_ID}")


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """What one input image is called in the results.

    Attributes
    ----------
    file : str
        The path it was read from, as given.
    name : str
        A file name, unique within the results, without folders.
    image_id : int
        A number, unique within the results.
    """

    file: str
    name: str
    image_id: int


def is_path(value: Any) -> bool:
    """Tell whether a value is text that could be the path of a file."""
    if not isinstance(value, str) or not value or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:  # Half of a character that UTF-16 writes in two parts.
        return False
    return True


def is_plain_name(value: Any) -> bool:
    """Tell whether a value is a file name that stays in the folder in which it is used.

    Examples
    --------
    >>> [is_plain_name(name) for name in ("b_x.jpg", "../x.jpg", "/etc/passwd", "..", "", 7)]
    [True, False, False, False, False, False]
    """
    return (
        is_path(value)
        and "/" not in value
        and value not in (".", "..")
        and len(os.fsencode(value)) <= _MAX_NAME
    )


def identifier(
    directory: str | os.PathLike[str] | None = None,
) -> Callable[[str | os.PathLike[str]], str]:
    """Make a function that gives all spellings of a file's path the same text.

    Links to folders are resolved, links to files are not: these are files of their own.

    Parameters
    ----------
    directory : str or path-like, optional
        What relative paths start from; the working directory where omitted.

    Examples
    --------
    >>> identify = identifier("/data")
    >>> identify("photos/../x.jpg") == identify("./x.jpg") == identify("/data//x.jpg")
    True
    """
    start = os.path.abspath(directory or "")
    resolve = functools.cache(os.path.realpath)

    def identify(file: str | os.PathLike[str]) -> str:
        folder, name = os.path.split(os.path.join(start, file))
        return os.path.join(resolve(folder), name)

    return identify


def name_images(
    files: Iterable[str | os.PathLike[str]],
    known: Iterable[ImageLabel] = (),
    *,
    directory: str | os.PathLike[str] | None = None,
    current: str | os.PathLike[str] | None = None,
) -> list[ImageLabel]:
    """Give every input image a name and a number of its own.

    The name is the file's; where two would collide (``a/x.jpg`` and ``b/x.jpg``, also when they
    differ in case only), the later one is joined with the folders it is in (``b_x.jpg``), and, if
    that does not help or grows too long for a file name, numbered (``b_x-2.jpg``). It never holds
    a folder, so nothing written under it leaves the output folder.

    The number is, as in COCO, the one at the end of the file's stem (``000000493652.jpg`` is
    493652); the later of two files with the same number, and files without one, get the lowest
    free numbers from 1. The list of images (`rmpe.outputs.image_list`) says which is which.

    Parameters
    ----------
    files : iterable of str or path-like
        Paths; two spellings of one path get the same label.
    known : iterable of ImageLabel
        Labels of earlier results, kept as they are, also where the path was spelled otherwise.
    directory : str or path-like, optional
        What the relative paths of `known` start from; that of `files` where omitted.
    current : str or path-like, optional
        What the relative paths of `files` start from; the working directory where omitted.

    Returns
    -------
    list of ImageLabel
        One for each file, in order.

    Examples
    --------
    >>> [(label.name, label.image_id) for label in name_images(["a/7.jpg", "b/7.jpg", "me.png"])]
    [('7.jpg', 7), ('b_7.jpg', 1), ('me.png', 2)]
    """
    before, now = identifier(directory or current), identifier(current)
    earlier = {before(label.file): label for label in known}
    paths = [Path(file) for file in files]
    new = {now(path): path for path in paths}
    new = {key: path for key, path in new.items() if key not in earlier}
    numbers = _numbers(new.values(), {label.image_id for label in earlier.values()})

    taken: set[str] = set()
    for label in earlier.values():
        taken |= drawing_names(label.name)
    for (key, path), number in zip(new.items(), numbers, strict=True):
        name = next(name for name in _names(path) if taken.isdisjoint(drawing_names(name)))
        taken |= drawing_names(name)
        earlier[key] = ImageLabel(path.as_posix(), name, number)
    return [earlier[now(path)] for path in paths]


def frame_of(file: str, *, timed: bool) -> tuple[str, int] | None:
    """Tell by the path of a frame what it is of, and its number in that; None for a photograph.

    The video itself need not be there any more.

    Parameters
    ----------
    file : str
        As a label has it.
    timed : bool
        It has a time, so it is no photograph.

    Examples
    --------
    >>> frame_of("a/walk.mp4/walk_000012.jpg", timed=False)
    ('a/walk.mp4', 12)
    >>> frame_of("rtsp://10.0.0.7/door/door_000012.jpg", timed=False)
    ('rtsp://10.0.0.7/door', 12)
    >>> frame_of("camera0/camera0_000012.jpg", timed=True)
    ('camera0', 12)
    >>> frame_of("camera0/camera0_000012.jpg", timed=False)  # In a folder.
    """
    match = _FRAME.fullmatch(file)
    if match is None:
        return None
    source, prefix, number = match.groups()
    stem, suffix = os.path.splitext(source.rpartition("/")[2])
    is_clip = suffix.lower() in VIDEO_SUFFIXES and prefix == stem
    if is_clip or timed or "://" in source or source == prefix == "stdin":
        return source, int(number)
    return None


def drawing_name(name: str, *, wide: bool = False) -> str:
    """Name the drawing of an image: the same, with ``.jpg`` added unless it is JPEG or PNG.

    A name that is too long for a file with `partial_name`'s ending is cut before its suffix.

    Parameters
    ----------
    name : str
        The image's name in the results.
    wide : bool
        The image is wider or higher than JPEG allows; its drawing is PNG.

    Examples
    --------
    >>> drawing_name("street.png"), drawing_name("scan.tiff"), drawing_name("scan.jpg", wide=True)
    ('street.png', 'scan.tiff.jpg', 'scan.jpg.png')
    >>> len(drawing_name(251 * "a" + ".png"))
    247
    """
    suffixes = (".png",) if wide else (".jpg", ".jpeg", ".png")
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in suffixes:
        stem, suffix = name, suffixes[0]
    return _cut(stem, _MAX_NAME - len(suffix + PARTIAL)) + suffix


def drawing_names(name: str) -> set[str]:
    """Give all names of an image's drawing, in the form that file systems compare without case."""
    return {drawing_name(name, wide=wide).casefold() for wide in (False, True)}


def crop_name(drawing: str, person: int, track_id: int | None) -> str:
    """Name the crop of a person: after the drawing of the image, the index and the identity.

    Parameters
    ----------
    drawing : str
        A name that `drawing_name` gives. One that is too long for this is cut, and has a digest of
        the whole of it, so that crops of two images never have one name.
    person : int
        The index of the person in the record.
    track_id : int, optional
        The identity.

    Examples
    --------
    >>> crop_name("street.jpg", 3, None), crop_name("walk_000012.jpg", 0, 5)
    ('street_p03.jpg', 'walk_000012_p00_t5.jpg')
    >>> crop_name(247 * "a" + ".jpg", 0, None)[-31:]
    'aaaaaa~00d7b64f1fd0dc13_p00.jpg'
    """
    stem, suffix = _crop_parts(drawing)
    track = "" if track_id is None else f"_t{track_id}"
    return f"{stem}_p{person:02}{track}{suffix}"


def crops_among(files: Iterable[str], drawings: Iterable[str]) -> list[str]:
    """Choose the files that are crops of the images with these drawings, complete or not.

    Examples
    --------
    >>> crops_among(["a_p00.jpg", "a_p01_t7.jpg.partial", "a_b_p00.jpg", "a.jpg"], ["a.jpg"])
    ['a_p00.jpg', 'a_p01_t7.jpg.partial']
    """
    wanted = {_crop_parts(drawing) for drawing in drawings}
    matches = ((file, _CROP.fullmatch(file.removesuffix(PARTIAL))) for file in files)
    return [file for file, match in matches if match and match.groups() in wanted]


def _crop_parts(drawing: str) -> tuple[str, str]:
    """Give what the names of an image's crops begin and end with."""
    stem, suffix = os.path.splitext(drawing)
    room = _MAX_NAME - len(suffix + PARTIAL) - _CROP_BYTES
    if len(os.fsencode(stem)) > room:
        ending = "~" + hashlib.sha256(os.fsencode(drawing)).hexdigest()[:16]
        stem = _cut(stem, room - len(ending)) + ending
    return stem, suffix


def _numbers(files: Iterable[Path], taken: set[int]) -> list[int]:
    """Choose the numbers of images: first those that end their names, then the lowest free ones."""
    chosen: list[int | None] = []
    for file in files:
        trailing = re.search(r"[0-9]+$", file.stem)
        number = int(trailing.group()) if trailing and len(trailing.group()) < 19 else None
        if number is None or number > MAX_ID or number in taken:
            chosen.append(None)
        else:
            chosen.append(number)
            taken.add(number)
    free = (number for number in itertools.count(1) if number not in taken)
    return [next(free) if number is None else number for number in chosen]


def _names(file: Path) -> Iterator[str]:
    """Propose names for an image, endlessly, each of a length that file systems take."""
    parts = [part for part in file.parts if part not in (file.anchor, ".", "..")]
    for depth in range(1, len(parts) + 1):
        name = "_".join(parts[-depth:])
        if len(os.fsencode(name)) <= _MAX_NAME:
            yield name
    stem, suffix = os.path.splitext("_".join(parts[-2:]))
    if len(os.fsencode(suffix)) > _MAX_SUFFIX:
        stem, suffix = stem + suffix, ""
    number = 2
    while True:
        ending = f"-{number}{suffix}"
        # Short enough for its drawing to keep the number.
        yield _cut(stem, _MAX_NAME - len(os.fsencode(ending)) - len(".jpg" + PARTIAL)) + ending
        number += 1


def _cut(text: str, size: int) -> str:
    """Drop what is beyond a number of bytes, but no part of a character."""
    while len(os.fsencode(text)) > size:
        text = text[:-1]
    return text
