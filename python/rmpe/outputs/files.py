"""The files of one folder, written so that nothing is lost and nothing elsewhere is touched.

Everything that a run writes goes through `Directory`, by three rules:

- A name stands for complete contents. A file is filled under ``NAME.partial``, handed to the disk
  (fsync), and only then renamed to ``NAME``. Whatever fails before that leaves ``NAME`` as it was.
- A file is created exclusively. What stands under ``NAME.partial`` already, left by a run that was
  killed or planted by somebody, is removed and never opened for writing; a link goes, what it
  leads to stays.
- A name is looked up in the folder that was opened, not along its path again, and no link is
  followed, so that a file is always one of this folder.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import BinaryIO

__all__ = ["PARTIAL", "AppendedFile", "Directory", "partial_name"]

# What follows a file's name until the file is complete.
PARTIAL = ".partial"
# Bytes that are gathered before the system is asked to write them.
_BLOCK = 1 << 20
_NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe, planted or not, would wait for its other end.
_OLD = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def partial_name(name: str) -> str:
    """Say what a file is called until it is complete."""
    return name + PARTIAL


class Directory:
    """A folder that is held open, and the files directly in it.

    Parameters
    ----------
    path : str or path-like
        The folder; a link to one is followed, because whoever names the folder chose it.

    Raises
    ------
    OSError
        From every method, with the system's reason.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def make_subfolder(self, name: str) -> None:
        """Make the folder ``name``, unless it is there."""
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=self._fd)

    def subfolder(self, name: str) -> Directory:
        """Open the folder ``name``; a link to a folder is an error."""
        opened = Directory.__new__(Directory)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        opened._fd = os.open(name, flags, dir_fd=self._fd)
        return opened

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._fd)

    def __enter__(self) -> Directory:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def is_at(self, path: str | os.PathLike[str]) -> bool:
        """Tell whether a path leads to this folder, which may have been renamed since."""
        try:
            return os.path.samestat(os.stat(path), os.fstat(self._fd))
        except OSError:
            return False

    def mode(self, name: str) -> int | None:
        """Give the type of what stands under a name, as `stat` has it; None: there is nothing."""
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None

    def sizes(self) -> dict[str, int]:
        """List the files, links and folders left out, with their sizes in bytes."""
        with os.scandir(self._fd) as found:
            return {
                entry.name: entry.stat(follow_symlinks=False).st_size
                for entry in found
                if entry.is_file(follow_symlinks=False)
            }

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading.

        Raises
        ------
        OSError
            It is missing, or it is a link, a pipe, or anything else but a file.
        """
        file = os.fdopen(self._open(name, os.O_RDONLY | _OLD), "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise OSError(errno.EINVAL, f"{name} is not a file")
        return file

    def remove(self, name: str) -> None:
        """Remove a file, or a link and not what it leads to; nothing where there is none."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)

    def remove_folder(self, name: str) -> None:
        """Remove a folder if it is empty."""
        with suppress(OSError):  # It holds something, is a link, or is not there.
            os.rmdir(name, dir_fd=self._fd)

    def rename(self, old: str, new: str, *, sync: bool = True) -> None:
        """Rename a file at once, in place of one that has the new name already.

        With ``sync`` the disk has been told when this returns.
        """
        os.rename(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        if sync:
            os.fsync(self._fd)

    def create(self, name: str) -> AppendedFile:
        """Create a file to append to, in place of one that has the name already."""
        self.remove(name)
        return AppendedFile(name, os.open(name, os.O_RDWR | _NEW, 0o666, dir_fd=self._fd))

    def lock(self, name: str) -> int | None:
        """Create a file, or take the one that is there, and lock it; None: somebody else has it.

        The lock goes with the process, however that ends, so one that is left is never stale. It
        is given up by closing the descriptor that this returns.
        """
        while True:
            fd = self._open(name, os.O_RDWR | os.O_CREAT | _OLD)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return None
            # The run before may have removed the file after it was opened here: then its name is
            # free, and this lock keeps nobody out.
            if os.fstat(fd).st_nlink > 0:
                return fd
            os.close(fd)

    def _open(self, name: str, flags: int) -> int:
        try:
            return os.open(name, flags, 0o666, dir_fd=self._fd)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise OSError(errno.ELOOP, f"{name} is a link") from None
            raise

    def append_to(self, name: str) -> AppendedFile:
        """Open a file to append to.

        Raises
        ------
        OSError
            It is missing, or it is not a file, or it is one that stands in another place too, as
            a hard link.
        """
        fd = self._open(name, os.O_RDWR | _OLD)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            os.close(fd)
            raise OSError(errno.EINVAL, f"{name} is not a file of this folder alone")
        return AppendedFile(name, fd)

    @contextmanager
    def replacing(
        self, name: str, *, partial: str | None = None, sync: bool = True
    ) -> Iterator[AppendedFile]:
        """Fill a file that takes its name when the body is done, and never if the body fails.

        Parameters
        ----------
        name : str
            What the file will be called.
        partial : str, optional
            What it is called until then; ``NAME.partial`` where omitted.
        sync : bool
            Have it on the disk before it is renamed, so that it survives a loss of power too.
        """
        partial = partial or partial_name(name)
        file = self.create(partial)
        try:
            yield file
            file.flush(sync=sync)
        except BaseException:
            file.close()
            # It may be what filled the disk.
            with suppress(OSError):
                self.remove(partial)
            raise
        file.close()
        self.rename(partial, name, sync=sync)


class AppendedFile:
    """A file that only grows.

    Attributes
    ----------
    name : str
        Of the file when it was opened.
    size : int
        Its bytes, those not handed to the system yet included.
    """

    def __init__(self, name: str, fd: int) -> None:
        self.name = name
        self._fd = fd
        self._blocks: list[bytes] = []
        self._torn = False
        self._waiting = 0
        self.size = os.fstat(fd).st_size
        os.lseek(fd, 0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        """Append bytes; they reach the system in large blocks, and at the latest by `flush`."""
        self._blocks.append(data)
        self._waiting += len(data)
        self.size += len(data)
        if self._waiting >= _BLOCK:
            self.flush(sync=False)

    def flush(self, *, sync: bool) -> None:
        """Hand all bytes to the system, and, with ``sync``, have it hand them to the disk.

        Raises
        ------
        OSError
            Bytes are missing from the file, now or since an earlier call.
        """
        if self._torn:
            raise OSError(errno.EIO, f"{self.name} is torn since an earlier error")
        data = memoryview(b"".join(self._blocks))
        self._blocks, self._waiting = [], 0
        self._torn = True
        while data:
            data = data[os.write(self._fd, data) :]
        if sync:
            os.fsync(self._fd)
        self._torn = False

    def read(self, start: int, length: int) -> bytes:
        """Read bytes that were flushed."""
        return os.pread(self._fd, length, start)

    def cut(self, size: int) -> None:
        """Drop what is beyond a number of bytes."""
        os.ftruncate(self._fd, size)
        os.lseek(self._fd, 0, os.SEEK_END)
        self.size = size

    def is_removed(self) -> bool:
        """Tell whether the file has no name any more, so that nobody will find what it holds."""
        return os.fstat(self._fd).st_nlink == 0

    def close(self) -> None:
        """Let go of the file; what was not flushed is dropped. Closing twice does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> AppendedFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
