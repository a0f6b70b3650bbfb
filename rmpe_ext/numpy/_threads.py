"""The number of threads that the ops use."""

from __future__ import annotations

import os

from ..processors import usable_processors
from ..validation.checks import TYPES, check_type, show
from ._library import library

__all__ = ["get_num_threads", "set_num_threads"]

_VARIABLE = "RMPE_EXT_NUM_THREADS"
_MOST = 1024


def get_num_threads() -> int:
    """Return the largest number of threads that an op uses, the caller's included.

    Returns
    -------
    int
        Default: ``RMPE_EXT_NUM_THREADS`` of the environment, or else the number of processors that
        this process may run on, or fewer where a control group, such as a container's, limits its
        time: `rmpe_ext.processors.usable_processors`.

    Examples
    --------
    >>> import rmpe_ext.numpy
    >>> rmpe_ext.numpy.get_num_threads() >= 1
    True
    """
    return library.get_num_threads()


def set_num_threads(count: int) -> None:
    """Set the largest number of threads that an op uses, for the whole process.

    Results do not depend on it. Threads start when a call has enough for them to do, and sleep
    between calls. Beside a runtime that keeps all processors busy, fewer may be faster.

    Parameters
    ----------
    count : int
        1 to 1024; 1 leaves all work to the calling thread.

    Raises
    ------
    TypeError, ValueError
        If ``count`` is not a whole number, or out of range.

    Examples
    --------
    >>> import rmpe_ext.numpy
    >>> before = rmpe_ext.numpy.get_num_threads()
    >>> rmpe_ext.numpy.set_num_threads(3)
    >>> rmpe_ext.numpy.get_num_threads()
    3
    >>> rmpe_ext.numpy.set_num_threads(before)
    """
    check_type(TYPES, "count", count, "int")
    if not 1 <= count <= _MOST:
        raise ValueError(f"count must be in 1..{_MOST}, got {show(count)}")
    library.set_num_threads(int(count))


def _default() -> int:
    text = os.environ.get(_VARIABLE)
    if text is None:
        return min(usable_processors(), _MOST)
    # The length first: Python refuses to convert thousands of digits.
    if not (text.isdecimal() and len(text) <= len(str(_MOST)) and 1 <= int(text) <= _MOST):
        raise ValueError(f"{_VARIABLE} must be a whole number in 1..{_MOST}, got {show(text)}")
    return int(text)


set_num_threads(_default())
