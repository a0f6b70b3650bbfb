"""A line of the journal of ``rmpe label``: any bytes are a value, or one error."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ..outputs.errors import ResultsError
from ..outputs.labels import is_path

__all__ = ["SETTINGS", "LabelRecord", "parse_record", "parse_settings", "to_line"]

LabelRecord = dict[str, Any]

# The key of the settings, in the first line.
SETTINGS = "rmpe label"
_MAX_SIDE = 2**31 - 1
_PERSON = ("category_id", "iscrowd", "bbox", "area", "keypoints", "num_keypoints")


def to_line(value: Mapping[str, Any]) -> bytes:
    """Write an object as a line of JSON."""
    return json.dumps(value).encode() + b"\n"


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise ResultsError("it must be a JSON object") from None
    if not isinstance(value, dict):
        raise ResultsError("it must be a JSON object")
    return value


def parse_settings(line: bytes) -> dict[str, Any]:
    """Read the first line: the settings of the run.

    Raises
    ------
    ResultsError
        It is any other line.
    """
    settings = _parse(line).get(SETTINGS)
    if not isinstance(settings, dict):
        raise ResultsError(f"{SETTINGS!r} must be an object, the settings of the run")
    return settings


def parse_record(line: bytes) -> LabelRecord:
    """Read a line that holds the people of a photograph.

    Raises
    ------
    ResultsError
        It is any other line; the message names the field and the rule.

    Examples
    --------
    >>> parse_record(b'{"file_name": "0.png", "height": 6, "width": 8, "people": []}')["width"]
    8
    """
    record = _parse(line)
    if record.keys() != {"file_name", "height", "width", "people"}:
        raise ResultsError("its keys must be file_name, height, width and people")
    if not is_path(record["file_name"]):
        raise ResultsError("file_name must be the path of a photograph")
    for side in ("height", "width"):
        if type(record[side]) is not int or not 1 <= record[side] <= _MAX_SIDE:
            raise ResultsError(f"{side} must be a whole number from 1 to {_MAX_SIDE}")
    people = record["people"]
    if not isinstance(people, list) or not all(map(_is_person, people)):
        raise ResultsError(f"people must be a list of objects with finite {', '.join(_PERSON)}")
    return record


def _is_person(person: Any) -> bool:
    return (
        isinstance(person, dict)
        and person.keys() == {*_PERSON}
        and _is_number(person["area"])
        and all(type(person[name]) is int for name in ("category_id", "iscrowd", "num_keypoints"))
        and all(
            isinstance(person[name], list) and all(map(_is_number, person[name]))
            for name in ("bbox", "keypoints")
        )
        and len(person["bbox"]) == 4
        and len(person["keypoints"]) % 3 == 0
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= 1e300 and math.isfinite(value)
