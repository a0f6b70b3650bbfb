"""The weights of PyTorch networks, from files."""

from __future__ import annotations

import mmap
import os
import pickle
import pickletools
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import ModelError
from ..output_file import check_is_file
from ..terminal import printable
from .architectures import recognize
from .checkpoints import convert
from .file_kinds import describe_content, describe_file
from .frozen_graph import read_constants

__all__ = ["load_pickle", "load_weights", "read_weights"]

# Dictionaries that training code wraps around the weights.
_WRAPPERS = ("state_dict", "model")
# What weights may be stored in; networks compute in float32.
_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
# How many names of weights a message lists.
_MOST_NAMES = 4


class _NumpyNumber:
    """Takes the place of numpy's numbers and types in a checkpoint, and forgets what they hold.

    Training code keeps its best score as such a number, which nobody needs here. numpy's own type
    trusts the state that a file gives it, down to pointers.
    """

    def __init__(self, *arguments: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


# What PyTorch calls a function or class in a file that is none of a state dict.
_NAMED = re.compile(r"(?:GLOBAL|class '|function|got <class ')\s*([\w.<>]+)")

# The first protocol of pickles that PyTorch's loader does not know.
_NEW_PROTOCOL = 4
# How many instructions of a pickle are looked into for a name.
_MOST_INSTRUCTIONS = 10_000

# How numpy numbers are pickled, under the names of numpy 1 and 2.
_NUMPY_NUMBERS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    (_NumpyNumber, "numpy.core.multiarray.scalar"),
    (_NumpyNumber, "numpy._core.multiarray.scalar"),
    (_NumpyNumber, "numpy.dtype"),
]


def read_weights(path: str | os.PathLike[str]) -> dict[str, torch.Tensor]:
    """Read a state dict, without running code that the file may hold.

    Parameters
    ----------
    path : path
        A ``.safetensors`` file, a frozen graph of TensorFlow, ``.pb``, or what ``torch.save``
        wrote: the state dict itself, or a dictionary that holds it under ``"state_dict"`` or
        ``"model"``.

    Returns
    -------
    dict of str to Tensor
        On the CPU, under the names of our architectures: see `rmpe.networks.checkpoints`.

    Raises
    ------
    rmpe.ModelError
        Where the file cannot be read, or holds anything else.
    """
    return _read(path)[0]


def load_weights(module: nn.Module, path: str | os.PathLike[str]) -> None:
    """Fill a module from a file; see `read_weights`.

    Raises
    ------
    rmpe.ModelError
        Where a weight is missing, unknown, of another shape or no finite number; the message names
        the first few, and the network that the file holds where it is known.
    """
    weights, layouts = _read(path)
    wanted = module.state_dict()
    for name, value in wanted.items():
        if name in weights:
            _check_kind(path, name, weights[name], value.dtype)
    misfits = _compare(wanted, weights)
    if misfits:
        raise ModelError(
            f"{path} does not fit {type(module).__name__}: {'; '.join(misfits)}. "
            f"{_describe(weights, layouts)}"
        )
    # All that may be missing are counters of batches.
    for name in wanted.keys() - weights.keys():
        weights[name] = torch.zeros((), dtype=wanted[name].dtype, device="cpu")
    # Assigned, not copied, so that the module may have been built on the meta device.
    module.load_state_dict(weights, assign=True)
    # Only now, when all have the shapes of the module: a view may pretend to any size.
    for name, value in module.state_dict().items():
        if not value.isfinite().all():
            raise ModelError(f"{path}: the weight {name} must be finite, got NaN or infinity")


def _compare(wanted: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor]) -> list[str]:
    """Say what keeps weights from being those that are wanted."""
    missing = [
        # Batch norms have counted their batches only since PyTorch 0.4.1.
        name
        for name in wanted
        if name not in weights and not name.endswith("num_batches_tracked")
    ]
    unexpected = [name for name in weights if name not in wanted]
    shapes = [
        f"{name} must be {tuple(value.shape)}, got {tuple(weights[name].shape)}"
        for name, value in wanted.items()
        if name in weights and weights[name].shape != value.shape
    ]
    found = {"missing": missing, "unexpected": unexpected, "of another shape": shapes}
    return [_enumerate(names, what) for what, names in found.items() if names]


def _enumerate(names: Sequence[str], what: str) -> str:
    listed = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
    return f"{len(names)} {what} ({listed})"


