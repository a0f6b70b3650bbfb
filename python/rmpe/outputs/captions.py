"""The texts of a drawing, which keep clear of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .lettering import Area, label_area, write_label

__all__ = ["Captions"]

Array = np.ndarray[Any, np.dtype[Any]]

# Of the ground of a text, in pixels: smaller ones cannot be read.
_LEAST_HEIGHT = 12
# Of a person: tried one under the other, before they are written over each other.
_LINES = 5
# Parts of a person's size that texts are high, of the person and of their joints.
_PERSON, _JOINT = 1 / 14, 1 / 30
# Names of joints that were higher than this part would cover the person.
_MOST_JOINT = 1 / 15


class Captions:
    """Writes on a picture, and knows where it has written.

    Parameters
    ----------
    canvas : numpy.ndarray
        (H, W, 3) uint8, RGB; drawn on.
    """

    def __init__(self, canvas: Array) -> None:
        self._canvas = canvas
        self._taken: list[Area] = []

    def write_person(self, text: str, corner: Array, size: float) -> None:
        """Write what a person is called above the corner of their box, or beside that.

        ``corner`` is x, y of the upper left one, ``size`` the person's, all in pixels.
        """
        height = max(size * _PERSON, _LEAST_HEIGHT)
        x, y = corner[:2]
        _, _, rows, columns = label_area(self._canvas, text, (x, y), height)
        # Down along the edge, and beside that.
        places = [
            (x + column * (columns + 2), y + line * (rows + 2))
            for column in range(2)
            for line in range(_LINES)
        ]
        self._write(text, self._free(text, places, height) or places[0], height)

    def write_joint(self, name: str, place: Array, size: float) -> None:
        """Write the name of a joint at its side, unless there is no room for it.

        ``place`` is x, y of the joint, ``size`` the person's, all in pixels.
        """
        height = max(size * _JOINT, _LEAST_HEIGHT)
        if height > size * _MOST_JOINT:
            return
        x, y = place
        _, _, rows, columns = label_area(self._canvas, name, (x, y), height)
        gap = height / 2
        places = [
            (x + gap, y + rows / 2),
            (x - gap - columns, y + rows / 2),
            (x - columns / 2, y - gap),
            (x - columns / 2, y + gap + rows),
        ]
        # Moved into the picture, a name would cover its joint.
        across, down = self._canvas.shape[1] - columns, self._canvas.shape[0]
        places = [(x, y) for x, y in places if 0 <= x <= across and rows <= y <= down]
        free = self._free(name, places, height)
        if free is not None:
            self._write(name, free, height)

    def _free(
        self, text: str, places: Sequence[tuple[float, float]], height: float
    ) -> tuple[float, float] | None:
        """Choose the first place where nothing is written."""
        left, top, rows, columns = np.array(self._taken, int).reshape(-1, 4).T
        for place in places:
            x, y, high, wide = label_area(self._canvas, text, place, height)
            apart = (x >= left + columns) | (left >= x + wide)
            apart |= (y >= top + rows) | (top >= y + high)
            if apart.all():
                return place
        return None

    def _write(self, text: str, place: tuple[float, float], height: float) -> None:
        self._taken.append(label_area(self._canvas, text, place, height))
        write_label(self._canvas, text, place, height)
