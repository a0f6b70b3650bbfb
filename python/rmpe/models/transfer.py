"""Receiving a file over HTTP, from where an earlier try ended."""

from __future__ import annotations

import http.client
import json
import os
import re
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.parse import urlsplit

from ..output_file import create_file
from ..terminal import printable

__all__ = ["MOST_BYTES", "DiskError", "receive", "writing"]

_CHUNK = 1 << 20
_TIMEOUT = 60  # seconds without a byte
# Connections that end early are taken up again, as long as something comes.
_TRIES = 3
_PAUSE = 1.0  # seconds
# A card may come from anywhere, and its server must not fill the disk.
MOST_BYTES = 8 << 30
_BROKEN = (ConnectionError, TimeoutError, http.client.IncompleteRead, http.client.BadStatusLine)


class DiskError(Exception):
    """A file of this machine cannot be written: no other server helps."""


def receive(url: str, part: Path, name: str, most_bytes: int = MOST_BYTES) -> None:
    """Bring what a URL holds into a file, which may hold the beginning from an earlier try.

    That is used where the server says that it still has the same file (by ``ETag`` or
    ``Last-Modified``, which stand beside ``part`` in a small file of its own), and can send the
    rest. A bar on the error stream shows the progress where that is a terminal.

    Parameters
    ----------
    url : str
    part : Path
        Where to; left as it is when this fails, so that a later try can go on.
    name : str
        What the bar says.
    most_bytes : int
        How large it may be.

    Raises
    ------
    OSError, http.client.HTTPException, ValueError
        Where the server does not answer, breaks off again and again, or sends too much.
    DiskError
        Where the file cannot be written.
    """
    failures = 0
    while True:
        before = _size(part)
        try:
            _receive_once(url, part, name, most_bytes)
            with suppress(OSError):
                _state_of(part).unlink()
            return
        except (*_BROKEN, urllib.error.URLError) as error:
            if isinstance(error, urllib.error.HTTPError):
                if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or before == 0:
                    raise
                with writing():
                    part.unlink(missing_ok=True)
            else:
                reason = getattr(error, "reason", error)
                if not isinstance(reason, _BROKEN) or isinstance(reason, ConnectionRefusedError):
                    raise
            failures = failures + 1 if _size(part) <= before else 0
            if failures >= _TRIES:
                raise
            time.sleep(_PAUSE)


def _receive_once(url: str, part: Path, name: str, most_bytes: int) -> None:
    from tqdm import tqdm  # not needed by what only looks for files

    start = _size(part)
    state = _read_state(part)
    headers = {"User-Agent": "rmpe", "Accept-Encoding": "identity"}
    if start and state.get("url") == url and state.get("validator"):
        headers |= {"Range": f"bytes={start}-", "If-Range": state["validator"]}
    request = urllib.request.Request(url, headers=headers)
    opener = urllib.request.build_opener(_Redirects)
    with opener.open(request, timeout=_TIMEOUT) as answer:
        if answer.status != http.client.PARTIAL_CONTENT or _range_start(answer) != start:
            start = 0
        total = _total(answer, start)
        if total is not None and total > most_bytes:
            raise ValueError(f"it must have at most {most_bytes} bytes, got {total}")
        with writing():
            _write_state(part, url, answer)
            stream = _open_to_append(part) if start else create_file(part)
        received = start
        bar = tqdm(
            total=total,
            initial=start,
            desc=printable(name),
            unit="B",
            unit_scale=True,
            disable=None,
        )
        with stream, bar:
            while chunk := answer.read1(_CHUNK):
                received += len(chunk)
                if received > most_bytes:
                    raise ValueError(f"it must have at most {most_bytes} bytes")
                with writing():
                    stream.write(chunk)
                bar.update(len(chunk))
            with writing():
                stream.flush()
                os.fsync(stream.fileno())
    if total is not None and received < total:
        raise ConnectionError(f"the connection ended after {received} of {total} bytes")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Goes on to other servers, but never from what is encrypted to what is not."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Make the next request; the names are those of the class above."""
        allowed = ("https",) if req.type == "https" else ("https", "http")
        if urlsplit(newurl).scheme not in allowed:
            raise ValueError(f"it leads on to {newurl}, which does not start with {allowed[0]}://")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def writing() -> Iterator[None]:
    """Raise `DiskError` in place of the errors of what writes files here."""
    try:
        yield
    except OSError as error:
        raise DiskError(str(error)) from error


def _size(path: Path) -> int:
    """Bytes of a file; none of what is no file of its own, which then gives way."""
    try:
        found = path.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0


def _open_to_append(path: Path) -> BinaryIO:
    # No link is followed, and no pipe waited for.
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return open(os.open(path, flags), "ab")


def _range_start(answer: Any) -> int | None:
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _total(answer: Any, start: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


def _state_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.state")


def _read_state(part: Path) -> dict[str, str]:
    try:
        if not _size(_state_of(part)):
            return {}
        state = json.loads(_state_of(part).read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    if isinstance(state, dict) and all(isinstance(value, str) for value in state.values()):
        return state
    return {}


def _write_state(part: Path, url: str, answer: Any) -> None:
    tag = answer.headers.get("ETag", "")
    # A weak tag does not say that files are equal byte for byte.
    validator = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
    with create_file(_state_of(part)) as file:
        file.write(json.dumps({"url": url, "validator": validator}).encode())