def _describe(weights: Mapping[str, torch.Tensor], layouts: Sequence[str]) -> str:
    """Say what a file looks like."""
    found = recognize(weights)
    if found is None:
        return "What the file holds is not known"
    name, numbers = found
    described = ", ".join(f"{key} = {value}" for key, value in numbers.items())
    layout = f", in the layout of {' and '.join(layouts)}" if layouts else ""
    return f"The file looks like {name} with {described}{layout}"


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """Read weights under our names, and the layouts that they had."""
    path = Path(path)
    try:
        read = _READERS.get(path.suffix.lower(), load_pickle)
        values = read(path)
    except (ModuleNotFoundError, ModelError):
        raise
    except Exception as error:  # Unpickling raises anything.
        what = describe_file(path)
        reason = str(error) if what is None else f"it is {what}"
        raise ModelError(f"cannot read weights from {path}: {reason}") from error
    for wrapper in _WRAPPERS:
        if isinstance(values, dict) and isinstance(values.get(wrapper), dict):
            values = values[wrapper]
    if not isinstance(values, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in values.items()
    ):
        raise ModelError(f"{path} must hold a state dict: names and their tensors")
    # A plain dictionary: what PyTorch attaches to its own says how an old one has to be read.
    return convert(dict(values))


def _check_kind(
    path: str | os.PathLike[str], name: str, weight: torch.Tensor, dtype: torch.dtype
) -> None:
    """Raise unless a weight is stored as an ordinary tensor of the kind that is wanted."""
    kinds = _FLOATS if dtype.is_floating_point else (dtype,)
    dense = weight.layout == torch.strided and weight.device.type == "cpu"
    if weight.dtype not in kinds or not dense:
        names = ", ".join(str(kind).removeprefix("torch.") for kind in kinds)
        raise ModelError(
            f"{path}: the weight {name} must be a dense tensor of {names}, "
            f"got {weight.dtype} {weight.layout} on {weight.device}"
        )


def _read_safetensors(path: Path) -> Any:
    from safetensors.torch import load_file

    check_is_file(path)
    return load_file(path)


# By the end of the name; anything else must be what torch.save wrote.
_READERS: dict[str, Callable[[Path], Any]] = {
    ".safetensors": _read_safetensors,
    ".pb": read_constants,
}


def load_pickle(path: Path) -> Any:
    """Read what ``torch.save`` wrote, without running code that the file may hold.

    Raises
    ------
    rmpe.ModelError
        Where loading it would run code.
    Exception
        Of any type, where it is anything else.
    """
    check_is_file(path)
    if (what := describe_content(path)) is not None:
        raise ValueError(f"it is {what}")
    if zipfile.is_zipfile(path):
        # torch.save compresses nothing; what is compressed may unpack to any size.
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > path.stat().st_size:
            raise ModelError(f"{path} must not be compressed: torch.save writes no such archives")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"\nbytearray\n") >= 0:  # Of any length, in a few bytes.
            raise ModelError(f"{path} must hold tensors and numbers alone, and no bytearray")
    try:
        with torch.serialization.safe_globals(_NUMPY_NUMBERS), warnings.catch_warnings():
            # An error follows, which says more.
            warnings.filterwarnings("ignore", "Detected pickle protocol")
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        # PyTorch's own words say how to load the file all the same, and run what is in it.
        found = _NAMED.search(str(error))
        if name := found[1] if found else _find_named(path):
            raise ModelError(
                f"{path} is refused: it holds {printable(name)} beside tensors and numbers, "
                "and to load that could run any code; save the network's state dict alone, by "
                "torch.save(network.state_dict(), ...) or as safetensors, on a machine where you "
                "trust the file"
            ) from None
        if isinstance(error, pickle.UnpicklingError):
            raise ValueError(
                "it is damaged, or nothing that torch.save or safetensors wrote"
            ) from None
        raise


def _find_named(path: Path) -> str | None:
    """Name the first function or class outside of PyTorch that a pickle of a new protocol calls.

    PyTorch's loader stops at the first instruction of these protocols, before it sees a name.
    """
    words: list[str] = []
    try:
        content = path.read_bytes()
        if content[:1] != pickle.PROTO or content[1] < _NEW_PROTOCOL:
            return None
        for code, value, _ in islice(pickletools.genops(content), _MOST_INSTRUCTIONS):
            if code.name == "GLOBAL":
                words = str(value).split(" ")
            elif "UNICODE" in code.name:
                words = [*words[-1:], str(value)]
            if code.name in ("GLOBAL", "STACK_GLOBAL") and words[0].split(".")[0] != "torch":
                return ".".join(words)
    except Exception:  # It is damaged, which pickletools says in many ways.
        return None
    return None
