"""Many things named in a message that stays short."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["listed"]


def listed(things: Iterable[object], most: int = 8) -> str:
    """Name things, separated by commas; of more than `most` the first ones, and how many there are.

    Examples
    --------
    >>> listed(("nose", "neck")), listed(range(133), most=4)
    ('nose, neck', '0, 1, 2, 3, ... (133 in all)')
    """
    names = [str(thing) for thing in things]
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])}, ... ({len(names)} in all)"
