"""What the checks ask about PyTorch's tensors; :mod:`.ndarrays` answers for numpy's arrays."""

from __future__ import annotations

import functools
import operator
from typing import SupportsIndex

import torch
from torch.compiler import is_compiling

from .._checks import TYPES as _TYPES
from .._checks import check_same

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

Array = torch.Tensor
ARRAY = "torch.Tensor"
DType = torch.dtype
# A size of a graph that is being traced is a number as well.
_SYMBOLIC = {"int": (torch.SymInt,), "float": (torch.SymInt, torch.SymFloat)}
_INT = (int, torch.SymInt)
TYPES = {
    annotation: (*types, *_SYMBOLIC.get(annotation.removesuffix(" | None"), ()))
    for annotation, types in _TYPES.items()
}
_NATIVE = (torch.float32, torch.float64)
_NAMES = {
    getattr(torch, name): name
    for name in ("float32", "float64", "float16", "bfloat16", "int64", "uint8")
}


def name_of(dtype: torch.dtype) -> str:
    """The dtype's name, without the ``torch.`` before it."""
    return _NAMES.get(dtype) or str(dtype).removeprefix("torch.")


def check_device(name: str, tensor: torch.Tensor, other: str, like: torch.Tensor) -> None:
    """Raise ValueError unless both tensors are on one device."""
    if tensor.device != like.device:
        check_same(name, tensor.device, other, like.device, "device")


def requires_grad(tensor: torch.Tensor) -> bool:
    """Whether a gradient is asked for."""
    return tensor.requires_grad


def detached(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor outside autograd; itself, which costs nothing, where it is outside already."""
    return tensor.detach() if tensor.requires_grad else tensor


def native(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in a dtype that the kernels of poses and matrices take, outside autograd."""
    if tensor.dtype not in _NATIVE:
        tensor = tensor.float()
    return tensor.detach() if tensor.requires_grad else tensor


def float32(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in float32."""
    return tensor.float()


def cast(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The tensor in the dtype of another."""
    return tensor.to(like.dtype)


def array(numbers: tuple[float, ...], like: torch.Tensor) -> torch.Tensor:
    """Numbers as a tensor of the dtype, and on the device, of another; not to be written to.

    A copy to a GPU waits for it: the first call makes one that all others share. A tensor made
    while a graph is traced belongs to that graph.
    """
    if is_compiling() or type(like) is not torch.Tensor:
        return torch.tensor(numbers, dtype=like.dtype, device=like.device)
    return _shared_array(numbers, like.dtype, like.device)


@functools.lru_cache(maxsize=64)
def _shared_array(
    numbers: tuple[float, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    return torch.tensor(numbers, dtype=dtype, device=device)


def index(value: SupportsIndex) -> int:
    """A whole number. One of a graph that is being traced stays one: it then serves every size."""
    return value if isinstance(value, _INT) else operator.index(value)
