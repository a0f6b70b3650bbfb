"""The settings of two runs, compared: one may go on with another's results only with the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["content_of", "differences"]

_MARK = ": "


def content_of(option: str, part: str) -> str:
    """Name the setting that tells what a file holds which an option leads to.

    Examples
    --------
    >>> content_of("pose", "card")
    'pose: card'
    """
    return f"{option}{_MARK}{part}"


def differences(before: Mapping[str, Any], now: Mapping[str, Any], dashes: str = "") -> list[str]:
    """Tell in which settings a run differs from an earlier one, for people.

    Parameters
    ----------
    before, now : mapping
        By name. Runs of early versions did not note what files hold (`content_of`): where the
        earlier one did not, that is no difference.
    dashes : str
        What comes before each name.

    Examples
    --------
    >>> differences({"flip": False}, {"flip": True, "pose: card": "net.toml, SHA-256 9f86d0"}, "--")
    ['--flip was False, now True']
    """
    return [
        f"{dashes}{name} was {before.get(name)}, now {value}"
        for name, value in now.items()
        if before.get(name) != value and not (_MARK in name and name not in before)
    ]
