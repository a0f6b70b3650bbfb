"""Tensors as arrays of numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_array", "as_float64", "within_float32"]


def as_array(values: Any) -> npt.NDArray[Any]:
    """Give a tensor as an array; an array stays as it is.

    Numbers of half precision become float32, as numpy has no bfloat16, and its float16 overflows
    in sums. Waits for the device.

    Examples
    --------
    >>> import torch
    >>> as_array(torch.tensor([1.5], dtype=torch.bfloat16))
    array([1.5], dtype=float32)
    """
    if not hasattr(values, "detach"):
        return np.asarray(values)
    values = values.detach().cpu().resolve_neg()
    if values.is_floating_point() and values.itemsize < 4:
        values = values.float()
    array: npt.NDArray[Any] = values.numpy()
    return array


def as_float64(values: Any) -> npt.NDArray[np.float64]:
    """Give a tensor, or an array, as an array of float64."""
    array: npt.NDArray[np.float64] = as_array(values).astype(np.float64, copy=False)
    return array


def within_float32(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether numbers are finite and float32 could hold them, which is as far as pixels go.

    Products of what lies further out are no numbers in float64 either.
    """
    held: npt.NDArray[np.bool_] = np.abs(values) <= np.finfo(np.float32).max  # False for NaN.
    return held
