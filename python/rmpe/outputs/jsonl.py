"""JSON Lines: the record of each image on a line of its own, also of images without people."""

from __future__ import annotations

import json

from .files import ResultWriter
from .records import Record


class JSONLinesWriter(ResultWriter):
    """One line for each image: its record, as `record` and `error_record` describe it."""

    file_name = "results.jsonl"

    def append(self, entry: Record) -> None:
        self._file.write(json.dumps(entry, allow_nan=False) + "\n")
