"""JSON Lines: a record on each line."""

import json
import math

import pytest

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


def test_what_json_does_not_have_is_never_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        text_of(JSON_LINES, record(LABEL, make_people(0)) | {"time": math.nan})


def test_pandas_and_polars_read_lines(tmp_path):
    """A row for each image, with its people in it."""
    path = tmp_path / "results.jsonl"
    path.write_text(text_of(JSON_LINES, *(record(LABEL, make_people(n)) for n in (2, 0))))
    expected = [[0.5, 0.5], []]
    table = pytest.importorskip("pandas").read_json(path, lines=True)
    assert [[one["score"] for one in people] for people in table["people"]] == expected
    table = pytest.importorskip("polars").read_ndjson(path)
    assert [[one["score"] for one in people] for people in table["people"].to_list()] == expected
