"""The progress bar of a command, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..progress import Progress

__all__ = ["progress_bar"]


def progress_bar(*, quiet: bool) -> Progress:
    """Make what shows how far the work has come, or, where quiet, nothing."""
    from tqdm import tqdm

    @contextmanager
    def progress(what: str, total: int | None) -> Iterator[Callable[[int], object]]:
        # None: a bar on a terminal only. Records are written in a moment, as a rule.
        silent = True if quiet else None
        delay = 2 if what == "record" else 0
        with tqdm(total=total, unit=what, disable=silent, delay=delay) as bar:
            yield bar.update

    return progress
