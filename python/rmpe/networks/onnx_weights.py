"""Weights for an ONNX graph that has none.

An ONNX file is a protocol buffer, and of two that stand one behind the other a reader makes one,
with the lists of both. So weights can be put behind a graph that names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from .protobuf import beginning, read_fields, whole_number

__all__ = ["encode_weights", "has_weights"]

# Numbers of fields (onnx.proto): of the model, of the graph, and of a tensor.
_GRAPH, _INITIALIZER, _SPARSE_INITIALIZER = 7, 5, 15
_DIMENSIONS, _TYPE, _NAME, _CONTENT = 1, 2, 8, 9
_FLOAT = 1


def encode_weights(weights: Mapping[str, torch.Tensor]) -> bytes:
    """Write weights as the part of an ONNX file that holds them.

    Parameters
    ----------
    weights : mapping of str to Tensor
        float32, on the CPU.

    Returns
    -------
    bytes
        To be put behind the content of a file whose nodes name them.

    Examples
    --------
    >>> encode_weights({"a": torch.ones(1)}).hex(" ")
    '3a 0f 2a 0d 08 01 10 01 42 01 61 4a 04 00 00 80 3f'
    """
    # Of all values one copy is made, which is the one at the end.
    pieces = [piece for item in weights.items() for piece in _tensor(*item)]
    return b"".join([beginning(_GRAPH, sum(map(len, pieces))), *pieces])


def has_weights(content: bytes) -> bool:
    """Look for weights in a file.

    Raises
    ------
    ValueError
        Where the content is no protocol buffer.

    Examples
    --------
    >>> has_weights(encode_weights({"a": torch.ones(1)})), has_weights(encode_weights({}))
    (True, False)
    """
    return any(
        number == _GRAPH
        and isinstance(value, memoryview)
        and any(field in (_INITIALIZER, _SPARSE_INITIALIZER) for field, _ in read_fields(value))
        for number, value in read_fields(memoryview(content))
    )


def _tensor(name: str, values: torch.Tensor) -> Iterator[bytes | memoryview]:
    numbers = values.contiguous().numpy().astype("<f4", copy=False)
    content = numbers.reshape(-1).view(np.uint8).data
    encoded = name.encode()
    described = b"".join(
        [
            *(whole_number(_DIMENSIONS, side) for side in values.shape),
            whole_number(_TYPE, _FLOAT),
            beginning(_NAME, len(encoded)) + encoded,
            beginning(_CONTENT, len(content)),
        ]
    )
    yield beginning(_INITIALIZER, len(described) + len(content)) + described
    yield content
