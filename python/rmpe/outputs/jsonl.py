"""JSON Lines: the record of each image on a line of its own, also of images without people.

What is not finite is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from .records import Record
from .text_format import TextFormat


def _line(record: Record) -> Iterator[str]:
    yield json.dumps(record, allow_nan=False) + "\n"


JSON_LINES = TextFormat(
    "results.jsonl",
    _line,
    summary="one line for each image, also without people, or with the error for which it was "
    "skipped; --resume needs it",
)
