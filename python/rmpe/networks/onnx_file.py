"""What an ONNX file says of itself, compared with what its card says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError
from ..listing import listed
from ..output_file import check_is_file
from .external_data import has_external_data
from .file_kinds import describe_file
from .network import Shape, check_shapes
from .onnx_weights import has_weights

__all__ = ["INPUT_TYPES", "Port", "check_input", "check_outputs", "read_onnx"]

# What an input may hold.
INPUT_TYPES = {
    "tensor(float)": torch.float32,
    "tensor(int32)": torch.int32,
    "tensor(uint8)": torch.uint8,
}
# What an output may hold, and what one may that has as many rows as were found.
_OUTPUT_TYPES = ("tensor(float)",)
_ROW_TYPES = ("tensor(float)", "tensor(int64)", "tensor(int32)")


@dataclass(frozen=True)
class Port:
    """An input or output: sequences and maps have no shape.

    Attributes
    ----------
    name, type
        As onnxruntime gives them: ``"tensor(float)"``.
    shape
        Whole numbers; a name or None where an axis is free.
    """

    name: str
    type: str
    shape: tuple[Any, ...]

    @classmethod
    def read(cls, port: Any) -> Port:
        """Read what a session says of an input or output."""
        shape = tuple(port.shape) if port.type.startswith("tensor(") else ()
        return cls(port.name, port.type, shape)

    @property
    def is_free(self) -> bool:
        """Whether an axis other than the first has no known size."""
        return not all(isinstance(size, int) and size > 0 for size in self.shape[1:])

    def __str__(self) -> str:
        if not self.type.startswith("tensor("):
            return f"{self.name} {self.type}"
        return f"{self.name} ({', '.join(map(str, self.shape))}) {self.type[len('tensor(') : -1]}"


def read_onnx(path: Path, *, graph: bool = False) -> bytes:
    """Read an ONNX file that is all of its network, or all but its weights.

    Parameters
    ----------
    path : Path
    graph : bool
        Whether its weights come from elsewhere. Its own would count in place of these.

    Raises
    ------
    rmpe.ModelError
        Where it cannot be read, is no ONNX file, keeps weights in another file, or has weights that
        come from elsewhere.
    """
    try:
        check_is_file(path)
        content = path.read_bytes()
        if not content:
            raise ValueError("it is empty")
        outside = has_external_data(content)
        inside = graph and has_weights(content)
    except OSError as error:
        raise ModelError(f"cannot read the network {path}: {error.strerror}") from None
    except ValueError as error:
        what = describe_file(path)
        found = f"is damaged or no ONNX file: {error}" if what is None else f"is {what}"
        raise ModelError(f"{path} {found}") from None
    if outside:
        raise ModelError(
            f"{path} keeps weights in another file, which the SHA-256 in its card does not cover; "
            "save the network as one file (onnx.save does so by default)"
        )
    if inside:
        raise ModelError(f"{path} must be a graph without weights, got one that has some")
    return content


def check_input(path: Path, session: Any, name: str, shape: tuple[int, ...]) -> Port:
    """Return the only input of a file.

    Parameters
    ----------
    path : Path
        The file, for messages.
    session : onnxruntime.InferenceSession
    name : str
        By the card.
    shape : tuple of int
        Of one item, by the card, in the file's layout. An axis that is free in the file may have
        any size.

    Raises
    ------
    rmpe.ModelError
        Where it has another name, shape or type, or there are others.
    """
    inputs = _ports(path, session.get_inputs())
    if (
        [port.name for port in inputs] != [name]
        or inputs[0].type not in INPUT_TYPES
        or len(inputs[0].shape) != len(shape) + 1
        or any(
            isinstance(have, int) and have != want
            for have, want in zip(inputs[0].shape[1:], shape, strict=True)
        )
    ):
        want = ", ".join(map(str, shape))
        raise ModelError(
            f"{path}: by the model card the only input is {name} (N, {want}) "
            f"float, int32 or uint8, got {listed(inputs)}"
        )
    _check_batch_axis(path, inputs[0])
    return inputs[0]


def check_outputs(
    path: Path, session: Any, names: Sequence[str], expected: Sequence[Shape], rows: int | None
) -> tuple[Port, ...]:
    """Return the outputs that a card names, in its order.

    Parameters
    ----------
    path : Path
        The file, for messages.
    session : onnxruntime.InferenceSession
    names : sequence of str
    expected : sequence of shapes
        Of one item of each. Axes that are free in the file are not compared.
    rows : int, optional
        Where the second axis of each output is as long as there were things to find: how long it
        may become, which is then its size.

    Raises
    ------
    rmpe.ModelError
        Where one is missing, or of another type or shape.
    """
    found = {port.name: port for port in _ports(path, session.get_outputs())}
    missing = [name for name in names if name not in found]
    if missing:
        raise ModelError(
            f"{path}: by the model card there is an output {missing[0]}, "
            f"got {listed(found.values())}"
        )
    ports = [found[name] for name in names]
    kinds, rule = (
        (_OUTPUT_TYPES, "float") if rows is None else (_ROW_TYPES, "float or whole-number")
    )
    for port in ports:
        if port.type not in kinds or len(port.shape) < (1 if rows is None else 2):
            raise ModelError(f"{path}: outputs must be {rule} tensors of known shape, got {port}")
        _check_batch_axis(path, port)
    if rows is not None:
        for port in ports:
            if isinstance(port.shape[1], int) and port.shape[1] > rows:
                raise ModelError(f"{path}: an output may have at most {rows} rows, got {port}")
        ports = [replace(port, shape=(port.shape[0], rows, *port.shape[2:])) for port in ports]
    shapes = [tuple(_size(size) for size in port.shape[1:]) for port in ports]
    wanted = [
        tuple(None if have is None else want for have, want in zip(shape, item, strict=True))
        if len(shape) == len(item)
        else item
        for shape, item in zip(shapes, expected, strict=True)
    ]
    check_shapes(str(path), shapes, wanted)
    return tuple(ports)


def _ports(path: Path, described: Sequence[Any]) -> list[Port]:
    try:
        return [Port.read(port) for port in described]
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: the names in it must be UTF-8: {error}") from None


def _check_batch_axis(path: Path, port: Port) -> None:
    if isinstance(port.shape[0], int) and port.shape[0] != 1:
        raise ModelError(f"{path}: the first axis is the batch and must be free or 1, got {port}")


def _size(size: Any) -> int | None:
    return size if isinstance(size, int) else None
