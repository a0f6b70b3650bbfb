"""The files of a folder of results together."""

import json
import math

import pytest

from rmpe.outputs import RESULT_FORMATS
from rmpe.outputs.folder import names_in, open_writers
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, record

from .material import LABEL, make_people, write


@pytest.mark.parametrize("name", RESULT_FORMATS)
def test_files_without_any_image_are_valid(tmp_path, name):
    writer = RESULT_FORMATS[name]
    assert not write(writer, tmp_path / writer.file_name)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_written_as_such(tmp_path, bad):
    people = make_people(1)
    people.keypoints[0, 0, 0] = bad
    people.keypoint_scores[0, 1] = bad
    people.boxes[0, 2] = bad
    people.box_scores[0] = bad
    people.scores[0] = bad
    entry = record(LABEL, people)

    def refuse(constant):
        raise AssertionError(constant)

    for writer in open_writers(tmp_path, RESULT_FORMATS):
        with writer:
            writer.append(entry)
        for line in (
            [writer.path.read_text()] if writer.path.suffix == ".json" else open(writer.path)
        ):
            json.loads(line, parse_constant=refuse)
    assert entry["people"][0]["keypoints"][0][0] is None
    coco = json.loads((tmp_path / "coco-results.json").read_text())
    assert coco[0]["keypoints"][:6] == [0, 0, 0, 0, 0, 0]
    assert coco[0]["keypoints"][8] > 0
    assert coco[0]["score"] == 0


@pytest.mark.parametrize("formats", [list(RESULT_FORMATS), ["coco"]])
@pytest.mark.parametrize("complete", [True, False])
def test_names_in_results(tmp_path, formats, complete):
    writers = open_writers(tmp_path, formats)
    for writer in writers:
        for number, name in enumerate(["a.jpg", "b.jpg"]):
            writer.append(record(ImageLabel(f"p/{name}", name, number), make_people(1)))
        writer.append(error_record(ImageLabel("gone.jpg", "gone.jpg", 3), "gone"))
        writer.append(record(ImageLabel("x", "../x.jpg", 4), make_people(0)))
        writer.flush()
        if complete:
            writer.close()
    assert names_in(tmp_path) == {"a.jpg", "b.jpg"}


def test_names_in_damaged_results(tmp_path):
    (tmp_path / "results.jsonl").write_bytes(b'\xff\n[]\n7\n{"name": 3}\n{}\n{"name": "a.jpg"}\n{')
    assert names_in(tmp_path) == {"a.jpg"}


def test_unwritable_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        open_writers(tmp_path / "file", ["coco"])
