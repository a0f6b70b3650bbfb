"""What the checks ask about numpy's arrays; :mod:`.tensors` answers for PyTorch's tensors."""

from __future__ import annotations

from operator import index

import numpy as np

from .._checks import TYPES

__all__ = [
    "ARRAY",
    "Array",
    "DType",
    "TYPES",
    "array",
    "cast",
    "check_device",
    "detached",
    "float32",
    "index",
    "name_of",
    "native",
    "requires_grad",
]

Array = np.ndarray
ARRAY = "numpy.ndarray"
DType = np.dtype
_NATIVE = (np.dtype("float32"), np.dtype("float64"))
_NAMES = {np.dtype(name): name for name in ("float32", "float64", "float16", "int64", "uint8")}


def name_of(dtype: np.dtype) -> str:
    """The dtype's name; with its byte order where that is not the machine's."""
    return _NAMES.get(dtype) or str(dtype)


def check_device(name: str, array: np.ndarray, other: str, like: np.ndarray) -> None:
    """Pass: arrays are in the memory of the CPU."""


def requires_grad(array: np.ndarray) -> bool:
    """Whether a gradient is asked for: arrays have none."""
    return False


def detached(array: np.ndarray) -> np.ndarray:
    """The array itself, which has no gradient."""
    return array


def native(array: np.ndarray) -> np.ndarray:
    """The array in a dtype that the kernels of poses and matrices take."""
    return array if array.dtype in _NATIVE else array.astype(np.float32)


def float32(array: np.ndarray) -> np.ndarray:
    """The array in float32."""
    return array.astype(np.float32)


def cast(array: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The array in the dtype of another."""
    return array.astype(like.dtype)


def array(numbers: tuple[float, ...], like: np.ndarray) -> np.ndarray:
    """Numbers as an array of the dtype of another."""
    return np.array(numbers, dtype=like.dtype)
