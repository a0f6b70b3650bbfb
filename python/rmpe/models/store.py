"""The files of models: where they are, whether they are the right ones, and how they come here."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..errors import ModelError
from .card import ModelFile
from .download import download, is_offline

__all__ = ["find", "locate", "obtain"]

_CACHE = Path("~/.cache/rmpe/models")


def obtain(file: ModelFile, models_dir: str | os.PathLike[str] | None = None) -> Path:
    """Find a model's file, as :func:`locate` does, or download it to ``~/.cache/rmpe/models``.

    It is downloaded where it is in none of the folders, its card has a URL, and neither
    ``RMPE_OFFLINE=1`` nor ``HF_HUB_OFFLINE=1`` is set.

    Raises
    ------
    ModelError
        Where it cannot be had, or has another SHA-256.
    """
    cache = _cache()
    if file.url is None or cache is None or is_offline() or find(file, models_dir) is not None:
        return locate(file, models_dir)
    return download(file, cache)


def locate(file: ModelFile, models_dir: str | os.PathLike[str] | None = None) -> Path:
    """Find a model's file, and make sure that it is the right one.

    Looks beside the card, in ``models_dir``, in the folder that the environment variable
    ``RMPE_MODELS`` names, and in ``~/.cache/rmpe/models``, in this order.

    Raises
    ------
    ModelError
        Where it is in none of them, or the first that is found has another SHA-256.
    """
    path = find(file, models_dir)
    if path is None:
        looked = ", ".join(dict.fromkeys(map(str, _folders(file, models_dir))))
        if file.url is None:
            source = (
                f"its card has no URL, as it was made from {file.origin}; `rmpe models` lists "
                "networks that are downloaded. If you have the file"
            )
        else:
            source = (
                f"it is downloaded from {file.url} when first used, unless RMPE_OFFLINE or "
                "HF_HUB_OFFLINE is set. If you have it already"
            )
        raise ModelError(
            f"model file {file.name} was not found (looked in {looked}); {source}, name its folder "
            "with --models DIR, models_dir=... or the environment variable RMPE_MODELS"
        )
    if file.sha256:
        _check_hash(file, path)
    return path


def find(file: ModelFile, models_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """Find a model's file as :func:`locate` does, whatever is in it; None where there is none."""
    for folder in _folders(file, models_dir):
        path = folder / file.name
        try:
            if path.is_file():
                return path
        except (OSError, ValueError) as error:  # The path is too long, or holds a NUL.
            raise ModelError(f"cannot look for the model file {file.name}: {error}") from None
    return None


def _folders(file: ModelFile, models_dir: str | os.PathLike[str] | None) -> list[Path]:
    variable = os.environ.get("RMPE_MODELS")
    folders = [file.folder, models_dir, variable or None, _cache()]
    return [Path(folder) for folder in folders if folder is not None]


def _cache() -> Path | None:
    try:
        return _CACHE.expanduser()
    except RuntimeError:  # Nothing says where the home folder is.
        return None


def _check_hash(file: ModelFile, path: Path) -> None:
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read the model file {path}: {error.strerror}") from None
    if wrong := file.wrong_hash(found):
        raise ModelError(
            f"model file {path} is damaged or another version: {wrong}; "
            f"get it from {file.url or file.origin}"
        )
