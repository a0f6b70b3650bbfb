"""What a file holds, told by its SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .output_file import check_is_file

__all__ = ["digest_of"]


def digest_of(path: Path) -> str:
    """Compute the SHA-256 of a file, in lower-case hexadecimal digits.

    Raises
    ------
    OSError
        Where it cannot be read.
    """
    check_is_file(path)
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
