"""Identities for frames that come one by one, of which some may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parameters import TrackingParameters
from .tracker import LONGEST, TrackerState, track

if TYPE_CHECKING:
    from ..people import People

__all__ = ["FrameTracking"]


class FrameTracking:
    """Gives the people of one frame after the other their identities.

    Parameters
    ----------
    parameters : TrackingParameters
        How people are associated.
    """

    def __init__(self, parameters: TrackingParameters) -> None:
        self._parameters = parameters
        self._state: TrackerState | None = None
        self._last = -1

    def __call__(self, people: People, number: int) -> People:
        """Track the people of the next frame; numbers that were left out are time that passed."""
        elapsed = min(float(number - self._last), LONGEST)
        self._state, tracked = track(self._state, people, self._parameters, elapsed=elapsed)
        self._last = number
        return tracked
