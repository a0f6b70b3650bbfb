"""Names and numbers of images in the results."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .files import PARTIAL

# Largest integer that every JSON reader keeps exact.
_MAX_ID = 2**53 - 1
# Longest name that the file systems of Linux take, in bytes.
_MAX_NAME = 255
# A longer one is no suffix but a part of a name that holds a dot.
_MAX_SUFFIX = 16


@dataclass(frozen=True)
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


def label_images(
    files: Iterable[str | os.PathLike[str]], known: Iterable[ImageLabel] = ()
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
        Paths, each listed once.
    known : iterable of ImageLabel
        Labels of earlier results, kept as they are.

    Returns
    -------
    list of ImageLabel
        One for each file, in order.

    Examples
    --------
    >>> [(label.name, label.image_id) for label in label_images(["a/7.jpg", "b/7.jpg", "me.png"])]
    [('7.jpg', 7), ('b_7.jpg', 1), ('me.png', 2)]
    """
    files = [Path(file) for file in files]
    earlier = {label.file: label for label in known}
    names = {drawing_name(label.name).casefold() for label in earlier.values()}
    ids = {label.image_id for label in earlier.values()}
    new = [file for file in files if file.as_posix() not in earlier]

    chosen = {}
    for file in new:
        trailing = re.search(r"[0-9]+$", file.stem)
        number = int(trailing.group()) if trailing and len(trailing.group()) < 19 else None
        if number is not None and number <= _MAX_ID and number not in ids:
            chosen[file] = number
            ids.add(number)
    free = 1
    for file in new:
        if file not in chosen:
            while free in ids:
                free += 1
            chosen[file] = free
            ids.add(free)

    labels = []
    for file in files:
        label = earlier.get(file.as_posix())
        if label is None:
            name = next(n for n in _names(file) if drawing_name(n).casefold() not in names)
            names.add(drawing_name(name).casefold())
            label = ImageLabel(file.as_posix(), name, chosen[file])
        labels.append(label)
    return labels


def drawing_name(name: str) -> str:
    """Name the drawing of an image: the same, with ``.jpg`` added unless it is JPEG or PNG.

    A name that is too long for a file with `partial_path`'s ending is cut before its suffix.

    Examples
    --------
    >>> drawing_name("street.png"), drawing_name("scan.tiff")
    ('street.png', 'scan.tiff.jpg')
    >>> len(drawing_name(251 * "a" + ".png"))
    247
    """
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in (".jpg", ".jpeg", ".png"):
        stem, suffix = name, ".jpg"
    return _cut(stem, _MAX_NAME - len(suffix + PARTIAL)) + suffix


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
