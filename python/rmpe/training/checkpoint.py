"""Checkpoints: everything that the next step depends on, in one file that is never half written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

__all__ = ["CheckpointError", "read_checkpoint", "write_atomically", "write_checkpoint"]

_FORMAT = "rmpe training checkpoint 1"


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or is not one of this run; the message says why."""


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint in place of the last one.

    The last one stays until the new one is whole and on the disk: a process that is killed, or a
    disk that is full, leaves one of the two.

    Parameters
    ----------
    path : Path
    state : dict
        Tensors, numbers, text, and lists and dictionaries of these.

    Raises
    ------
    OSError
        Where the disk is full or cannot be written to; what was begun is removed.
    """
    write_atomically(path, lambda partial: torch.save({"format": _FORMAT, **state}, partial))


def write_atomically(path: Path, write: Any) -> None:
    """Let ``write(partial_path)`` write a file, and give it its name once it is on the disk."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        write(partial)
        with open(partial, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        # torch reports a full disk as a RuntimeError of its own.
        if isinstance(error, RuntimeError):
            raise OSError(f"cannot write {path}: {error}") from error
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint, without running code that the file may hold.

    Raises
    ------
    CheckpointError
        Where the file is missing, damaged, or anything else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint at {path}") from None
    except Exception as error:  # Unpickling raises anything.
        raise CheckpointError(f"cannot read the checkpoint {path}: {error}") from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of rmpe train")
    return state
