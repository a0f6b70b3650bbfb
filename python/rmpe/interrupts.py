"""Signals that ask a run to stop."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

__all__ = ["StopRequest", "stop_signals"]


def stop_signals() -> list[signal.Signals]:
    """List what asks a program to stop: SIGINT, SIGTERM, and SIGHUP, of a terminal that was closed.

    Those that whoever started it had it ignore, as nohup does with SIGHUP, are left out.
    """
    known = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


class StopRequest:
    """While active, the first of `stop_signals` is only noted; every further one interrupts.

    Python handles signals in the main thread and nowhere else, so elsewhere this does nothing.

    Attributes
    ----------
    signal : int or None
        The number of the signal that was noted.

    Examples
    --------
    >>> with StopRequest() as stop:
    ...     signal.raise_signal(signal.SIGTERM)
    ...     stop.signal == signal.SIGTERM
    True
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        active = threading.current_thread() is threading.main_thread()
        self._previous = {
            number: signal.signal(number, self._note) for number in stop_signals() if active
        }
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = int(number)
        # Not by print, which the signal may have interrupted.
        with suppress(OSError):
            os.write(2, b"stopping after this batch; once more stops at once\n")
