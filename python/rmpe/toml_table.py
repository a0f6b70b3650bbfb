"""Reading the tables of a TOML file: every value is checked, and no key is left unread."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from .errors import ModelError
from .toml_file import TomlError, parse_toml, read_text

__all__ = ["Table", "is_fraction", "is_integer", "is_number", "plain", "read_toml", "show"]

# Larger numbers do not keep their digits in float32, in which networks compute.
_LARGEST = 1e9
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")


_Name = TypeVar("_Name", bound=str)


class Table:
    """One table of a card: hands out values that keep the rules, and knows which were asked for.

    Parameters
    ----------
    path : Path
        The card, for messages.
    name : str
        Of the table, with a dot behind, for messages; ``""`` for the card itself.
    values : dict
        What the table holds.

    Examples
    --------
    >>> table = Table(Path("my.toml"), "heatmap.", {"stride": 0})
    >>> table.integer("stride", least=1, most=64)
    Traceback (most recent call last):
    rmpe.errors.ModelError: my.toml: heatmap.stride must be a whole number, 1 to 64, got 0
    """

    def __init__(self, path: Path, name: str, values: dict[str, Any]) -> None:
        self.path, self.name = path, name
        self._values = dict(values)
        self._children: list[Table] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def take(self, key: str, rule: str, valid: Callable[[Any], bool]) -> Any:
        """Hand out a value; raise ModelError where it is missing or not ``valid``."""
        if key not in self._values:
            raise ModelError(f"{self.path}: {self.name}{key} is missing; it must be {rule}")
        value = self._values.pop(key)
        if not valid(value):
            raise ModelError(f"{self.path}: {self.name}{key} must be {rule}, got {show(value)}")
        return value

    def table(self, key: str) -> Table:
        """Hand out a table inside this one."""
        values = self.take(key, "a table", lambda value: isinstance(value, dict))
        self._children.append(Table(self.path, f"{self.name}{key}.", values))
        return self._children[-1]

    def finish(self) -> None:
        """Raise where a key was left over, here or below."""
        for key in self._values:
            raise ModelError(
                f"{self.path}: {self.name}{plain(key)} is not a key of this kind of card"
            )
        for child in self._children:
            child.finish()

    def text(self, key: str) -> str:
        """Hand out a line of text that is not blank."""
        value: str = self.take(
            key,
            "a line of text",
            lambda value: isinstance(value, str) and value.isprintable() and value.strip() != "",
        )
        return value

    def choice(self, key: str, allowed: Collection[_Name]) -> _Name:
        """Hand out one of the ``allowed`` names, which may be the keys of a mapping."""
        value: _Name = self.take(
            key,
            f"one of {', '.join(allowed)}",
            lambda value: isinstance(value, str) and value in allowed,
        )
        return value

    def integer(self, key: str, least: int, most: int) -> int:
        """Hand out a whole number within limits."""
        value: int = self.take(
            key, f"a whole number, {least} to {most}", lambda value: is_integer(value, least, most)
        )
        return value

    def number(self, key: str, rule: str, valid: Callable[[float], bool]) -> float:
        """Hand out a number."""
        return float(self.take(key, rule, lambda value: is_number(value) and valid(value)))

    def numbers(
        self, key: str, count: int, rule: str = "", valid: Callable[[float], bool] = lambda _: True
    ) -> tuple[float, ...]:
        """Hand out ``count`` numbers."""
        values = self.take(
            key,
            f"{count} numbers{rule}",
            lambda value: (
                isinstance(value, list)
                and len(value) == count
                and all(is_number(v) and valid(v) for v in value)
            ),
        )
        return tuple(float(value) for value in values)


def is_integer(value: Any, least: int, most: int) -> bool:
    """Whether a value is a whole number within limits; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_number(value: Any) -> bool:
    """Whether a value is a number between -1e9 and 1e9; NaN, true and false are none."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and -_LARGEST <= value <= _LARGEST
    )


def is_fraction(value: float) -> bool:
    """Whether a number is in 0..1."""
    return 0 <= value <= 1


def read_toml(path: Path) -> Table:
    """Read the TOML file of a card, whatever its bytes are.

    Raises
    ------
    ModelError
        Where it cannot be read, is larger than 64 KiB, or is not TOML.
    """
    try:
        text = read_text(path, "model card")
        return Table(path, "", parse_toml(text, f"the model card {path}"))
    except TomlError as error:
        raise ModelError(str(error)) from None


def plain(name: str) -> str:
    """A name for a message: as it is where it could be a key without quotes."""
    return name if _BARE_KEY.fullmatch(name) else show(name)


def show(value: Any) -> str:
    """A value for a message: its beginning, on one line."""
    shown = reprlib.Repr()
    shown.maxstring = shown.maxother = 100
    try:
        return shown.repr(value)
    except ValueError:  # Python turns no more than some thousand digits into decimals.
        return "a number of thousands of digits"
