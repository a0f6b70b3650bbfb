"""Checks of single arguments; an error names the argument, the rule and what came."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from numbers import Complex, Integral, Real
from typing import Any, Protocol, TypeAlias

__all__ = [
    "FLOATING",
    "HALF",
    "KERNEL",
    "MAX_PIXELS",
    "TYPES",
    "Array",
    "ArrayModule",
    "Types",
    "check_choice",
    "check_dtype",
    "check_numbers",
    "check_real",
    "check_same",
    "check_size",
    "check_type",
    "check_whole",
    "listed_boxes",
    "listed_index",
    "show",
    "type_of",
    "wrong_shape",
]

Array: TypeAlias = Any  # torch.Tensor or numpy.ndarray
Types: TypeAlias = Mapping[str, tuple[type, ...]]
KERNEL = ("float32", "float64")  # the dtypes in which kernels compute
HALF = ("float16", "bfloat16")
FLOATING = (*KERNEL, *HALF)
MAX_PIXELS = 2**31
MAX_OUTPUT_PIXELS = 2**56
_SHOWN = 200  # characters of a value in a message

# Python's own types come first: isinstance is slow for the abstract ones, which cover numpy's.
_SEQUENCE = (tuple, list, Sequence)
_BYTES = (str, bytes, bytearray, memoryview)
_NOT_IN_ORDER = (*_BYTES, set, frozenset, Mapping)  # not sequences of numbers
_INT: tuple[type, ...] = (int, Integral)
_FLOAT: tuple[type, ...] = (float, int, Real)
# What the dtypes of numpy and PyTorch are called that hold no real numbers; numpy makes floats of
# their values without a word.
_NOT_REAL = ("bool", "complex", "datetime", "timedelta", "<U", ">U", "|S", "<c", ">c")
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
    TYPES: Types

    def shape_of(self, name: str, array: Array, /) -> Any: ...
    def as_dtype(self, dtype: Any, /) -> Any: ...
    def dtype_name(self, dtype: Any, /) -> str: ...
    def check_device(self, name: str, array: Array, other: str, like: Array, /) -> None: ...
    def requires_grad(self, array: Array, /) -> bool: ...
    def detach(self, array: Array, /) -> Array: ...
    def to_kernel_dtype(self, array: Array, /) -> Array: ...
    def to_float32(self, array: Array, /) -> Array: ...
    def to_dtype_of(self, array: Array, like: Array, /) -> Array: ...
    def to_int64(self, array: Array, /) -> Array: ...
    def from_boxes(self, boxes: Sequence[Any], like: Array | None, /) -> Array: ...
    def from_indices(self, indices: Sequence[int], like: Array, /) -> Array: ...
    def from_numbers(self, numbers: tuple[float, ...], like: Array, /) -> Array: ...
    def index(self, value: Any, /) -> Any: ...
    def known_values(self, array: Array, /) -> list[Any] | None: ...
    def is_tracing(self) -> bool: ...


def check_type(types: Types, name: str, value: Any, annotation: str) -> None:
    """Raise TypeError unless ``value`` is of the annotated type; a bool is not a number.

    ``types`` is :data:`TYPES`, or that of an array module, which adds its own types.
    """
    if not isinstance(value, types[annotation]) or (
        isinstance(value, bool) and annotation != "bool"
    ):
        raise TypeError(f"{name} must be {_WORDS[annotation]}, got {show(value)}")


def check_real(
    types: Types,
    name: str,
    value: Any,
    rule: str,
    least: float = -math.inf,
    most: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Return ``value`` as a float; raise ValueError with ``rule`` unless it is in range."""
    kind = type(value)
    number: float
    if kind is float:
        number = value
    else:
        if kind is not int:
            check_type(types, name, value, "float")
        try:
            number = float(value)
        except OverflowError:  # an int beyond the largest float
            number = math.inf
    # Compared, because torch.compile cannot trace math.isfinite.
    if above < number < below and least <= number <= most:
        return number
    raise ValueError(f"{name} must be {rule}, got {show(value)}")


def check_whole(types: Types, name: str, value: Any, least: int) -> int:
    """Return ``value`` as an int; raise unless it is at least ``least`` and fits int64."""
    check_type(types, name, value, "int")
    if not least <= value < 2**63:
        rule = f"at least {least}" if value < least else "below 2^63"
        raise ValueError(f"{name} must be {rule}, got {show(value)}")
    return int(value)


