"""Which photograph a record is of: a picture of its people is made of no other."""

from __future__ import annotations

from pathlib import Path

from ..digest import digest_of
from .records import Record

__all__ = ["change_since", "with_digest"]

# The field of a record that holds the SHA-256 of the photograph's file.
_FIELD = "sha256"


def with_digest(entry: Record, digest: str) -> Record:
    """Note in a record what the SHA-256 of its photograph is."""
    return {**entry, _FIELD: digest}


def change_since(entry: Record, file: Path) -> Exception | None:
    """Tell why no pictures can be made of a photograph: it is not what it was.

    None where it is, and where an early record does not say what it was.
    """
    if _FIELD not in entry:
        return None
    try:
        if digest_of(file) == entry[_FIELD]:
            return None
    except OSError as error:
        return error
    return ValueError(
        "the photograph was changed since its people were found; without its line in "
        "results.jsonl, it is done again"
    )
