"""Batches made ahead by threads while the network trains."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["prefetch"]

T = TypeVar("T")


def prefetch(
    make: Callable[[int], T], steps: Iterable[int], *, workers: int, ahead: int
) -> Iterator[T]:
    """Yield ``make(step)`` for each step in order, made ahead by threads.

    Parameters
    ----------
    make : callable
    steps : iterable of int
    workers : int
        Threads; the ops that they call let go of Python's lock.
    ahead : int
        Most results that wait.

    Raises
    ------
    Exception
        What ``make`` raised, at its turn.
    """
    waiting: deque[Future[T]] = deque()
    remaining = iter(steps)
    with ThreadPoolExecutor(workers, thread_name_prefix="batches") as pool:
        try:
            for step in remaining:
                waiting.append(pool.submit(make, step))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
