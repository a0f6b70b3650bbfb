"""Checkpoints: everything that the next step depends on, in one file that is never half written."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import torch

from ..networks.precision import Precision
from ..networks.weights import load_pickle
from ..output_file import write_atomically

__all__ = ["CheckpointError", "brief", "read_checkpoint", "write_checkpoint"]

_FORMAT = "rmpe training checkpoint 1"

_LONGEST = 300


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
    write_atomically(path, lambda file: torch.save({"format": _FORMAT, **state}, file))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint, without running code that the file may hold.

    Returns
    -------
    dict
        Each field is of the type that `rmpe.training.run.Run.state` gives it. Whether the weights
        fit a network is for who takes them.

    Raises
    ------
    CheckpointError
        Where the file is missing, damaged, or anything else.
    """
    try:
        state = load_pickle(path)
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint at {path}") from None
    except Exception as error:  # Unpickling raises anything.
        raise CheckpointError(f"cannot read the checkpoint {path}: {error}") from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of rmpe train")
    for name, (rule, valid) in _FIELDS.items():
        if not valid(state.get(name)):
            raise CheckpointError(f"the checkpoint {path} is damaged: {name} must be {rule}")
    return state


def brief(error: Exception) -> str:
    """Give the beginning of an error's words on one line: torch's may list a thousand weights.

    Examples
    --------
    >>> brief(ValueError("missing:\\n  stem.weight"))
    'missing: stem.weight'
    """
    return textwrap.shorten(str(error), _LONGEST, placeholder=" ...")


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_weights(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(weight, torch.Tensor) for name, weight in value.items()
    )


def _is_words(value: Any) -> bool:
    return isinstance(value, dict) and all(type(v) is str for pair in value.items() for v in pair)


def _is_losses(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(step, dict)
        and "loss" in step
        and all(isinstance(name, str) and isinstance(v, float) for name, v in step.items())
        for step in value
    )


def _is_random_state(value: Any) -> bool:
    try:
        torch.Generator().set_state(value)
    except (RuntimeError, TypeError):
        return False
    return True


_COUNT = ("a whole number from 0", _is_count)
_WEIGHTS = ("names and their tensors", _is_weights)
_FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "config": ("text", lambda value: isinstance(value, str)),
    "step": _COUNT,
    "skipped": _COUNT,
    "updates": _COUNT,
    "best": ("a number", lambda value: isinstance(value, float)),
    "values": ("a list of losses", _is_losses),
    "random": ("a state of torch's random numbers", _is_random_state),
    # Early checkpoints say none of these.
    "sources": ("names and words", lambda value: value is None or _is_words(value)),
    "overfit": (
        "a whole number from 0, or nothing",
        lambda value: value is None or _is_count(value),
    ),
    "precision": (
        " or ".join(get_args(Precision)),
        lambda value: value is None or isinstance(value, str) and value in get_args(Precision),
    ),
    "network": _WEIGHTS,
    "average": _WEIGHTS,
    "optimizer": (
        "a state of an optimizer",
        lambda value: isinstance(value, dict) and isinstance(value.get("state"), dict),
    ),
}
