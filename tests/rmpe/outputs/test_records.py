"""Records of images: what they hold, and that they are read back."""

import json

import pytest
import torch

from rmpe.outputs.jsonl import JSONLinesWriter
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, read_records, record
from rmpe.skeletons import COCO_17

from .material import LABEL, make_people, write


def test_record_holds_everything():
    people = make_people(2)
    entry = record(LABEL, people)
    assert entry["file"] == "photos/b/x.jpg"
    assert (entry["name"], entry["image_id"]) == ("b_x.jpg", 42)
    assert (entry["width"], entry["height"]) == (60, 40)
    assert entry["skeleton"] == COCO_17.name
    assert len(entry["people"]) == 2
    person = entry["people"][1]
    torch.testing.assert_close(
        torch.tensor(person["keypoints"]), people.keypoints[1], atol=6e-4, rtol=0
    )
    torch.testing.assert_close(
        torch.tensor(person["keypoint_scores"]), people.keypoint_scores[1], atol=6e-7, rtol=0
    )
    assert person["box"] == [1.0, 2.0, 31.5, 22.25]
    assert (person["box_score"], person["score"]) == (0.75, 0.5)


def test_records_are_read_back(tmp_path):
    path = tmp_path / "r.jsonl"
    entries = [record(ImageLabel(f"{n}.jpg", f"{n}.jpg", n), make_people(n)) for n in range(3)]
    write(JSONLinesWriter, path, *entries)
    assert read_records(path) == entries
    assert read_records(tmp_path / "none.jsonl") == []


def test_records_of_a_killed_run_are_read_back(tmp_path):
    path = tmp_path / "r.jsonl"
    first, second = (
        record(ImageLabel(name, name, n), make_people(1)) for n, name in enumerate(["a", "b"])
    )
    write(JSONLinesWriter, path, first)
    partial = tmp_path / "r.jsonl.partial"
    partial.write_text(json.dumps(first) + "\n" + json.dumps(second) + '\n{"file": "c.j')
    assert read_records(path) == [first, second]


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"file": "a", "name": "a", "image_id": 1}'])
def test_damaged_records_are_an_error(tmp_path, line):
    good = json.dumps(error_record(LABEL, "gone"))
    (tmp_path / "r.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(ValueError, match="line 2 is not a record of rmpe"):
        read_records(tmp_path / "r.jsonl")


def test_unfinished_file_under_its_own_name_is_an_error(tmp_path):
    (tmp_path / "r.jsonl").write_text(json.dumps(error_record(LABEL, "gone")))
    with pytest.raises(ValueError, match="the last line is unfinished"):
        read_records(tmp_path / "r.jsonl")
