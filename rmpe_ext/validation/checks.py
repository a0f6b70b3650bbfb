"""Checks of single arguments; an error names the argument, the rule and what came."""

from __future__ import annotations

import numbers
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

__all__ = [
    "FLOATING",
    "HALF",
    "KERNEL",
    "TYPES",
    "Array",
    "ArrayModule",
    "Types",
    "check_choice",
    "check_dtype",
    "check_numbers",
    "check_same",
    "check_size",
    "check_type",
    "shape_of",
    "wrong_shape",
]

Array: TypeAlias = Any  # torch.Tensor or numpy.ndarray
Types: TypeAlias = Mapping[str, tuple[type, ...]]
KERNEL = ("float32", "float64")  # the dtypes in which kernels compute
HALF = ("float16", "bfloat16")
FLOATING = (*KERNEL, *HALF)

# Python's own types come first: isinstance is slow for the abstract ones, which cover numpy's.
_SEQUENCE = (tuple, list, Sequence)
_INT: tuple[type, ...] = (int, numbers.Integral)
_FLOAT: tuple[type, ...] = (float, int, numbers.Real)
TYPES: Types = {  # the types that an annotation stands for
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


class ArrayModule(Protocol):
    """Functions on one kind of array; dtypes go by their names, which both kinds share."""

    ARRAY_TYPE: type[Any]
    ARRAY_NAME: str  # in messages
    DTYPE_TYPE: type
    TYPES: Types

    def dtype_name(self, dtype: Any, /) -> str: ...
    def check_device(self, name: str, array: Array, other: str, like: Array, /) -> None: ...
    def requires_grad(self, array: Array, /) -> bool: ...
    def detach(self, array: Array, /) -> Array: ...
    def to_kernel_dtype(self, array: Array, /) -> Array: ...
    def to_float32(self, array: Array, /) -> Array: ...
    def to_dtype_of(self, array: Array, like: Array, /) -> Array: ...
    def from_numbers(self, numbers: tuple[float, ...], like: Array, /) -> Array: ...
    def index(self, value: Any, /) -> Any: ...


def check_type(types: Types, name: str, value: Any, annotation: str) -> None:
    """Raise TypeError unless ``value`` is of the annotated type; a bool is not a number.

    ``types`` is :data:`TYPES`, or that of an array module, which adds its own types.
    """
    if not isinstance(value, types[annotation]) or (
        isinstance(value, bool) and annotation != "bool"
    ):
        raise TypeError(f"{name} must be {_WORDS[annotation]}, got {value!r}")


def check_numbers(name: str, values: Iterable[float], rule: str) -> list[float]:
    """Convert ``values`` to floats; raise TypeError with ``rule`` where one is not a number."""
    try:
        return list(map(float, values))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be {rule}, got {values!r}") from error


def check_size(xp: ArrayModule, size: Sequence[int]) -> tuple[int, int]:
    """Return height and width; raise unless they are two whole numbers of at least 1."""
    if not isinstance(size, _SEQUENCE) or len(size) != 2:
        raise TypeError(f"size must be (height, width), a tuple or a list, got {size!r}")
    try:
        height, width = xp.index(size[0]), xp.index(size[1])
    except TypeError as error:
        raise TypeError(f"size must be (height, width), both int, got {tuple(size)}") from error
    if height < 1 or width < 1:
        raise ValueError(f"size must be (height, width), both at least 1, got {tuple(size)}")
    return height, width


def shape_of(xp: ArrayModule, name: str, array: Array) -> Any:
    """Return the array's shape; raise TypeError unless it is an array of the right kind."""
    if not isinstance(array, xp.ARRAY_TYPE):
        raise TypeError(f"{name} must be a {xp.ARRAY_NAME}, got {type(array).__name__}")
    return array.shape


def wrong_shape(name: str, array: Array, rule: str) -> ValueError:
    """Make the error for an array of the wrong shape.

    Callers format sizes into ``rule`` only when they raise: formatting them earlier would tie a
    graph that ``torch.compile`` traces to their values.
    """
    return ValueError(f"{name} must be {rule}, got {tuple(array.shape)}")


def check_dtype(xp: ArrayModule, name: str, array: Array, allowed: Collection[str]) -> None:
    """Raise TypeError unless the name of the array's dtype is one of ``allowed``."""
    dtype = xp.dtype_name(array.dtype)
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
