"""A folder of results, or a file, for one run at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import OutputError, reason_of
from .files import Directory

__all__ = ["LOCK", "locked", "opened", "refused"]

LOCK = "run.lock"

# How systems say that a file system knows no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def opened(path: Path) -> Iterator[Directory]:
    """Open a folder, made where it is missing, and removed again where nothing comes into it.

    Raises
    ------
    OutputError
        It is a file, or cannot be made.
    """
    # Unlike Path.exists, os.path.exists takes folders that may not be looked into.
    if os.path.exists(path) and not os.path.isdir(path):
        raise OutputError(f"--out must be a folder, {path} is a file")
    made = [folder for folder in (path, *path.absolute().parents) if not os.path.exists(folder)]
    try:
        path.mkdir(parents=True, exist_ok=True)
        directory = Directory(path)
    except OSError as error:
        raise refused(path, error) from None
    try:
        with directory:
            yield directory
    finally:
        for folder in made:
            with suppress(OSError):  # As a rule it holds something.
                folder.rmdir()


@contextmanager
def locked(
    path: Path, directory: Directory, report: Callable[[str], object], *, name: str = LOCK
) -> Iterator[None]:
    """Keep other runs out of a folder, or from a file.

    A file system that knows no locks is reported, and nobody kept out.

    Parameters
    ----------
    path : Path
        What other runs are kept from, for messages.
    directory : Directory
        Where the lock is.
    report : callable
        Gets a line for each thing that people should know of.
    name : str
        Of the lock.

    Raises
    ------
    OutputError
        Another run is there, or the lock cannot be written.
    """
    try:
        lock = directory.lock(name)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise refused(path, error) from None
        report(
            f"{path} cannot be locked ({reason_of(error)}): make sure that no other run writes "
            "into it"
        )
        yield
        return
    if lock is None:
        raise OutputError(
            f"another run is writing into {path}: wait for its end, or choose another place "
            "with --out"
        )
    try:
        yield
    finally:
        try:
            # While it is locked, or it would be the next run's file that goes.
            with suppress(OSError):
                directory.remove(name)
        finally:
            os.close(lock)


def refused(path: Path, error: OSError) -> OutputError:
    """Make the error of a folder that cannot be written to."""
    return OutputError(f"cannot write to {path}: {reason_of(error)}")
