"""Frozen graphs of TensorFlow, written byte by byte as its .proto files say."""

import numpy as np

FLOAT, INT32, HALF = 1, 3, 19


def varint(value):
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def number(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def shape_of(sizes):
    return b"".join(chunk(2, number(1, size)) for size in sizes)


def tensor(values, how="content", sizes=None, dtype=FLOAT):
    """A TensorProto: its values as bytes, as floats one after the other, or as single floats."""
    values = np.asarray(values)
    raw = values.astype("<f4").tobytes() if dtype == FLOAT else values.tobytes()
    head = number(1, dtype) + chunk(2, shape_of(values.shape if sizes is None else sizes))
    if how == "content":
        return head + chunk(4, raw)
    if how == "floats":
        return head + chunk(5, raw)
    single = [raw[place : place + 4] for place in range(0, len(raw), 4)]
    return head + b"".join(varint(5 << 3 | 5) + four for four in single)


def attribute(key, value):
    return chunk(5, chunk(1, key) + chunk(2, value))


def constant(name, content, dtype=FLOAT):
    parts = [attribute("dtype", number(6, dtype)), attribute("value", chunk(8, content))]
    return chunk(1, chunk(1, name) + chunk(2, "Const") + b"".join(parts))


def operation(name, kind, *inputs):
    given = b"".join(chunk(3, one) for one in inputs)
    return chunk(1, chunk(1, name) + chunk(2, kind) + given)
