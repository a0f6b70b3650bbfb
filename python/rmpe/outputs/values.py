"""Checks of the values that a line of results holds, which may be anything at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import ResultsError

if TYPE_CHECKING:
    from ..skeletons import Skeleton

__all__ = [
    "are_numbers",
    "are_texts",
    "check",
    "check_keypoints",
    "is_text",
    "is_unicode",
    "numbers",
    "refuse",
    "shown",
    "whole",
]

_HALVES = re.compile("[\ud800-\udfff]")
# Largest float32: what `record` writes is never larger, and sums of a few are finite.
_MAX_NUMBER = 3.4028234663852886e38


def check(entry: dict[str, Any], key: str, rule: str, is_right: Callable[[Any], bool]) -> None:
    """Raise ResultsError unless an entry has a key with the right value."""
    if key not in entry:
        raise ResultsError(f"{key} is missing; it must be {rule}")
    if not is_right(entry[key]):
        raise ResultsError(f"{key} must be {rule}, got {shown(entry[key])}")


def check_keypoints(entry: dict[str, Any], skeleton: Skeleton) -> None:
    """Raise ResultsError unless the people of a record have the keypoints of a skeleton."""
    for person in entry["people"]:
        if len(person["keypoints"]) != len(skeleton):
            raise ResultsError(
                f"{entry['file']}: keypoints must be {len(skeleton)}, as {skeleton.name} has, "
                f"got {len(person['keypoints'])}"
            )


def shown(value: Any) -> str:
    """Show a value in a message."""
    if isinstance(value, (list, dict)):
        return f"a {'list' if isinstance(value, list) else 'JSON object'} of {len(value)}"
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def is_text(value: Any) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def is_unicode(value: Any) -> bool:
    """Whether a value is text that UTF-8 can hold: without half surrogates."""
    return isinstance(value, str) and (value.isascii() or not _HALVES.search(value))


def are_texts(values: Any) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(values, list) and all(map(is_text, values))


def whole(least: int, most: int) -> Callable[[Any], bool]:
    """Make a check of whole numbers."""
    return lambda value: type(value) is int and least <= value <= most


def numbers(count: int) -> Callable[[Any], bool]:
    """Make a check of lists of so many numbers."""
    return lambda values: isinstance(values, list) and len(values) == count and are_numbers(values)


def are_numbers(values: list[Any]) -> bool:
    """Whether all are numbers that float32 holds, or None."""
    # Whole lists at once: checking every number by itself would take longer than parsing.
    if not {*map(type, values)} <= {float, int, type(None)}:
        return False
    known = [value for value in values if value is not None]
    return not known or (-_MAX_NUMBER <= min(known) and max(known) <= _MAX_NUMBER)


def refuse(constant: str) -> NoReturn:
    """Refuse the constants that JSON does not have."""
    raise ValueError(constant)
