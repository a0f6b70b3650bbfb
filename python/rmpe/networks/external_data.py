"""Whether an ONNX file keeps tensors in other files, which the hash of the file does not cover.

An ONNX file is a protocol buffer. Only its structure is walked through, down to the tensors; what
they hold is skipped.
"""

from __future__ import annotations

from .protobuf import read_fields

__all__ = ["has_external_data"]

# Of each message on the way to a tensor, the fields that lead on: number -> message (onnx.proto).
_FIELDS = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor",
                  23: "SparseTensor"},
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {},
}  # fmt: skip
# Of a tensor: where its data is, and whether that is elsewhere.
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
# Far deeper than loops and conditions are nested.
_MOST_DEPTH = 100


def has_external_data(content: bytes) -> bool:
    """Look for tensors outside of the file.

    Raises
    ------
    ValueError
        Where the content is no protocol buffer.
    """
    # The place of a tensor is given under this key, and strings stand in the file as they are.
    return b"location" in content and _search(memoryview(content), "Model", 0)


def _search(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _MOST_DEPTH:
        raise ValueError("its graphs are nested too deeply")
    for number, value in read_fields(message):
        if kind == "Tensor" and number in (_EXTERNAL_DATA, _DATA_LOCATION):
            # The location 0 is the file itself.
            if number == _EXTERNAL_DATA or value != 0:
                return True
        elif number in _FIELDS[kind] and isinstance(value, memoryview):
            if _search(value, _FIELDS[kind][number], depth + 1):
                return True
    return False
