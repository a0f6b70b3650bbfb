"""Downloading the files of models."""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from ..errors import ModelError
from ..terminal import printable
from .card import ModelFile

__all__ = ["download", "is_offline"]

_CHUNK = 1 << 20
_TIMEOUT = 60  # seconds without a byte
# A card may come from anywhere, and its server must not fill the disk.
_MOST_BYTES = 8 << 30


def is_offline() -> bool:
    """Return whether ``RMPE_OFFLINE`` or ``HF_HUB_OFFLINE`` forbids downloads."""
    return any(
        os.environ.get(name, "").lower() in ("1", "true", "yes", "on")
        for name in ("RMPE_OFFLINE", "HF_HUB_OFFLINE")
    )


def download(file: ModelFile, folder: Path) -> Path:
    """Download a model's file into a folder, which is made where missing.

    It gets its name there once it is complete and its SHA-256 is right: whoever finds it may use
    it, and two processes may download it at the same time. A bar on the error stream shows the
    progress where that is a terminal.

    Parameters
    ----------
    file : ModelFile
        A file that has a URL.
    folder : Path
        Where to.

    Returns
    -------
    Path
        That of the file.

    Raises
    ------
    ModelError
        Where the server does not answer or sends something else, or the folder cannot be written
        to.
    """
    assert file.url is not None
    path = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as incomplete:
            part = Path(incomplete) / file.name
            found = _receive(file.url, part)
            if wrong := file.wrong_hash(found):
                raise ModelError(
                    f"{file.url} holds another file than {file.name} of the card: {wrong}"
                )
            part.replace(path)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        # A server's own words may hold anything.
        reason = printable(getattr(error, "reason", None) or error)
        raise ModelError(
            f"cannot download {file.name} from {file.url} into {folder}: {reason}; try again, or "
            "put the file into a folder and name that with --models DIR, models_dir=... or the "
            "environment variable RMPE_MODELS"
        ) from None
    return path


def _receive(url: str, part: Path) -> str:
    """Write what a URL holds into a file; return its SHA-256."""
    from tqdm import tqdm  # not needed by what only looks for files

    digest, received = hashlib.sha256(), 0
    opener = urllib.request.build_opener(_Redirects)
    with opener.open(url, timeout=_TIMEOUT) as answer, part.open("wb") as stream:
        length = answer.headers.get("Content-Length")
        total = int(length) if length is not None else None
        with tqdm(
            total=total, desc=part.name, unit="B", unit_scale=True, disable=None, leave=True
        ) as bar:
            while chunk := answer.read(_CHUNK):
                stream.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if received > _MOST_BYTES:
                    raise ValueError(f"a model file must have at most {_MOST_BYTES} bytes")
                bar.update(len(chunk))
    if total is not None and received < total:
        raise ConnectionError(f"the connection ended after {received} of {total} bytes")
    return digest.hexdigest()


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
