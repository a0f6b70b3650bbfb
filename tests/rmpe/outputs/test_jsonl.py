"""JSON Lines: a record on each line."""

import json

from rmpe.outputs.jsonl import JSON_LINES
from rmpe.outputs.records import error_record, record

from .material import LABEL, make_people, text_of


def test_json_lines():
    entries = [record(LABEL, make_people(2)), record(LABEL, make_people(0))]
    entries.append(error_record(LABEL, "x.jpg: the file is empty"))
    lines = text_of(JSON_LINES, *entries).splitlines()
    assert [json.loads(line) for line in lines] == entries
    assert json.loads(lines[1])["people"] == []
    assert json.loads(lines[2])["error"] == "x.jpg: the file is empty"
