"""Downloading the files of models."""

from __future__ import annotations

import contextlib
import http.client
import sys
from pathlib import Path

from ..digest import digest_of
from ..errors import ModelError
from ..output_file import create_file
from ..terminal import printable
from .addresses import last_name, to_url
from .archive import unpack_network
from .card import ModelFile
from .digests import write_record
from .only_one import only_one
from .transfer import MOST_BYTES, DiskError, receive, writing

__all__ = ["download"]


def download(file: ModelFile, folder: Path) -> Path:
    """Download a model's file into a folder, which is made where missing.

    Its addresses are tried in order. It is written to ``NAME.partial``, which a later try goes on
    with after an interruption, and gets its name once it is complete and its SHA-256 is right:
    whoever finds it may use it. Two processes that want the same file download it once. A zip
    archive with one ONNX file in it is unpacked. Proxies are those of the environment.

    Parameters
    ----------
    file : ModelFile
        A file that has an address.
    folder : Path
        Where to.

    Returns
    -------
    Path
        That of the file.

    Raises
    ------
    ModelError
        Where no server has the file, or the folder cannot be written to.
    """
    path = folder / file.name
    failures = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with only_one(folder / f"{file.name}.lock", lambda: _say_waiting(file.name)):
            if path.is_file():  # Somebody else has downloaded it meanwhile.
                return path
            for address in file.urls:
                url = to_url(address)
                try:
                    _download_from(url, file, path)
                    return path
                except (OSError, http.client.HTTPException, ValueError) as error:
                    # A server's own words may hold anything.
                    reason = printable(getattr(error, "reason", None) or error)
                    failures.append(f"{printable(url)}: {reason}")
    except (OSError, DiskError) as error:
        raise ModelError(
            f"cannot write {file.name} into {folder}: {error}; make room or choose another folder "
            "by the environment variable RMPE_HOME, and try again"
        ) from None
    raise ModelError(
        f"cannot download {file.name} into {folder} from {'; nor from '.join(failures)}; try "
        "again, or put the file into a folder and name that with --models DIR, models_dir=... or "
        "the environment variable RMPE_MODELS"
    )


def _download_from(url: str, file: ModelFile, path: Path) -> None:
    part = path.with_name(f"{path.name}.partial")
    if _is_packed(url, file.name):
        archive = path.with_name(f"{path.name}.zip.partial")
        receive(url, archive, file.name)
        try:
            _unpack(archive, part)
        finally:
            archive.unlink(missing_ok=True)
    else:
        receive(url, part, file.name)
    with writing():
        found = digest_of(part)
        if wrong := file.wrong_hash(found):
            part.unlink()
            raise ValueError(f"it holds another file than {file.name} of the card: {wrong}")
        if len(file.sha256) < len(found):
            write_record(path, found)
        part.replace(path)


def _unpack(archive: Path, part: Path) -> None:
    try:
        with writing(), create_file(part) as stream:
            unpack_network(archive, stream, MOST_BYTES)
    except (DiskError, ValueError):
        part.unlink(missing_ok=True)
        raise


def _is_packed(url: str, name: str) -> bool:
    return last_name(url).lower().endswith(".zip") and not name.lower().endswith(".zip")


def _say_waiting(name: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        line = f"waiting for another process, which downloads {printable(name)}"
        print(line, file=sys.stderr, flush=True)
