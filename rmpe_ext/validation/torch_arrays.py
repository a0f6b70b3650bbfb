"""Functions on PyTorch's tensors; :mod:`.numpy_arrays` has the same for numpy's arrays."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex

import torch
from torch.compiler import is_compiling as is_tracing

from .checks import TYPES as _TYPES
from .checks import Types, check_same, type_of

__all__ = [
    "ARRAY_NAME",
    "ARRAY_TYPE",
    "TYPES",
    "as_dtype",
    "check_dense",
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

ARRAY_TYPE: type[Any] = torch.Tensor
ARRAY_NAME: str = "torch.Tensor"
# torch.compile and torch.export pass symbols in place of numbers.
_SYMBOLS: dict[str, tuple[type, ...]] = {
    "int": (torch.SymInt,),
    "float": (torch.SymInt, torch.SymFloat),
}
_INT = (int, torch.SymInt)
TYPES: Types = {
    annotation: (*types, *_SYMBOLS.get(annotation.removesuffix(" | None"), ()))
    for annotation, types in _TYPES.items()
}
_KERNEL = (torch.float32, torch.float64)
_NAMES = {
    getattr(torch, name): name
    for name in ("float32", "float64", "float16", "bfloat16", "int64", "uint8")
}


def dtype_name(dtype: torch.dtype) -> str:
    """Return the dtype's name, without the ``torch.`` before it."""
    return _NAMES.get(dtype) or str(dtype).removeprefix("torch.")


def shape_of(name: str, tensor: torch.Tensor) -> torch.Size:
    """Return the tensor's shape; raise TypeError unless it is a dense one of PyTorch's."""
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a {ARRAY_NAME}, got {type_of(tensor)}")
    if tensor.is_nested:
        raise TypeError(
            f"{name} must be dense, got a nested tensor; use torch.nested.to_padded_tensor()"
        )
    return tensor.shape


def check_dense(arguments: Mapping[str, Any]) -> None:
    """Raise TypeError where an argument is a tensor with another than PyTorch's strided layout.

    Kernels are registered for strided tensors, so that only the reference has to look.
    """
    for name, argument in arguments.items():
        for tensor in argument if isinstance(argument, (list, tuple)) else (argument,):
            if isinstance(tensor, torch.Tensor) and tensor.layout is not torch.strided:
                raise TypeError(f"{name} must be dense, got {tensor.layout}; use to_dense()")


def as_dtype(dtype: Any) -> torch.dtype:
    """Return the dtype that a caller names; raise TypeError where there is none."""
    if not isinstance(dtype, torch.dtype):
        raise TypeError
    return dtype


def check_device(name: str, tensor: torch.Tensor, other: str, like: torch.Tensor) -> None:
    """Raise ValueError unless both tensors are on one device."""
    if tensor.device != like.device:
        check_same(name, tensor.device, other, like.device, "device")


def requires_grad(tensor: torch.Tensor) -> bool:
    """Return whether autograd follows the tensor."""
    return tensor.requires_grad


def detach(tensor: torch.Tensor) -> torch.Tensor:
    """Detach the tensor; one that needs no detaching is returned itself, which costs nothing."""
    return tensor.detach() if tensor.requires_grad else tensor


def to_kernel_dtype(tensor: torch.Tensor) -> torch.Tensor:
    """Convert 16-bit floats to float32, and detach."""
    if tensor.dtype not in _KERNEL:
        tensor = tensor.float()
    return tensor.detach() if tensor.requires_grad else tensor


def to_float32(tensor: torch.Tensor) -> torch.Tensor:
    """Convert to float32."""
    return tensor.float()


def to_int64(tensor: torch.Tensor) -> torch.Tensor:
    """Convert to int64."""
    return tensor.long()


def from_boxes(boxes: Sequence[Any], like: torch.Tensor | None) -> torch.Tensor:
    """Make a tensor (N, 4) in the kernel dtype and on the device of another, or in float32."""
    dtype = like.dtype if like is not None and like.dtype in _KERNEL else torch.float32
    device = None if like is None else like.device
    if not boxes:
        return torch.empty((0, 4), dtype=dtype, device=device)
    if isinstance(boxes[0], torch.Tensor):
        return torch.stack(tuple(boxes)).to(device, dtype)
    return torch.tensor(boxes, dtype=dtype, device=device)


def from_indices(indices: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """Make a tensor (N,) of int64 on the device of another."""
    return torch.tensor(indices, dtype=torch.int64, device=like.device)


def to_dtype_of(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Convert to the dtype of another tensor."""
    return tensor.to(like.dtype)


def from_numbers(numbers: tuple[float, ...], like: torch.Tensor) -> torch.Tensor:
    """Make a tensor of the dtype and on the device of another; it must not be written to.

    Copying numbers to a GPU synchronizes with it, so that equal numbers share one tensor. In a
    graph that is being traced they do not: a tensor made there belongs to that graph.
    """
    if is_tracing() or type(like) is not torch.Tensor:
        return torch.tensor(numbers, dtype=like.dtype, device=like.device)
    return _shared_tensor(numbers, like.dtype, like.device)


@functools.lru_cache(maxsize=64)
def _shared_tensor(
    numbers: tuple[float, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    return torch.tensor(numbers, dtype=dtype, device=device)


def known_values(tensor: torch.Tensor) -> list[Any] | None:
    """Return the tensor's values, or None where they are on a GPU, which nothing waits for."""
    if is_tracing() or type(tensor) is not torch.Tensor or tensor.device.type != "cpu":
        return None
    try:
        values: list[Any] = tensor.tolist()
    except RuntimeError:  # In torch.vmap a tensor has no values of its own.
        return None
    return values


def index(value: SupportsIndex) -> Any:
    """Return a whole number; a symbol stays one, so that the traced graph serves every size."""
    return value if isinstance(value, _INT) else operator.index(value)
