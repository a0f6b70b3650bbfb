"""``run.json``: any bytes are read or refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmpe.outputs.errors import ResultsError
from rmpe.outputs.run_file import RunFile, parse_run_file

from ...fuzz import fuzz

RUN = RunFile("1.2", {"nms": None, "flip": True, "threshold": 0.25}, "cpu", ("jsonl",), "/home/me")


def test_what_is_written_is_read_back():
    assert parse_run_file(RUN.to_bytes()) == RUN


def test_files_of_earlier_versions_are_read():
    found = parse_run_file(b'{"rmpe": "0.1", "settings": {"flip": false}, "device": "auto"}')
    assert found == RunFile("0.1", {"flip": False}, "auto", (), "")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "must be a JSON object"),
        (b"\xff", "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b"[" * 100_000, "must be a JSON object"),
        (b"1" * 5000, "must be a JSON object"),
        (b'{"settings": {"flip": true, "flip": false}}', "an object has the key 'flip' twice"),
        (b"{}", "settings must be a JSON object of text"),
        (b'{"settings": []}', "settings must be a JSON object of text"),
        (b'{"settings": {"flip": [1]}}', "settings must be a JSON object of text"),
        (b'{"settings": {}, "formats": "jsonl"}', "formats must be a list of names"),
        (b'{"settings": {}, "formats": [1]}', "formats must be a list of names"),
        (b'{"settings": {}, "directory": "a/b"}', "directory must be an absolute path"),
        (b'{"settings": {}, "directory": "/a\\u0000"}', "directory must be an absolute path"),
        (b'{"settings": {}, "directory": 3}', "directory must be an absolute path"),
        (b'{"settings": {}, "device": 3}', "device must be text"),
    ],
)
def test_what_is_no_such_file_is_refused_by_name(data, message):
    with pytest.raises(ResultsError, match=message):
        parse_run_file(data)


@fuzz(300)
@given(
    st.sampled_from(["rmpe", "settings", "device", "formats", "directory"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_any_json_is_read_or_refused(key, value):
    try:
        parse_run_file(json.dumps({**json.loads(RUN.to_bytes()), key: value}).encode())
    except ResultsError:
        pass


@fuzz(300)
@given(st.binary(max_size=40), st.integers(0, 200))
def test_any_bytes_are_read_or_refused(data, place):
    whole = RUN.to_bytes()
    try:
        parse_run_file(whole[:place] + data + whole[place + len(data) :])
    except ResultsError:
        pass
