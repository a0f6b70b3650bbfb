"""Reading the tables of a model card: every value is checked, and no key is left unread."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .errors import ModelError

__all__ = ["Table", "is_integer", "is_number"]


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
    >>> table = Table(Path("my.toml"), "decode.", {"stride": 0})
    >>> table.integer("stride", least=1)
    Traceback (most recent call last):
    rmpe.errors.ModelError: my.toml: decode.stride must be a whole number, at least 1, got 0
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
            raise ModelError(f"{self.path}: {self.name}{key} must be {rule}, got {value!r}")
        return value

    def table(self, key: str) -> Table:
        """Hand out a table inside this one."""
        values = self.take(key, "a table", lambda value: isinstance(value, dict))
        self._children.append(Table(self.path, f"{self.name}{key}.", values))
        return self._children[-1]

    def finish(self) -> None:
        """Raise where a key was left over, here or below."""
        for key in self._values:
            raise ModelError(f"{self.path}: {self.name}{key} is not a key of this kind of card")
        for child in self._children:
            child.finish()

    def text(self, key: str) -> str:
        """Hand out text that is not blank."""
        return self.take(key, "text", lambda value: isinstance(value, str) and value.strip() != "")

    def choice(self, key: str, allowed: tuple[str, ...] | Mapping[str, Any]) -> str:
        """Hand out one of the ``allowed`` names."""
        return self.take(
            key,
            f"one of {', '.join(allowed)}",
            lambda value: isinstance(value, str) and value in allowed,
        )

    def integer(self, key: str, least: int) -> int:
        """Hand out a whole number of ``least`` or more."""
        return self.take(
            key, f"a whole number, at least {least}", lambda value: is_integer(value, least)
        )

    def number(self, key: str, rule: str, valid: Callable[[float], bool]) -> float:
        """Hand out a finite number."""
        return float(self.take(key, rule, lambda value: is_number(value) and valid(value)))

    def numbers(
        self, key: str, count: int, rule: str = "", valid: Callable[[float], bool] = lambda _: True
    ) -> tuple[float, ...]:
        """Hand out ``count`` finite numbers."""
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


def is_integer(value: Any, least: int) -> bool:
    """Whether a value is a whole number of ``least`` or more; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_number(value: Any) -> bool:
    """Whether a value is a finite number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
