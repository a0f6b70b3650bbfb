"""Signals that ask a run to stop."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType

__all__ = ["StopRequest"]


class StopRequest:
    """While active, the first SIGINT or SIGTERM is only noted; every further one interrupts.

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

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.signal: int | None = None

    def __enter__(self) -> StopRequest:
        self._active = threading.current_thread() is threading.main_thread()
        if self._active:
            self._previous = [signal.signal(number, self._note) for number in self._SIGNALS]
        return self

    def __exit__(self, *exception: object) -> None:
        if self._active:
            for number, handler in zip(self._SIGNALS, self._previous, strict=True):
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = int(number)
        # Not by print, which the signal may have interrupted.
        with suppress(OSError):
            os.write(2, b"stopping after this batch; once more stops at once\n")
