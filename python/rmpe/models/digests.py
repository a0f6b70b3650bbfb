"""The SHA-256 of files whose source states none, or only its beginning.

The full one is written down beside the file after it was downloaded, as ``sha256sum`` writes it,
and the file is compared with it from then on.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..output_file import write_atomically

__all__ = ["read_record", "record_of", "write_record"]


def record_of(path: Path) -> Path:
    """Return the path of the file's record."""
    return path.with_name(f"{path.name}.sha256")


def write_record(path: Path, digest: str) -> None:
    """Write down what the SHA-256 of a file is.

    Raises
    ------
    OSError
        Where that cannot be written.
    """
    line = f"{digest}  {path.name}\n".encode()
    write_atomically(record_of(path), lambda file: file.write(line))


def read_record(path: Path) -> str | None:
    """Read what the SHA-256 of a file was when it was downloaded; None where nothing says so."""
    try:
        text = record_of(path).read_text()
    except (OSError, ValueError):
        return None
    match = re.match(r"[0-9a-f]{64}\b", text)
    return match[0] if match else None
