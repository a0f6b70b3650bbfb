"""What the numbers of a configuration must be beyond their type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

__all__ = ["Count", "Fraction", "NotNegative", "NotNegativeCount", "Positive", "Rule"]


@dataclass(frozen=True)
class Rule:
    """A condition, and how a message words it."""

    words: str
    holds: Callable[[float], bool]


_POSITIVE = Rule("above 0", lambda value: value > 0)
_NOT_NEGATIVE = Rule("at least 0", lambda value: value >= 0)

Count = Annotated[int, _POSITIVE]
NotNegativeCount = Annotated[int, _NOT_NEGATIVE]
Positive = Annotated[float, _POSITIVE]
NotNegative = Annotated[float, _NOT_NEGATIVE]
Fraction = Annotated[float, Rule("in 0..1", lambda value: 0 <= value <= 1)]
