"""The files of models: where they are, and whether they are the right ones."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..errors import ModelError
from .card import ModelFile

__all__ = ["locate"]

_CACHE = Path("~/.cache/rmpe/models")


def locate(file: ModelFile, models_dir: str | os.PathLike[str] | None = None) -> Path:
    """Find a model's file, and make sure that it is the right one.

    Looks beside the user's card, in ``models_dir``, in the folder that the environment variable
    ``RMPE_MODELS`` names, and in ``~/.cache/rmpe/models``, in this order.

    Raises
    ------
    ModelError
        Where it is in none of them, or the first that is found has another SHA-256.
    """
    variable = os.environ.get("RMPE_MODELS")
    folders = [file.folder, models_dir, variable or None, _cache()]
    candidates = [Path(folder) / file.name for folder in folders if folder is not None]
    for path in candidates:
        try:
            found = path.is_file()
        except (OSError, ValueError) as error:  # The path is too long, or holds a NUL.
            raise ModelError(f"cannot look for the model file {file.name}: {error}") from None
        if found:
            if file.sha256:
                _check_hash(file, path)
            return path
    looked = ", ".join(dict.fromkeys(str(path.parent) for path in candidates))
    raise ModelError(
        f"model file {file.name} was not found (looked in {looked}); get it from {file.origin}, "
        "and name the folder you put it in with --models DIR, models_dir=... or the environment "
        "variable RMPE_MODELS"
    )


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
    if not found.startswith(file.sha256):
        raise ModelError(
            f"model file {path} is damaged or another version: its SHA-256 must "
            f"{'be' if len(file.sha256) == 64 else 'start with'} {file.sha256}, got {found}; "
            f"get it from {file.origin}"
        )
