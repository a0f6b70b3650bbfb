"""Reading what a model card says of its files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..toml_table import Table, show
from .addresses import ADDRESS_RULE, is_safe_address, sibling
from .card import ModelFile
from .places import shelf_of

__all__ = ["Source", "check_file_name", "read_file"]

# Of a file, in bytes, on common file systems.
_LONGEST_NAME = 255
_MOST_BYTES = 8 << 30
_MOST_URLS = 8
_NAME_RULE = "the name of a file, without a folder, of letters, digits, and after the first . _ + -"


@dataclass(frozen=True)
class Source:
    """Where a card is from.

    Attributes
    ----------
    folder
        Of the card.
    address
        Where it was given by that.
    named
        Whether it is one of `rmpe.known_cards`.
    beside
        Folder of the network's file, where the card was given by that; other files of the card may
        lie there, too.
    """

    folder: Path
    address: str | None = None
    named: bool = False
    beside: Path | None = None

    def folder_of(self, name: str) -> Path:
        """Return the folder in which a file of the card is looked for first."""
        # Unlike Path.is_file, os.path.isfile takes names that are too long.
        if self.beside is not None and os.path.isfile(self.beside / name):
            return self.beside
        return self.folder

    def shelf(self, urls: tuple[str, ...]) -> str:
        """Return the shelf of a file of the card; see `rmpe.models.card.ModelFile`."""
        if self.named or not urls:
            return ""
        if self.address is not None:
            return shelf_of("cards", self.address)
        return shelf_of("networks", *urls)


def check_file_name(path: Path) -> None:
    """Raise ModelError unless a card can name a file.

    Examples
    --------
    >>> check_file_name(Path("networks/net (1).onnx"))
    Traceback (most recent call last):
    rmpe.errors.ModelError: the file must have a name that a card can hold, the name of a file,
    without a folder, of letters, digits, and after the first . _ + -; got 'net (1).onnx'
    """
    if not _is_file_name(path.name):
        raise ModelError(
            f"the file must have a name that a card can hold, {_NAME_RULE}; got {show(path.name)}"
        )


def _is_file_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and re.fullmatch(r"\w[\w.+-]*", value) is not None
        and len(os.fsencode(value)) <= _LONGEST_NAME
    )


def read_file(table: Table, origin: str, source: Source) -> ModelFile:
    """Read one file of a card: its name, its SHA-256, and where it comes from.

    Raises
    ------
    rmpe.ModelError
        For a key that is missing or has a wrong value.
    """
    # A card may come from anywhere, so it must not reach out of the folders that are searched.
    name = table.take("file", _NAME_RULE, _is_file_name)
    sha256 = ""
    if "sha256" in table:
        sha256 = table.take(
            "sha256",
            "8 to 64 lower-case hexadecimal digits",
            lambda value: (
                isinstance(value, str) and re.fullmatch("[0-9a-f]{8,64}", value) is not None
            ),
        )
    urls: tuple[str, ...] = ()
    if "url" in table:
        urls = _read_urls(table, sha256)
    elif source.address is not None:
        urls = (sibling(source.address, name),)
    size = table.integer("bytes", 1, _MOST_BYTES) if "bytes" in table else None
    return ModelFile(name, sha256, origin, urls, source.folder_of(name), size, source.shelf(urls))


def _read_urls(table: Table, sha256: str) -> tuple[str, ...]:
    # What comes by http may have been changed on the way, and a few digits can be matched.
    plain = ("http://",) if len(sha256) == 64 else ()

    def valid(value: Any) -> bool:
        values = value if isinstance(value, list) else [value]
        return 1 <= len(values) <= _MOST_URLS and all(
            isinstance(one, str)
            and one.isprintable()
            and (is_safe_address(one) or one.startswith(plain))
            for one in values
        )

    value = table.take(
        "url",
        f"{ADDRESS_RULE}, or, where sha256 has all 64 digits, http://..., or a list of up to "
        f"{_MOST_URLS} of these, to be tried in order",
        valid,
    )
    return tuple(value) if isinstance(value, list) else (value,)
