"""Argument checks that name the argument, the rule and what came.

Those of arrays take, as ``xp``, the module that knows the kind of array: ``arguments.tensors`` or
``arguments.ndarrays``. Dtypes go by their names, which are the same in both.
"""

from __future__ import annotations

import numbers
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

__all__ = [
    "FLOATING",
    "HALF",
    "NATIVE",
    "TYPES",
    "Array",
    "check_choice",
    "check_dtype",
    "check_numbers",
    "check_same",
    "check_size",
    "check_type",
    "shape_of",
    "wrong_shape",
]

Array = Any  # torch.Tensor or numpy.ndarray
NATIVE = ("float32", "float64")  # what the kernels of poses and matrices take
HALF = ("float16", "bfloat16")
FLOATING = (*NATIVE, *HALF)


# Python's own types come first: the abstract ones, which numpy's numbers belong to, are slow to
# check.
_SEQUENCE = (tuple, list, Sequence)
_INT = (int, numbers.Integral)
_FLOAT = (float, int, numbers.Real)
TYPES = {  # what an annotation stands for
    "float": _FLOAT,
    "float | None": (type(None), *_FLOAT),
    "int": _INT,
    "int | None": (type(None), *_INT),
    "bool": (bool,),
    "str": (str,),
}
_WORDS = {
    "float": "a number",
    "float | None": "a number or None",
    "int": "a whole number",
    "int | None": "a whole number or None",
    "bool": "True or False",
    "str": "text",
}


def check_type(types: Mapping[str, tuple], name: str, value: Any, annotation: str) -> None:
    """Raise TypeError unless ``value`` is what the annotation says; a bool is no number.

    ``types`` is :data:`TYPES`, or what an array module adds to them.
    """
    if not isinstance(value, types[annotation]) or (
        isinstance(value, bool) and annotation != "bool"
    ):
        raise TypeError(f"{name} must be {_WORDS[annotation]}, got {value!r}")


def check_numbers(name: str, values: Iterable[float], rule: str) -> list[float]:
    """The values as numbers; raise TypeError, with ``rule`` in its message, where they are none."""
    try:
        return list(map(float, values))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be {rule}, got {values!r}") from error


def check_size(xp: ModuleType, size: Sequence[int]) -> tuple[int, int]:
    """Height and width; raise unless they are two whole numbers of at least 1."""
    if not isinstance(size, _SEQUENCE) or len(size) != 2:
        raise TypeError(f"size must be (height, width), a tuple or a list, got {size!r}")
    try:
        height, width = xp.index(size[0]), xp.index(size[1])
    except TypeError as error:
        raise TypeError(f"size must be (height, width), both int, got {tuple(size)}") from error
    if height < 1 or width < 1:
        raise ValueError(f"size must be (height, width), both at least 1, got {tuple(size)}")
    return height, width


def shape_of(xp: ModuleType, name: str, array: Array) -> Sequence[int]:
    """The array's shape; raise TypeError unless it is an array of the kind that is wanted."""
    if not isinstance(array, xp.Array):
        raise TypeError(f"{name} must be a {xp.ARRAY}, got {type(array).__name__}")
    return array.shape


def wrong_shape(name: str, array: Array, rule: str) -> ValueError:
    """What to raise where the array's shape is not as the rule has it.

    Sizes in a rule are formatted where it is raised, and not before: that would tie a graph that
    ``torch.compile`` traces to their values.
    """
    return ValueError(f"{name} must be {rule}, got {tuple(array.shape)}")


def check_dtype(xp: ModuleType, name: str, array: Array, allowed: Collection[str]) -> None:
    """Raise TypeError unless the name of the array's dtype is one of ``allowed``."""
    dtype = xp.name_of(array.dtype)
    if dtype not in allowed:
        *most, last = allowed
        rule = f"{', '.join(most)} or {last}" if most else last
        raise TypeError(f"{name} must be {rule}, got {dtype}")


def check_same(name: str, have: Any, other: str, want: Any, what: str) -> None:
    """Raise ValueError unless two arguments agree in ``what`` (a device, a dtype, a length)."""
    if have != want:
        raise ValueError(f"{name} must have the {what} of {other} ({want}), got {have}")


def check_choice(name: str, value: Any, allowed: Collection[str]) -> None:
    """Raise ValueError unless ``value`` is one of the names in ``allowed``."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(sorted(allowed))}, got {value!r}")
