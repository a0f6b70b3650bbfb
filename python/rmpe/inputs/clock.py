"""When frames are shown that come over connections, of which each may begin anew."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["Clock"]


class Clock:
    """Tells the time of each frame of a source, over all connections to it.

    A file begins anew with each connection, and what came of it before does not count again. A
    stream goes on, after the time for which it was away.

    Examples
    --------
    >>> clock = Clock()
    >>> clock.connect(Fraction(1, 25), is_file=True)
    >>> clock.time(100, now=7.0), clock.time(101, now=7.3)
    (0.0, 0.04)
    """

    def __init__(self) -> None:
        self._unit: Fraction | None = None
        self._is_file = False
        self._known: int | None = None  # The last stamp of earlier connections.
        self._last: int | None = None
        self._base: tuple[int, float] | None = None  # A stamp, and its time.
        self._started: float | None = None
        self._shown = 0.0

    def connect(self, unit: Fraction | None, *, is_file: bool) -> None:
        """Begin with a connection, whose stamps are in units of so many seconds; None: in none."""
        self._unit, self._is_file = unit, is_file
        self._known = self._last if is_file else None
        if not is_file:
            self._base = None

    def had(self, stamp: int | None) -> bool:
        """Tell whether a frame came in an earlier connection."""
        return stamp is not None and self._known is not None and stamp <= self._known

    def time(self, stamp: int | None, now: float) -> float | None:
        """Give the seconds from the first frame to one that came now.

        By its stamp; without any, when it came, or None for a file, which comes as fast as it can.
        """
        self._started = now if self._started is None else self._started
        came, last = now - self._started, self._last
        self._last = stamp if stamp is not None else last
        if self._unit is None:
            self._shown = came
            return None if self._is_file else came
        if stamp is None:
            return self._shown
        if self._base is None:
            self._base = stamp, self._shown if self._is_file else max(came, self._shown)
        elif last is not None and stamp < last:
            # Sent in a loop, as recordings are: for those who watch, it goes on.
            self._base = stamp, self._shown
        first, since = self._base
        self._shown = since + float((stamp - first) * self._unit)
        return self._shown