def check_numbers(name: str, values: Iterable[float], count: int, each: str) -> list[float]:
    """Convert ``count`` numbers, one for ``each``, to floats."""
    if type(values) is tuple and list(map(type, values)) == [float] * count:  # as usual
        return list(values)
    rule = f"{count} numbers, one for each {each}"
    try:
        if isinstance(values, _NOT_IN_ORDER):
            raise TypeError
        numbers = list(itertools.islice(values, count + 1))
        if not all(type(n) is float or _is_real(n) for n in numbers):
            raise TypeError
        floats = list(map(float, numbers))
    except OverflowError as error:
        raise ValueError(f"{name} must be {rule}, all finite, got {show(values)}") from error
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be {rule}, got {show(values)}") from error
    if len(floats) != count:
        got = f"more than {count}" if len(floats) > count else len(floats)
        raise ValueError(f"{name} must have {count} values, one for each {each}, got {got}")
    return floats


def _is_real(value: Any) -> bool:
    """Return whether ``value`` is a real number; numpy's are, and tensors without dimensions."""
    if isinstance(value, _FLOAT):
        return not isinstance(value, bool)
    return (
        hasattr(value, "__float__")
        and not isinstance(value, (Complex, *_BYTES))
        and not getattr(value, "ndim", 0)
        and _holds_reals(value)
    )


def _holds_reals(array: Any) -> bool:
    """Return whether the dtype of an array, tensor or number of numpy's is one of real numbers."""
    name = str(getattr(array, "dtype", ""))
    return not name.removeprefix("torch.").startswith(_NOT_REAL)


def check_size(xp: ArrayModule, size: Sequence[int], count: int) -> tuple[int, int]:
    """Return height and width of ``count`` outputs; raise unless they are whole numbers above 0.

    The limits keep every product of sizes in the kernels within int64.
    """
    try:
        if not isinstance(size, _SEQUENCE) or isinstance(size, _BYTES):
            raise TypeError
        height, width = size
    except (TypeError, ValueError) as error:
        message = f"size must be (height, width), a tuple or a list, got {show(size)}"
        raise TypeError(message) from error
    try:
        if isinstance(height, bool) or isinstance(width, bool):
            raise TypeError
        height, width = xp.index(height), xp.index(width)
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"size must be (height, width), both int, got {show(size)}") from error
    if height < 1 or width < 1:
        raise ValueError(f"size must be (height, width), both at least 1, got {show(size)}")
    if not xp.is_tracing() and (
        height * width >= MAX_PIXELS or count * height * width >= MAX_OUTPUT_PIXELS
    ):
        raise ValueError(
            "size must have fewer than 2^31 pixels (height x width), and all outputs fewer than "
            f"2^56, got {show(tuple(size))} for {count} outputs"
        )
    return height, width


def listed_boxes(xp: ArrayModule, boxes: Sequence[Any], like: Array | None) -> Array:
    """Make an array (N, 4) of a list of boxes."""
    try:
        for box in boxes:
            _check_box(box)
        return xp.from_boxes(boxes, like)
    except OverflowError:
        raise ValueError(f"boxes must hold numbers of float64, got {show(boxes)}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        message = f"boxes must be a {xp.ARRAY_NAME}, or a list of 4 numbers each, got {show(boxes)}"
        raise TypeError(message) from error


def _check_box(box: Any) -> None:
    """Raise TypeError where a box of a list holds something else than real numbers."""
    if isinstance(box, _NOT_IN_ORDER) or not (
        _holds_reals(box)
        if hasattr(box, "dtype")
        else all(type(number) is float or _is_real(number) for number in box)
    ):
        raise TypeError


def listed_index(xp: ArrayModule, image_index: Sequence[int], like: Array) -> Array:
    """Make an array (N,) of a list of image indices."""
    try:
        if any(isinstance(i, bool) for i in image_index):
            raise TypeError
        indices = [operator.index(i) for i in image_index]
        if any(not -(2**63) <= i < 2**63 for i in indices):
            raise OverflowError
        return xp.from_indices(indices, like)
    except OverflowError:
        rule = "below 2**63, and from -2**63"
        raise ValueError(f"image_index must be {rule}, got {show(image_index)}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        message = (
            f"image_index must be a {xp.ARRAY_NAME}, or a list of int, got {show(image_index)}"
        )
        raise TypeError(message) from error


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
        raise ValueError(f"{name} must be one of {', '.join(sorted(allowed))}, got {show(value)}")


def type_of(value: Any) -> str:
    """Return the name of the value's type, and of the functions that take it where others do."""
    name = type(value).__name__
    functions = {"Tensor": "rmpe_ext", "ndarray": "rmpe_ext.numpy"}.get(name)
    return f"{name}, which the functions of {functions} take" if functions else name


def show(value: Any) -> str:
    """Return the value as messages show it, on one short line."""
    try:
        text = repr(value)
    except Exception:  # whatever a caller's __repr__ raises; int's own has a limit of digits
        return f"a {type(value).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
