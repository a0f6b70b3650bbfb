"""A disk that fails at a chosen call, for files that are written by `rmpe.output_file`."""

import builtins
import errno
import os
from pathlib import Path

from rmpe import output_file


class Killed(BaseException):
    """The process is no more."""


class Disk:
    """The calls of an export that change files, of which one goes wrong.

    ``kill``: the process ends instead of the call; ``late``: it ends after the call, or after half
    of a write; ``full``: from then on nothing can be written, half of a write apart.
    """

    def __init__(self, monkeypatch, at=None, fault="kill"):
        self.calls, self.at, self.fault, self.dead = [], at, fault, False
        for name in ("open", "fsync", "replace"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        monkeypatch.setattr(Path, "unlink", self._wrapped("unlink", Path.unlink))
        monkeypatch.setattr(output_file, "open", self._open_file, raising=False)

    def _open_file(self, *arguments):
        file = builtins.open(*arguments)
        return Written(file, self._wrapped("write", file.write))

    def _wrapped(self, name, real):
        def call(*arguments, **options):
            if self.dead:
                raise Killed
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **options)
            self.calls.append(name)
            number = len(self.calls)
            if number == self.at or (self.fault == "full" and self.at and number > self.at):
                self._go_wrong(name, real, arguments, options)
            return real(*arguments, **options)

        return call

    def _go_wrong(self, name, real, arguments, options):
        if self.fault != "kill" and name == "write":
            real(arguments[0][: len(arguments[0]) // 2])
        if self.fault == "full":
            if name != "unlink":  # That needs no space.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return
        if self.fault == "late" and name != "write":
            real(*arguments, **options)
        self.dead = True
        raise Killed


class Written:
    """A file whose writes are told."""

    def __init__(self, file, write):
        self._file, self.write = file, write

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()
