"""One process at a time: others wait."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["only_one"]

# How systems say that a file system knows no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextlib.contextmanager
def only_one(path: Path, wait: Callable[[], object]) -> Iterator[None]:
    """Keep other processes and threads out; ``path`` is a file that exists as long.

    Where the file system knows no locks nobody is kept out.

    Parameters
    ----------
    path : Path
        In a folder that is there.
    wait : callable
        Called once, where somebody else is in.

    Raises
    ------
    OSError
        Where the file cannot be made.
    """
    waited = False
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    wait()
                waited = True
                fcntl.flock(number, fcntl.LOCK_EX)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
            if not _is_there(path, number):
                continue  # Whoever was in has removed it.
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    path.unlink()  # While it is locked.
            return
        finally:
            os.close(number)


def _is_there(path: Path, number: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(number))
    except FileNotFoundError:
        return False
