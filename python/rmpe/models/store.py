"""The files of models: where they are, whether they are the right ones, and how they come here."""

from __future__ import annotations

import os
from pathlib import Path

from ..arguments import as_path
from ..digest import digest_of
from ..errors import ModelError
from .addresses import HubFile, to_url
from .card import ModelFile
from .digests import read_record
from .download import download
from .places import cache_folder, is_offline, offline_variable

__all__ = ["find", "how_to_place", "locate", "obtain"]

_NAME_FOLDER = "--models DIR, models_dir=... or the environment variable RMPE_MODELS"


def obtain(file: ModelFile, models_dir: str | os.PathLike[str] | None = None) -> Path:
    """Find a model's file, as :func:`locate` does, or download it to `cache_folder`.

    It is downloaded where it is in none of the folders, its card has an address, and neither
    ``RMPE_OFFLINE=1`` nor ``HF_HUB_OFFLINE=1`` is set.

    Raises
    ------
    ModelError
        Where it cannot be had, or has another SHA-256.
    """
    cache = cache_folder()
    if file.urls and cache is not None and not is_offline() and find(file, models_dir) is None:
        download(file, cache / file.shelf)
    return locate(file, models_dir)


def locate(file: ModelFile, models_dir: str | os.PathLike[str] | None = None) -> Path:
    """Find a model's file, and make sure that it is the right one.

    Looks beside the card, in ``models_dir``, in the folder that the environment variable
    ``RMPE_MODELS`` names, and on its shelf in `rmpe.models.places.cache_folder`, in this order (on
    the shelf alone where it is pinned), and for what the hub of Hugging Face has in the folder of
    their libraries.

    Raises
    ------
    ModelError
        Where it is in none of them, or the first that is found has another SHA-256.
    """
    path = find(file, models_dir)
    if path is None:
        raise ModelError(_missing(file, models_dir))
    record = "" if len(file.sha256) == 64 else read_record(path) or ""
    if file.sha256 or record:
        _check_hash(file, path, record)
    return path


def _missing(file: ModelFile, models_dir: str | os.PathLike[str] | None) -> str:
    """Say that a file is missing, and what to do, in one sentence."""
    looked = ", ".join(dict.fromkeys(map(str, _folders(file, models_dir))))
    said = f"model file {file.name} was not found (looked in {looked})"
    if not file.urls:
        return (
            f"{said}; its card has no URL, as it was made from {file.origin}; `rmpe models` lists "
            "networks that are downloaded; if you have the file, name its folder with "
            f"{_NAME_FOLDER}"
        )
    url = to_url(file.urls[0])
    variable, cache = offline_variable(), cache_folder()
    if variable is not None and cache is not None:
        elsewhere = "" if file.pinned else f", or name its folder with {_NAME_FOLDER}"
        return (
            f"{said}, and {variable} forbids to download it: put the file of {url} (if that is an "
            f"archive, the one in it) into {cache / file.shelf}, under the name {file.name}"
            f"{elsewhere}"
        )
    elsewhere = f"; if you have it already, name its folder with {_NAME_FOLDER}"
    return f"{said}; it is downloaded from {url} when first used{'' if file.pinned else elsewhere}"


def how_to_place() -> str:
    """Say what to do about files that may not be downloaded now."""
    cache = cache_folder()
    place = "" if cache is None else f"into {cache}, or "
    return (
        f"put the files of these URLs (of an archive, the one in it) {place}into a folder that you "
        f"name with {_NAME_FOLDER}, under these names"
    )


def find(file: ModelFile, models_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """Find a model's file as :func:`locate` does, whatever is in it; None where there is none."""
    for folder in _folders(file, models_dir):
        try:
            if (folder / file.name).is_file():
                return folder / file.name
        except (OSError, ValueError) as error:  # The path is too long, or holds a NUL.
            raise ModelError(f"cannot look for the model file {file.name}: {error}") from None
    if (shared := _shared(file)) is not None:
        return shared
    copies = (HubFile.parse(address) for address in file.urls)
    return next((path for copy in copies if copy and (path := copy.copy())), None)


def _shared(file: ModelFile) -> Path | None:
    """Find the file of a card with a name, where it is the same by its whole SHA-256."""
    cache = cache_folder()
    if not file.shelf or cache is None or len(file.sha256) < 64:
        return None
    path = cache / file.name
    try:
        return path if path.is_file() and digest_of(path) == file.sha256 else None
    except OSError:  # It cannot be read, or its path is too long.
        return None


def _folders(file: ModelFile, models_dir: str | os.PathLike[str] | None) -> list[Path]:
    cache, variable = cache_folder(), os.environ.get("RMPE_MODELS")
    shelf = None if cache is None else cache / file.shelf
    given = None if models_dir is None else as_path("models_dir", models_dir)
    folders = [shelf] if file.pinned else [file.folder, given, variable or None, shelf]
    return [Path(folder) for folder in folders if folder is not None]


def _check_hash(file: ModelFile, path: Path, record: str) -> None:
    try:
        found = digest_of(path)
    except OSError as error:
        raise ModelError(f"cannot read the model file {path}: {error.strerror}") from None
    wrong = file.wrong_hash(found)
    if wrong is None and record and record != found:
        wrong = f"its SHA-256 must be {record}, as when it was downloaded, got {found}"
    if wrong:
        source = to_url(file.urls[0]) if file.urls else file.origin
        raise ModelError(
            f"model file {path} is damaged or another version: {wrong}; get it from {source}"
        )
