"""Inference computes in what the networks were loaded for, whatever ``torch.autocast`` says."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import torch

__all__ = ["inference", "without_autocast"]


class _OnDevice(Protocol):
    device: torch.device


_Owner = TypeVar("_Owner", bound=_OnDevice)
_P = ParamSpec("_P")
_R = TypeVar("_R")


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Switch the caller's ``torch.autocast`` off for what runs on a device.

    Examples
    --------
    >>> with torch.autocast("cpu", torch.bfloat16), without_autocast(torch.device("cpu")):
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.float32
    """
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


def inference(
    function: Callable[Concatenate[_Owner, _P], _R],
) -> Callable[Concatenate[_Owner, _P], _R]:
    """Make a function of something on a device run without gradients and `without_autocast`."""

    @functools.wraps(function)
    def run(owner: _Owner, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with torch.no_grad(), without_autocast(owner.device):
            return function(owner, *args, **kwargs)

    return run
