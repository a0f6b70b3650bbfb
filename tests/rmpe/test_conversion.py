"""Results in other formats and with other keypoints, from what is there."""

import json

import pytest

from rmpe.cli import main
from rmpe.conversion import convert_record, convert_results
from rmpe.outputs.errors import OutputError, ResultsError
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, parse_record, record, tracked_record
from rmpe.skeletons import COCO_17, MPII_16, OPENPOSE_18

from .outputs.material import make_people, make_records
from .test_tracking import write

GONE = error_record(ImageLabel("gone.jpg", "gone.jpg", 77), "gone")


@pytest.fixture
def records():
    return [*make_records(3), GONE]


def lines(out):
    return [parse_record(line) for line in (out / "results.jsonl").open("rb")]


def test_every_format_is_what_a_run_writes(records, tmp_path):
    formats = ["jsonl", "coco", "alphapose", "coco-annotations", "openpose", "csv", "parquet"]
    folder = write(tmp_path / "in", records)
    assert convert_results(folder, tmp_path / "all", formats) == 4
    assert lines(tmp_path / "all") == records
    # Again from those, one by one: equal, so JSON Lines lose nothing.
    for name in formats:
        convert_results(tmp_path / "all", tmp_path / name, [name])
        for path in (tmp_path / name).rglob("*"):
            if path.is_file() and path.name != "run.json":
                same = tmp_path / "all" / path.relative_to(tmp_path / name)
                assert path.read_bytes() == same.read_bytes(), path
        assert ("results.jsonl" in {path.name for path in (tmp_path / name).iterdir()}) == (
            name == "jsonl"
        )


def test_another_skeleton(records, tmp_path):
    folder = write(tmp_path / "in", records)
    convert_results(folder, tmp_path / "out", ["jsonl", "openpose"], skeleton=OPENPOSE_18)
    converted = lines(tmp_path / "out")
    assert converted[-1] == GONE
    for before, after in zip(records[:-1], converted, strict=False):
        assert after["skeleton"] == "openpose_18"
        assert after["derived"] == ["neck"]
        for person, other in zip(before["people"], after["people"], strict=True):
            assert other["keypoints"][2] == person["keypoints"][6]
            assert other["box"] == person["box"]
    files = sorted((tmp_path / "out" / "openpose").iterdir())
    (person,) = json.loads(files[1].read_text())["people"]
    assert len(person["pose_keypoints_2d"]) == 3 * 18


def test_there_and_back_again():
    entry = tracked_record(make_records(3)[2], [1, 2])
    there = convert_record(entry, OPENPOSE_18)
    back = convert_record(there, COCO_17)
    assert back.pop("derived") == []
    assert back == entry
    assert convert_record(entry, COCO_17) is entry
    assert convert_record(GONE, COCO_17) is GONE


def test_what_cannot_be_converted_is_named_and_nothing_done(records, tmp_path):
    folder = write(tmp_path / "in", records)
    with pytest.raises(ResultsError, match="^photos/0.jpg: coco_17 cannot become mpii_16: it has"):
        convert_results(folder, tmp_path / "out", ["csv"], skeleton=MPII_16)
    assert not (tmp_path / "out").exists()
    with pytest.raises(OutputError, match="--out must be another folder than that of the results"):
        convert_results(folder, folder, ["csv"])
    entry = record(ImageLabel("a.jpg", "a.jpg", 1), make_people(1))
    entry["people"][0]["keypoints"].pop()
    with pytest.raises(ResultsError, match="a.jpg: keypoints must be 17, as coco_17 has, got 16"):
        convert_record(entry, OPENPOSE_18)


def test_on_the_command_line(records, tmp_path, capsys):
    folder, out = write(tmp_path / "in", records), tmp_path / "out"
    arguments = ["convert", str(folder), "--to", "csv,coco", "--out", str(out)]
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == ["images   4", f"results  {out}"]
    assert {path.name for path in out.iterdir()} == {
        "run.json", "keypoints.csv", "coco-results.json", "images.json",
    }  # fmt: skip
    assert main(arguments) == 2
    assert "out holds earlier results: choose --overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--quiet", "--skeleton", "openpose_18"]) == 0
    assert len((out / "keypoints.csv").read_text().splitlines()) == 1 + 3 * 18
    assert main([*arguments, "--overwrite", "--skeleton", "mpii_16"]) == 2
    assert "coco_17 cannot become mpii_16" in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "no"), "--to", "csv", "--out", str(out)]) == 2
