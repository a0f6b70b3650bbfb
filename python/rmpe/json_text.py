"""JSON from anywhere: each key once in an object, and no more of it than memory holds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from .system_memory import free_memory

__all__ = ["JsonError", "memory_needed", "parse_json"]

# Less than this is parsed without asking how much memory is free.
_SMALL = 1 << 20


class JsonError(ValueError):
    """It is JSON, but an object has a key twice, or memory does not hold what it says."""


def parse_json(
    content: bytes,
    *,
    parse_constant: Callable[[str], object] | None = None,
    parse_float: Callable[[str], object] | None = None,
) -> Any:
    """Read one JSON value, as `json.loads` does.

    Parameters
    ----------
    content : bytes
        UTF-8, 16 or 32, with or without a byte order mark.
    parse_constant, parse_float : callable, optional
        As for `json.loads`.

    Raises
    ------
    JsonError
        An object has a key twice, so that one of the two values would be lost, or the values would
        take more memory than is free.
    ValueError, RecursionError
        It is not JSON, or nested too deeply.

    Examples
    --------
    >>> parse_json(b'{"id": 1, "id": 2}')
    Traceback (most recent call last):
    rmpe.json_text.JsonError: an object has the key 'id' twice; remove one of the two
    """
    if len(content) > _SMALL:
        needed, free = memory_needed(content), free_memory()
        if free is not None and needed > free:
            raise JsonError(
                f"its values would take about {needed >> 20} MiB of memory, and {free >> 20} MiB "
                "are free; divide the file, or free memory"
            )
    try:
        return json.loads(
            content,
            object_pairs_hook=_object,
            parse_constant=parse_constant,
            parse_float=parse_float,
        )
    except MemoryError:
        raise JsonError("memory does not hold its values; divide the file") from None


def memory_needed(content: bytes) -> int:
    """Estimate, rather too high than too low, the bytes that the values of JSON take.

    Lists and objects take most: an empty object is 2 bytes of JSON, and 88 as a value.

    Examples
    --------
    >>> memory_needed(b"[" + b"{}," * 1000 + b"{}]") > 88_000
    True
    """
    # The text, and the strings in it: one character beyond Unicode's first 65,536 makes all of
    # a string take 4 bytes each.
    wide = not content.isascii() or b"\\u" in content
    needed = len(content) * (8 if wide else 2)
    # In bytes of CPython: an object with some keys, a list of a few, a number and its place.
    objects = content.count(b"{")
    needed += 200 * objects + 100 * content.count(b"[") + 40 * content.count(b",")
    # Half a string. The keys of many small objects are the same few, those of a large one are not.
    large = content.count(b":") > 16 * objects
    return needed + (60 if large else 30) * content.count(b'"')


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        ((key, _),) = counts.most_common(1)
        raise JsonError(f"an object has the key {ascii(key)[:60]} twice; remove one of the two")
    return found
