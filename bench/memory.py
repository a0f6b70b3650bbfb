"""What freed memory costs to take again, kept out of the measurements."""

from __future__ import annotations

import ctypes

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of mallopt, in glibc


def keep_freed_memory() -> None:
    """Tell glibc to give no memory back to the system, for the ops and their baselines alike.

    It gives back, or not, what lies at the end of its heap: by what else the process happens to
    hold, a call that makes 19 MB of crops takes 1 ms, or 8 ms with the pages it touches anew. A
    program that goes from batch to batch takes the same memory again and again.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # else another C library
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, -1)
