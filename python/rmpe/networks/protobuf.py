"""The wire format of protocol buffers, in which ONNX and TensorFlow keep networks.

A message is a list of fields, each with a number and a value: a whole number, bytes of a fixed
size, or bytes that say how many they are, which may be a message again.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["beginning", "read_fields", "whole_number"]

# How a value is written, and the bytes of one of a fixed size.
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
# Seven bits a byte: enough for 64.
_LONGEST = 10


def read_fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give the number and the value of each field of a message.

    Whole numbers are int, and all other values bytes.

    Raises
    ------
    ValueError
        Where the message is none, or is cut off.

    Examples
    --------
    >>> content = whole_number(3, 300) + beginning(4, 2) + b"ab"
    >>> [(number, value if number == 3 else bytes(value)) for number, value
    ...  in read_fields(memoryview(content))]
    [(3, 300), (4, b'ab')]
    """
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        if tag >= 1 << 32:  # Of which other readers take the lower bits.
            raise ValueError("it has the number of a field that is too large")
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _read_varint(message, place)
            yield number, value
            continue
        if kind == _BYTES:
            size, place = _read_varint(message, place)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"it has a field of the unknown wire type {kind}")
        if size > len(message) - place:
            raise ValueError("it ends within a field")
        yield number, message[place : place + size]
        place += size


def whole_number(field: int, value: int) -> bytes:
    """Write a field with a whole number, 0 or more."""
    return _varint(field << 3 | _VARINT) + _varint(value)


def beginning(field: int, size: int) -> bytes:
    """Write what stands before the bytes of a field, of which there are so many."""
    return _varint(field << 3 | _BYTES) + _varint(size)


def _read_varint(message: memoryview, place: int) -> tuple[int, int]:
    """Read a whole number, and the place behind it."""
    value = 0
    for count, byte in enumerate(message[place : place + _LONGEST]):
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value, place + count + 1
    raise ValueError("it has a number that does not end")


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth bit says that there are more."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
