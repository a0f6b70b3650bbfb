"""The weights of PyTorch networks, from files."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..errors import ModelError
from .checkpoints import convert

__all__ = ["load_weights", "read_weights"]

# Dictionaries that training code wraps around the weights.
_WRAPPERS = ("state_dict", "model")
# How numpy numbers are pickled, under the names of numpy 1 and 2.
_SCALAR = np.float64(0).__reduce__()[0]
_NUMPY_NUMBERS = [
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    np.dtypes.Float64DType,
    np.dtypes.Float32DType,
]


def read_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Read a state dict, without running code that the file may hold.

    Parameters
    ----------
    path : path
        A ``.safetensors`` file, or what ``torch.save`` wrote: the state dict itself, or a
        dictionary that holds it under ``"state_dict"`` or ``"model"``.

    Returns
    -------
    dict of str to Tensor
        On the CPU, under the names of our architectures: see `rmpe.networks.checkpoints`.

    Raises
    ------
    rmpe.ModelError
        Where the file cannot be read, or holds anything else.
    """
    path = Path(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            values = load_file(path)
        else:
            # Training code keeps its best score as a numpy number, which is only data.
            with torch.serialization.safe_globals(_NUMPY_NUMBERS):
                values = torch.load(path, map_location="cpu", weights_only=True)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # Unpickling raises anything.
        raise ModelError(f"cannot read weights from {path}: {error}") from error
    for wrapper in _WRAPPERS:
        if isinstance(values, dict) and isinstance(values.get(wrapper), dict):
            values = values[wrapper]
    if not isinstance(values, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in values.items()
    ):
        raise ModelError(f"{path} must hold a state dict: names and their tensors")
    return convert(values)


def load_weights(module: nn.Module, path: str | Path) -> None:
    """Fill a module from a file; see `read_weights`.

    Raises
    ------
    rmpe.ModelError
        Where a weight is missing, unknown or of another shape; the message names the first few.
    """
    try:
        # Assigned, not copied, so that the module may have been built on the meta device.
        module.load_state_dict(read_weights(path), assign=True)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise ModelError(
            f"{path} does not fit {type(module).__name__}: "
            f"{textwrap.shorten(' '.join(lines[1:]), 600, placeholder=' ...')}"
        ) from None
