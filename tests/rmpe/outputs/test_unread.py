"""Files and folders that are no results that can be read: what they are, and what to do."""

import json

import pytest

from rmpe.cli import main
from rmpe.conversion import convert_results
from rmpe.outputs import RESULT_FORMATS

from ..test_tracking import write
from .material import make_records

READ = "results are read from a folder with results.jsonl, or, by rmpe convert, from COCO results"
KINDS = {
    "keypoints.csv": "a table (CSV)",
    "keypoints.parquet": "a table (Parquet)",
    "results.jsonl": "JSON Lines without their folder",
    "openpose": "a folder of OpenPose's files",
    "openpose/000000000002_keypoints.json": "OpenPose's file of one image",
    "alphapose-results.json": "AlphaPose's results: their image_id is a name",
    "images.json": "a list of images",
    "run.json": "a file of another kind",
    "other": "a folder without records",
    "other/a.json": "a file of another kind",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results in all formats, and a folder of something else."""
    pytest.importorskip("pyarrow")
    path = tmp_path_factory.mktemp("results")
    convert_results(write(path / "in", make_records(3)), path / "all", list(RESULT_FORMATS))
    (path / "all/other").mkdir()
    (path / "all/other/a.json").write_text("12")
    return path / "all"


def said(capsys, *words):
    status = main([*map(str, words)])
    assert status == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("name", KINDS)
def test_convert_says_what_came_what_is_read_and_what_to_do(folder, name, tmp_path, capsys):
    out = tmp_path / "out"
    message = said(capsys, "convert", folder / name, "--to", "jsonl", "--out", out)
    assert message == (
        f"rmpe convert: error: {folder / name}: {READ} or annotations (.json), got {KINDS[name]}; "
        f"name the folder {folder}\n"
    )
    assert not out.exists()


@pytest.mark.parametrize("command", ["track", "smooth"])
@pytest.mark.parametrize("name", ["keypoints.csv", "openpose", "results.jsonl"])
def test_other_commands_say_it_too(folder, command, name, tmp_path, capsys):
    message = said(capsys, command, folder / name, "--out", tmp_path / "out")
    assert f"got {KINDS[name]}; name the folder {folder}\n" in message


def test_what_is_far_from_any_results_came_from_some(tmp_path, capsys):
    (tmp_path / "alphapose-results.json").write_text(json.dumps([{"image_id": "a.jpg"}]))
    for name, kind in (("a.csv", "a table"), ("alphapose-results.json", "AlphaPose's")):
        path = tmp_path / name
        message = said(capsys, "convert", path, "--to", "jsonl", "--out", tmp_path / "out")
        if path.exists():
            assert f"got {kind}" in message and message.endswith("; name what it was made from\n")
        else:
            assert "a.csv is not there" in message


def test_every_format_that_is_written_is_read_or_has_a_name():
    """So that the message of a new one says what it is."""
    read = {"jsonl", "coco", "coco-annotations"}
    assert {RESULT_FORMATS[name].file_name for name in RESULT_FORMATS.keys() - read} <= KINDS.keys()
