"""Tensors as arrays of numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_array"]


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
    values = values.detach().cpu()
    if values.is_floating_point() and values.itemsize < 4:
        values = values.float()
    array: npt.NDArray[Any] = values.numpy()
    return array
