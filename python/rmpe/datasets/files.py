"""The files that annotations name, within a folder and nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .dataset import DatasetError
from .entries import Entries, shown

__all__ = ["find_files"]


def find_files(entries: Entries, field: str, folder: Path | None) -> dict[int, Path]:
    """Find the images that are in a folder.

    Where none is, they are looked for by their last name alone, so that ``val2017/1.jpg`` is found
    in a folder that is ``val2017`` itself.

    Parameters
    ----------
    entries : Entries
        The images.
    field : str
        The field that holds the name of each: a relative path that leads into no folder above.
    folder : Path or None
        None takes all for there, without looking.

    Returns
    -------
    dict
        The path of each image that is there, under its index in ``entries``.

    Raises
    ------
    DatasetError
        A name breaks the rule, one file would be two images, through a link too, there is no such
        folder, none of the images is in it, or one may not be looked at.
    """
    rule = "a path within the folder of images"
    names = [PurePosixPath(name) for name in entries.column(field, rule, (str,))]
    for i, name in enumerate(names):
        if name.is_absolute() or ".." in name.parts or not name.name or "\0" in str(name):
            raise entries.error(i, field, rule)
    if folder is None:
        found = {i: _Found(Path(name), name) for i, name in enumerate(names)}
    elif not os.path.isdir(folder):
        raise DatasetError(f"the images of {entries.file} must be in a folder, got {folder}")
    else:
        last_names = [PurePosixPath(name.name) for name in names]
        found = _present(entries, field, folder, names)
        found = found or _present(entries, field, folder, last_names)
        if not found and names:
            raise DatasetError(
                f"none of the {len(names)} images of {entries.file} is in {folder}; "
                f"the first would be {shown(str(folder / names[0]))}"
            )
    first: dict[object, int] = {}
    for i, (_, file) in found.items():
        if first.setdefault(file, i) != i:
            raise entries.error(
                i,
                field,
                f"of another file than that of {entries.place(first[file])}",
                remedy="list it once, or name the folder that holds their folders",
            )
    return {i: path for i, (path, _) in found.items()}


class _Found(NamedTuple):
    path: Path
    file: object  # Alike for two paths that lead to one file, through links or in other case.


def _present(
    entries: Entries, field: str, folder: Path, names: list[PurePosixPath]
) -> dict[int, _Found]:
    found = {}
    for i, name in enumerate(names):
        path = folder / name
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                found[i] = _Found(path, (status.st_dev, status.st_ino))
        except (FileNotFoundError, NotADirectoryError):
            pass
        # Among others: not permitted, too long a name, a character that no file name can hold.
        except (OSError, ValueError) as error:
            reason = str(error.strerror if isinstance(error, OSError) else error)
            raise entries.error(i, field, "of a file that can be read", remedy=reason) from None
    return found
