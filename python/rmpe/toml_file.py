"""Reading TOML files that may come from anywhere: any bytes are values, or one error."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports]

__all__ = ["TomlError", "parse_toml", "read_text", "toml_value"]

# Far more than a file for people needs, and little enough for any way of nesting to be parsed at
# once.
_MOST_BYTES = 64 << 10
# Of a key a.b.c, so many parts are too many: tomllib takes time and memory by their square.
_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*\.[ \t]*"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*(?:{_KEY_PART}){{100}}", re.MULTILINE)


class TomlError(ValueError):
    """A TOML file cannot be read; the message names it."""


def read_text(path: Path, what: str) -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    what : str
        The kind of file, for messages.

    Raises
    ------
    TomlError
        Where it cannot be read, is not a file, is larger than 64 KiB, or is not UTF-8.
    """
    try:
        # A pipe or a device would have to be waited for, or would never end.
        if path.exists() and not path.is_file():
            raise TomlError(f"cannot read the {what} {path}: it is not a file")
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TomlError(f"cannot read the {what} {path}: {error.strerror}") from None
    except ValueError as error:
        if isinstance(error, TomlError):
            raise
        # A NUL in the path.
        raise TomlError(f"cannot read the {what} {str(path)!r}: {error}") from None
    if len(content) > _MOST_BYTES:
        raise TomlError(f"the {what} {path} must be at most {_MOST_BYTES >> 10} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TomlError(f"the {what} {path} is not valid TOML: {error}") from None


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Parse the text of a TOML file.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.

    Raises
    ------
    TomlError
        Where it is not TOML.

    Examples
    --------
    >>> parse_toml("stride = 4", "net.toml")
    {'stride': 4}
    """
    if _LONG_KEY.search(text):
        raise TomlError(f"{name} is nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlError(f"{name} is nested too deeply") from None
    except ValueError as error:  # Also of numbers of thousands of digits.
        raise TomlError(f"{name} is not valid TOML: {error}") from None


def toml_value(value: str | float | list[Any]) -> str:
    """Write text, a finite number, or a list of these, as a TOML file has it.

    Examples
    --------
    >>> print(toml_value(["caf\u00e9", 'a "b"', "\x7f"]))
    ["café", "a \\"b\\"", "\\u007f"]
    """
    # JSON's, but that TOML has no DEL in text.
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")
