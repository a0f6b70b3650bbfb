"""The weights in a frozen graph of TensorFlow: a ``.pb`` file, of which nothing is run.

A graph is a message of protocol buffers, ``GraphDef``: it holds a message for each of its
operations, and those that are called ``Const`` hold values, as TensorFlow's ``graph.proto``,
``node_def.proto``, ``attr_value.proto`` and ``tensor.proto`` say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from ..output_file import check_is_file
from .protobuf import read_fields

__all__ = ["read_constants"]

# Numbers of fields, by message.
_GRAPH_NODE = 1
_NODE_NAME, _NODE_OPERATION, _NODE_ATTRIBUTE = 1, 2, 5
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_VALUE_TENSOR = 8
_TENSOR_TYPE, _TENSOR_SHAPE, _TENSOR_BYTES, _TENSOR_FLOATS = 1, 2, 4, 5
_SHAPE_AXIS, _AXIS_SIZE = 2, 1
_FLOAT32 = 1


def read_constants(path: Path) -> dict[str, torch.Tensor]:
    """Read the constants of float32 in a frozen graph, by the names of their operations.

    Raises
    ------
    ValueError
        Where the file is no frozen graph, damaged, or claims to hold more than it does.
    OSError
        Where it cannot be read.
    """
    check_is_file(path)
    content = memoryview(path.read_bytes())
    constants: dict[str, torch.Tensor] = {}
    # One number may stand for a whole tensor, of any size.
    left = len(content)
    try:
        for node in _chunks(content, _GRAPH_NODE):
            if _text(node, _NODE_OPERATION) != "Const":
                continue
            value = _read_value(node, left)
            if value is not None:
                constants[_text(node, _NODE_NAME)] = value
                left -= value.nelement()
    except ValueError as error:
        raise ValueError(
            f"it is no frozen graph of TensorFlow, or damaged ({error}); another network of "
            "TensorFlow must be converted to ONNX (the package tf2onnx does)"
        ) from None
    return constants


def _read_value(node: memoryview, most: int) -> torch.Tensor | None:
    """Read the value of a constant; None where it is of another type."""
    for entry in _chunks(node, _NODE_ATTRIBUTE):
        if _text(entry, _ENTRY_KEY) == "value":
            return _read_tensor(_chunk(_chunk(entry, _ENTRY_VALUE), _VALUE_TENSOR), most)
    raise ValueError("a constant has no value")


def _read_tensor(tensor: memoryview, most: int) -> torch.Tensor | None:
    if (_TENSOR_TYPE, _FLOAT32) not in read_fields(tensor):
        return None
    shape = []
    for axis in _chunks(_chunk(tensor, _TENSOR_SHAPE), _SHAPE_AXIS):
        sizes = [value for number, value in read_fields(axis) if number == _AXIS_SIZE]
        shape.append(sizes[0] if sizes and isinstance(sizes[0], int) else 0)
    packed = bytes(_chunk(tensor, _TENSOR_BYTES)) or b"".join(_chunks(tensor, _TENSOR_FLOATS))
    count = math.prod(shape)
    if count > most or len(packed) not in (4, 4 * count):
        raise ValueError(f"a constant of the shape {shape} has {len(packed)} bytes")
    values = np.frombuffer(packed, "<f4").astype(np.float32)
    return torch.from_numpy(np.resize(values, shape))


def _chunks(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """Give the fields of one number."""
    for number, value in read_fields(message):
        if number == wanted:
            if isinstance(value, int):
                raise ValueError(f"the field {number} is a number")
            yield value


def _chunk(message: memoryview, wanted: int) -> memoryview:
    """Give the last field of one number, as a reader of protocol buffers must; empty: none."""
    last = memoryview(b"")
    for value in _chunks(message, wanted):
        last = value
    return last


def _text(message: memoryview, wanted: int) -> str:
    return bytes(_chunk(message, wanted)).decode()
