"""Functions on numpy's arrays; :mod:`.torch_arrays` has the same for PyTorch's tensors."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .checks import TYPES, type_of

__all__ = [
    "ARRAY_NAME",
    "ARRAY_TYPE",
    "TYPES",
    "as_dtype",
    "check_device",
    "detach",
    "dtype_name",
    "from_boxes",
    "from_indices",
    "from_numbers",
    "index",
    "is_tracing",
    "known_values",
    "requires_grad",
    "shape_of",
    "to_dtype_of",
    "to_float32",
    "to_int64",
    "to_kernel_dtype",
]

AnyArray: TypeAlias = NDArray[Any]
ARRAY_TYPE: type[Any] = np.ndarray
ARRAY_NAME: str = "numpy.ndarray"
_KERNEL = (np.dtype("float32"), np.dtype("float64"))
_NAMES: dict[Any, str] = {
    np.dtype(name): name for name in ("float32", "float64", "float16", "int64", "uint8")
}


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return the dtype's name, with its byte order where that is not the machine's."""
    return _NAMES.get(dtype) or str(dtype)


def shape_of(name: str, array: AnyArray) -> tuple[int, ...]:
    """Return the array's shape; raise TypeError unless it is one of numpy's."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a {ARRAY_NAME}, got {type_of(array)}")
    return array.shape


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype that a caller names; raise TypeError where there is none."""
    named: np.dtype[Any] = np.dtype(dtype)
    return named


def check_device(name: str, array: AnyArray, other: str, like: AnyArray) -> None:
    """Pass: arrays have no device."""


def requires_grad(array: AnyArray) -> bool:
    """Return False: arrays have no gradient."""
    return False


def detach(array: AnyArray) -> AnyArray:
    """Return the array itself: it has no gradient."""
    return array


def to_kernel_dtype(array: AnyArray) -> AnyArray:
    """Convert 16-bit floats to float32."""
    return array if array.dtype in _KERNEL else array.astype(np.float32)


def to_float32(array: AnyArray) -> AnyArray:
    """Convert to float32."""
    return array.astype(np.float32)


def to_int64(array: AnyArray) -> AnyArray:
    """Convert to int64."""
    return array.astype(np.int64)


def from_boxes(boxes: Sequence[Any], like: AnyArray | None) -> AnyArray:
    """Make an array (N, 4) in the kernel dtype of another, or in float32."""
    dtype = like.dtype if like is not None and like.dtype in _KERNEL else np.dtype(np.float32)
    with np.errstate(over="ignore"):  # As PyTorch does, without a word.
        return np.array(boxes, dtype) if boxes else np.empty((0, 4), dtype)


def from_indices(indices: Sequence[int], like: AnyArray) -> AnyArray:
    """Make an array (N,) of int64."""
    return np.array(indices, np.int64)


def to_dtype_of(array: AnyArray, like: AnyArray) -> AnyArray:
    """Convert to the dtype of another array."""
    return array.astype(like.dtype)


def from_numbers(numbers: tuple[float, ...], like: AnyArray) -> AnyArray:
    """Make an array of the dtype of another."""
    return np.array(numbers, dtype=like.dtype)


def known_values(array: AnyArray) -> list[Any] | None:
    """Return the array's values."""
    values: list[Any] = array.tolist()
    return values


def is_tracing() -> bool:
    """Return False: sizes of arrays are numbers."""
    return False
