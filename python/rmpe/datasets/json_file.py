"""JSON from a file: any bytes become a value or a `DatasetError`."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from ..json_text import JsonError, parse_json
from ..system_memory import free_memory
from .dataset import DatasetError

__all__ = ["read_json"]

# What a file may hold, unpacked. COCO's largest keypoint annotations are half as large.
_MOST_BYTES = 1 << 30


def read_json(file: Path) -> object:
    """Read a JSON file in UTF-8, 16 or 32, with or without a byte order mark, also gzipped.

    Raises
    ------
    DatasetError
        The file cannot be read, or does not hold one JSON value, or one that memory cannot hold,
        or one with an object that has a key twice.
    """
    free = free_memory()
    # While it is unpacked, parts and the whole are there.
    most = _MOST_BYTES if free is None else min(_MOST_BYTES, free // 4)
    try:
        # A pipe or a device would have to be waited for, or would never end.
        if file.exists() and not (file.is_file() or file.is_dir()):
            raise ValueError("it is not a file")
        with file.open("rb") as stream:
            content = stream.read(most + 1)
        if content.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
                content = unpacked.read(most + 1)
        if len(content) > most:
            memory = "" if most == _MOST_BYTES else ", a fourth of the free memory"
            raise ValueError(f"it must hold at most {most} bytes{memory}, when unpacked")
    except MemoryError:
        raise DatasetError(f"{file} cannot be read: memory does not hold its bytes") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DatasetError(f"{file} cannot be read: {reason}") from None
    try:
        value: object = parse_json(content)
    except JsonError as error:
        raise DatasetError(f"{file} cannot be read: {error}") from None
    # Lists in lists in lists end in a RecursionError.
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{file} is not a JSON file: {error}") from None
    return value
