"""How many threads the ops use."""

from __future__ import annotations

import operator
import os

from ._library import library

__all__ = ["get_num_threads", "set_num_threads"]

_VARIABLE = "RMPE_EXT_NUM_THREADS"


def get_num_threads() -> int:
    """How many threads an op uses at most, the caller's included.

    Returns
    -------
    int
        At first ``RMPE_EXT_NUM_THREADS`` of the environment, or else the number of processors that
        this process may run on.

    Examples
    --------
    >>> import rmpe_ext.numpy
    >>> rmpe_ext.numpy.get_num_threads() >= 1
    True
    """
    return library.get_num_threads()


def set_num_threads(count: int) -> None:
    """Set how many threads an op uses at most, for the whole process.

    Results do not depend on it. Threads start when a call has enough for them to do, and sleep
    between calls. Beside a runtime that keeps all processors busy, fewer may be faster.

    Parameters
    ----------
    count : int
        At least 1, which leaves all work to the calling thread.

    Raises
    ------
    TypeError, ValueError
        If ``count`` is no whole number, or less than 1.

    Examples
    --------
    >>> import rmpe_ext.numpy
    >>> before = rmpe_ext.numpy.get_num_threads()
    >>> rmpe_ext.numpy.set_num_threads(3)
    >>> rmpe_ext.numpy.get_num_threads()
    3
    >>> rmpe_ext.numpy.set_num_threads(before)
    """
    try:
        threads = operator.index(count)
    except TypeError as error:
        raise TypeError(f"count must be a whole number, got {count!r}") from error
    if threads < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    library.set_num_threads(threads)


def _threads_at_first() -> int:
    text = os.environ.get(_VARIABLE)
    if text is None:
        return len(os.sched_getaffinity(0))
    if not (text.isdecimal() and int(text) >= 1):
        raise ValueError(f"{_VARIABLE} must be a whole number of at least 1, got {text!r}")
    return int(text)


set_num_threads(_threads_at_first())
