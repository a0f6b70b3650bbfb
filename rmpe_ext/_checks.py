"""Argument checks that name the argument, the rule and what came."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch

__all__ = ["check_choice", "check_dtype", "check_same", "check_shape", "check_tensor"]


def check_tensor(name: str, value: Any) -> None:
    """Raise TypeError unless ``value`` is a tensor."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}")


def check_shape(name: str, tensor: Any, shape: tuple[int | None, ...], text: str) -> None:
    """Raise unless ``tensor`` has ``shape`` (None fits any size); ``text`` is how to print it."""
    check_tensor(name, tensor)
    fits = tensor.dim() == len(shape)
    if fits:
        for want, have in zip(shape, tensor.shape, strict=True):
            fits = fits and (want is None or want == have)
    if not fits:
        raise ValueError(f"{name} must be {text}, got {tuple(tensor.shape)}")


def check_dtype(name: str, tensor: torch.Tensor, allowed: Collection[torch.dtype]) -> None:
    """Raise TypeError unless the tensor's dtype is one of ``allowed``."""
    if tensor.dtype not in allowed:
        names = ", ".join(str(dtype).removeprefix("torch.") for dtype in allowed)
        raise TypeError(f"{name} must be {names}, got {str(tensor.dtype).removeprefix('torch.')}")


def check_same(name: str, have: Any, other: str, want: Any, what: str) -> None:
    """Raise ValueError unless two arguments agree in ``what`` (a device, a dtype, a length)."""
    if have != want:
        raise ValueError(f"{name} must have the {what} of {other} ({want}), got {have}")


def check_choice(name: str, value: Any, allowed: Collection[str]) -> None:
    """Raise ValueError unless ``value`` is one of the names in ``allowed``."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(sorted(allowed))}, got {value!r}")
