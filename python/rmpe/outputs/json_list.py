"""Results as one JSON list, which grows on the disk and not in memory."""

from __future__ import annotations

import json

from .files import ResultWriter
from .records import Record


class JSONListWriter(ResultWriter):
    """A JSON list, one item on each line; written as it grows, so memory does not."""

    _OPENING, _CLOSING = "[", "\n]\n"

    def _start(self) -> None:
        self._file.write(self._OPENING)
        self._separator = "\n"

    def _add(self, item: Record) -> None:
        self._file.write(self._separator + json.dumps(item, allow_nan=False))
        self._separator = ",\n"

    def _finish(self) -> None:
        self._file.write(self._CLOSING)


def flat_keypoints(person: Record) -> list[float]:
    flat: list[float] = []
    for (x, y), score in zip(person["keypoints"], person["keypoint_scores"], strict=True):
        flat += (0.0, 0.0, 0.0) if None in (x, y, score) else (x, y, score)
    return flat
