"""``run.json``: any bytes are read or refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmpe.outputs.errors import ResultsError
from rmpe.outputs.files import Directory
from rmpe.outputs.run_file import RUN_FILE, RunFile, known_run, parse_run_file

from ...fuzz import fuzz

RUN = RunFile(
    "1.2",
    {"nms": None, "flip": True, "threshold": 0.25},
    "cpu",
    ("jsonl",),
    "/home/me",
    0.15,
)


@pytest.mark.parametrize("drawn_score", [None, 0, 0.15, 1])
def test_what_is_written_is_read_back(drawn_score):
    run = replace(RUN, drawn_score=drawn_score)
    assert parse_run_file(run.to_bytes()) == run
    assert parse_run_file(run.to_bytes()).to_bytes() == run.to_bytes()


def test_files_of_earlier_versions_are_read():
    found = parse_run_file(b'{"rmpe": "0.1", "settings": {"flip": false}, "device": "auto"}')
    assert found == RunFile("0.1", {"flip": False}, "auto", (), "", None)


def test_a_run_that_goes_on_with_another_says_the_same_of_drawings():
    networks, none = RUN, replace(RUN, drawn_score=None)
    assert none.after(networks, [], ["jsonl"]) == networks  # It ran no network.
    assert networks.after(none, [], ["jsonl"]) == networks  # The earlier version said nothing.
    assert replace(networks, drawn_score=0.3).after(networks, [], ["jsonl"]) == networks


@pytest.mark.parametrize("content", [None, b"", b'{"settings": {}, "drawn_score": 2}', "folder"])
def test_a_folder_whose_file_says_nothing(tmp_path, content):
    if content == "folder":
        (tmp_path / RUN_FILE).mkdir()
    elif content is not None:
        (tmp_path / RUN_FILE).write_bytes(content)
    nothing = RunFile("", {}, "")
    assert known_run(tmp_path) == nothing
    with Directory(tmp_path) as directory:
        assert known_run(directory) == nothing
    assert known_run(tmp_path / "gone") == nothing


def test_a_folder_whose_file_is_read(tmp_path):
    (tmp_path / RUN_FILE).write_bytes(RUN.to_bytes())
    assert known_run(tmp_path) == RUN
    with Directory(tmp_path) as directory:
        assert known_run(directory) == RUN


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
        (b'{"settings": {}, "drawn_score": "0.3"}', "drawn_score must be a number in 0..1 or nu"),
        (b'{"settings": {}, "drawn_score": true}', "drawn_score must be a number in 0..1 or null"),
        (b'{"settings": {}, "drawn_score": [0.3]}', "drawn_score must be a number in 0..1 or nu"),
        (b'{"settings": {}, "drawn_score": 1.5}', "drawn_score must be a number in 0..1 or null"),
        (b'{"settings": {}, "drawn_score": -1e400}', "drawn_score must be a number in 0..1 or nu"),
        (b'{"settings": {}, "drawn_score": NaN}', "drawn_score must be a number in 0..1 or null"),
    ],
)
def test_what_is_no_such_file_is_refused_by_name(data, message):
    with pytest.raises(ResultsError, match=message):
        parse_run_file(data)


@fuzz(300)
@given(
    st.sampled_from(["rmpe", "settings", "device", "formats", "directory", "drawn_score"]),
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
