"""How far a long piece of work has come, for those who show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

__all__ = ["Progress", "no_progress"]

# Called with what is counted, and how much there is of it, None where nobody knows; gives what
# takes the counts.
Progress = Callable[[str, int | None], AbstractContextManager[Callable[[int], object]]]


@contextmanager
def no_progress(what: str, total: int | None) -> Iterator[Callable[[int], object]]:
    """Show nothing."""
    yield lambda count: None
