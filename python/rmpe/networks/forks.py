"""What a forked process does with the networks that it inherits.

It has one thread, the one that forked. The threads of torch and onnxruntime do not exist in it, and
whoever hands them work, or frees what they belong to, waits forever.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any

import torch

__all__ = ["leave_to_the_parent"]

_SESSIONS: weakref.WeakSet[Any] = weakref.WeakSet()


def leave_to_the_parent(session: Any) -> None:
    """See to it that a process that is forked from this one never frees a session."""
    _SESSIONS.add(session)


def _after_fork_in_child() -> None:
    # As the workers of torch's DataLoader do.
    torch.set_num_threads(1)
    for session in _SESSIONS:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
    _SESSIONS.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)
