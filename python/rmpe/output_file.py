"""One file that a program writes: complete under its name, or not there at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

__all__ = [
    "check_is_file",
    "check_output",
    "create_file",
    "write_atomically",
    "write_output",
    "write_together",
]

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def check_is_file(path: Path) -> None:
    """Raise OSError where something is there that is no file.

    A pipe would be waited for, and a device may never end.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a file")


def create_file(path: Path) -> BinaryIO:
    """Open a new file to write to, in place of what stands under its name; no link is followed.

    Raises
    ------
    OSError
        It cannot be made.
    """
    path.unlink(missing_ok=True)
    return open(os.open(path, _NEW, 0o666), "wb")


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write(file)`` fill a file, and give it its name once it is on the disk.

    Whatever stands under its name until then, left by a process that was killed or planted by
    somebody, is removed, and no link is followed.

    Raises
    ------
    OSError
        Where the disk is full or cannot be written to; what was begun is removed.
    """
    partial = _partial(path)
    try:
        _fill(partial, write)
        os.replace(partial, path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        # torch reports a full disk as a RuntimeError of its own, behind the system's.
        if isinstance(error, RuntimeError):
            raise _system_error(path, error) from error
        raise
    _sync_folder(path.parent)


def write_together(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write files of one folder, the last of which goes with the others and no others.

    A card does, which names a network. All are on the disk before the first one gets its name, and
    the last one is gone while the others get theirs: whenever a run ends, what stands there goes
    with what it names, or is missing.

    Raises
    ------
    OSError
        As `write_atomically`; where the disk is full, all files stay as they were.
    """
    last = files[-1][0]
    try:
        for path, content in files:
            _fill(_partial(path), _writing(content))
        last.unlink(missing_ok=True)
        _sync_folder(last.parent)
        for path, _ in files:
            os.replace(_partial(path), path)
    except BaseException:
        for path, _ in files:
            with suppress(OSError):
                _partial(path).unlink(missing_ok=True)
        raise
    _sync_folder(last.parent)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _fill(partial: Path, write: Callable[[BinaryIO], object]) -> None:
    with create_file(partial) as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def _writing(content: bytes) -> Callable[[BinaryIO], object]:
    return lambda file: file.write(content)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _system_error(path: Path, error: RuntimeError) -> OSError:
    """Make an error of what the system said before another one was made of it."""
    before: BaseException | None = error
    while before is not None and not isinstance(before, OSError):
        before = before.__cause__ or before.__context__
    if before is None:
        return OSError(f"cannot write {path}: {error}")
    return OSError(before.errno, before.strerror, str(path))


def write_output(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that a person named, complete or not at all.

    A link is followed, as that person chose it. What is no file, as ``/dev/null``, is written to,
    and stays what it is.

    Raises
    ------
    OSError
        As `write_atomically`.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            file.write(content)
    else:
        write_atomically(Path(os.path.realpath(path)), _writing(content))


def check_output(path: str | os.PathLike[str]) -> None:
    """Make sure that `write_output` can begin, before the work whose result it writes.

    Raises
    ------
    OSError
        There is no folder of that name, it may not be written to, or the file itself is a folder.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if os.path.exists(path) and not os.path.isfile(path):
        return
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
