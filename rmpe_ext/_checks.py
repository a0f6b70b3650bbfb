"""Argument checks that name the argument, the rule and what came.

Those of arrays take, as ``xp``, the module that knows the kind of array: ``arguments.tensors`` or
``arguments.ndarrays``. Dtypes go by their names, which are the same in both.
"""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType
from typing import Any

__all__ = ["Array", "check_array", "check_choice", "check_dtype", "check_same", "check_shape"]

Array = Any  # torch.Tensor or numpy.ndarray


def check_array(xp: ModuleType, name: str, value: Any) -> None:
    """Raise TypeError unless ``value`` is an array of the kind that is wanted."""
    if not isinstance(value, xp.Array):
        raise TypeError(f"{name} must be a {xp.ARRAY}, got {type(value).__name__}")


def check_shape(
    xp: ModuleType, name: str, array: Array, shape: tuple[int | None, ...], text: str
) -> None:
    """Raise unless ``array`` has ``shape`` (None fits any size); ``text`` is how to print it."""
    check_array(xp, name, array)
    fits = array.ndim == len(shape)
    if fits:
        for want, have in zip(shape, array.shape, strict=True):
            fits = fits and (want is None or want == have)
    if not fits:
        raise ValueError(f"{name} must be {text}, got {tuple(array.shape)}")


def check_dtype(xp: ModuleType, name: str, array: Array, allowed: Collection[str]) -> None:
    """Raise TypeError unless the name of the array's dtype is one of ``allowed``."""
    dtype = xp.name_of(array.dtype)
    if dtype not in allowed:
        raise TypeError(f"{name} must be {', '.join(allowed)}, got {dtype}")


def check_same(name: str, have: Any, other: str, want: Any, what: str) -> None:
    """Raise ValueError unless two arguments agree in ``what`` (a device, a dtype, a length)."""
    if have != want:
        raise ValueError(f"{name} must have the {what} of {other} ({want}), got {have}")


def check_choice(name: str, value: Any, allowed: Collection[str]) -> None:
    """Raise ValueError unless ``value`` is one of the names in ``allowed``."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(sorted(allowed))}, got {value!r}")
