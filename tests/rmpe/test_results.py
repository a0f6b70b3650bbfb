"""Result files: their contents, that they are valid and complete, and the names of images."""

import contextlib
import io
import json
import math
import os
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmpe.people import People
from rmpe.results import (
    FORMATS,
    AlphaPoseWriter,
    COCOWriter,
    ImageLabel,
    ImageListWriter,
    JSONLinesWriter,
    drawing_name,
    error_record,
    label_images,
    names_in,
    open_writers,
    partial_path,
    read_records,
    record,
)
from rmpe.skeleton import COCO_17

LABEL = ImageLabel("photos/b/x.jpg", "b_x.jpg", 42)


def make_people(count, size=(40, 60)):
    generator = torch.Generator().manual_seed(count)
    return People(
        keypoints=torch.rand(count, 17, 2, generator=generator) * 40,
        keypoint_scores=torch.rand(count, 17, generator=generator),
        boxes=torch.tensor([[1.0, 2.0, 31.5, 22.25]]).repeat(count, 1),
        box_scores=torch.full((count,), 0.75),
        scores=torch.full((count,), 0.5),
        image_index=torch.zeros(count, dtype=torch.int64),
        image_sizes=(size,),
        skeleton=COCO_17,
    )


def write(writer_type, path, *entries):
    with writer_type(path) as writer:
        for entry in entries:
            writer.append(entry)
    return json.loads(path.read_text()) if path.suffix == ".json" else path.read_text()


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


def test_json_lines(tmp_path):
    entries = [record(LABEL, make_people(2)), record(LABEL, make_people(0))]
    entries.append(error_record(LABEL, "x.jpg: the file is empty"))
    lines = write(JSONLinesWriter, tmp_path / "r.jsonl", *entries).splitlines()
    assert [json.loads(line) for line in lines] == entries
    assert json.loads(lines[1])["people"] == []
    assert json.loads(lines[2])["error"] == "x.jpg: the file is empty"


def test_coco(tmp_path):
    entry = record(LABEL, make_people(2))
    empty = record(LABEL, make_people(0))
    written = write(COCOWriter, tmp_path / "r.json", entry, empty, error_record(LABEL, "gone"))
    assert len(written) == 2
    assert set(written[0]) == {"image_id", "category_id", "keypoints", "score"}
    assert (written[0]["image_id"], written[0]["category_id"]) == (42, 1)
    assert written[0]["score"] == 0.5
    person = entry["people"][0]
    assert written[0]["keypoints"][3:6] == [*person["keypoints"][1], person["keypoint_scores"][1]]
    assert len(written[0]["keypoints"]) == 51


def test_pycocotools_loads_coco_results(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = {"images": [{"id": 42}], "annotations": [], "categories": [{"id": 1}]}
        truth.createIndex()
        write(COCOWriter, tmp_path / "r.json", record(LABEL, make_people(3)))
        assert len(truth.loadRes(str(tmp_path / "r.json")).anns) == 3


def test_alphapose(tmp_path):
    entry = record(LABEL, make_people(2))
    written = write(AlphaPoseWriter, tmp_path / "r.json", entry, error_record(LABEL, "gone"))
    assert [item["idx"] for item in written] == [0, 1]
    item, person = written[0], entry["people"][0]
    assert (item["image_id"], item["category_id"]) == ("b_x.jpg", 1)
    assert item["box"] == [1.0, 2.0, 30.5, 20.25]
    scores = person["keypoint_scores"]
    assert item["score"] == pytest.approx(sum(scores) / 17 + 0.75 + 1.25 * max(scores), abs=1e-6)
    assert item["keypoints"][:3] == [*person["keypoints"][0], scores[0]]


def test_list_of_images(tmp_path):
    empty = ImageLabel("y.jpg", "y.jpg", 1)
    written = write(
        ImageListWriter,
        tmp_path / "images.json",
        record(LABEL, make_people(2)),
        record(empty, make_people(0)),
        error_record(ImageLabel("z.jpg", "z.jpg", 2), "z.jpg: no such file"),
    )
    assert written["images"] == [
        {"id": 42, "file_name": "b_x.jpg", "file": "photos/b/x.jpg", "width": 60, "height": 40,
         "people": 2},
        {"id": 1, "file_name": "y.jpg", "file": "y.jpg", "width": 60, "height": 40, "people": 0},
        {"id": 2, "file_name": "z.jpg", "file": "z.jpg", "error": "z.jpg: no such file"},
    ]  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_files_without_any_image_are_valid(tmp_path, name):
    file, writer = FORMATS[name]
    assert not write(writer, tmp_path / file)


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

    for writer in open_writers(tmp_path, FORMATS):
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


def test_file_gets_its_name_only_when_complete(tmp_path):
    path = tmp_path / "r.json"
    path.write_text("earlier")
    writer = COCOWriter(path)
    writer.append(record(LABEL, make_people(1)))
    writer.flush()
    assert path.read_text() == "earlier"
    writer.close()
    writer.close()
    assert len(json.loads(path.read_text())) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_valid_files(tmp_path):
    path = tmp_path / "r.json"
    with pytest.raises(KeyboardInterrupt), COCOWriter(path) as writer:
        writer.append(record(LABEL, make_people(2)))
        raise KeyboardInterrupt
    assert len(json.loads(path.read_text())) == 2


@pytest.mark.parametrize("formats", [list(FORMATS), ["coco"]])
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


def labels(*files, known=()):
    return [(label.name, label.image_id) for label in label_images(files, known)]


def test_numbers_come_from_the_names_as_in_coco():
    assert labels("000000493652.jpg", "COCO_val2014_000000000042.jpg", "v1/IMG_7.png") == [
        ("000000493652.jpg", 493652),
        ("COCO_val2014_000000000042.jpg", 42),
        ("IMG_7.png", 7),
    ]


def test_files_without_a_number_get_the_lowest_free_ones():
    assert [number for _, number in labels("me.jpg", "1.jpg", "you.jpg", "a/01.jpg")] == [
        2, 1, 3, 4,
    ]  # fmt: skip


def test_numbers_that_json_readers_would_round_are_not_taken():
    assert labels("9007199254740993.jpg", "9" * 200 + ".jpg", "9007199254740991.jpg") == [
        ("9007199254740993.jpg", 1),
        ("9" * 200 + ".jpg", 2),
        ("9007199254740991.jpg", 2**53 - 1),
    ]


def test_equal_names_are_told_apart_by_their_folders():
    files = ["a/x.jpg", "b/x.jpg", "c/X.JPG", "b_x.jpg", "d/b/x.jpg"]
    assert [name for name, _ in labels(*files)] == [
        "x.jpg", "b_x.jpg", "c_X.JPG", "b_x-2.jpg", "d_b_x.jpg",
    ]  # fmt: skip


def test_names_of_drawings_do_not_collide_either():
    files = ["x.tiff.jpg", "x.tiff", "x.TIFF"]
    drawings = [drawing_name(name).casefold() for name, _ in labels(*files)]
    assert len(set(drawings)) == 3


@pytest.mark.parametrize("ending", [".jpg", ".PNG", ".tiff", "." + 50 * "b"])
def test_longest_names_keep_their_drawings(ending):
    files = [f"{folder}/{'a' * (254 - len(ending))}{x}{ending}" for folder in "pq" for x in "xy"]
    found = labels(*files)
    assert found[0][0] == Path(files[0]).name
    drawings = {drawing_name(name) for name, _ in found}
    assert len(drawings) == 4
    for name in (*drawings, *(name for name, _ in found)):
        assert len(partial_path(Path(drawing_name(name))).name) <= 255
        assert len(name) <= 255


def test_names_are_cut_between_characters():
    name = drawing_name("é" * 125 + ".png")
    assert name == "é" * 121 + ".png"


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["..", "a", "B", ".", "x-2", "/", "é" * 100]), max_size=4),
            st.sampled_from(
                ["x.jpg", "X.jpg", "x-2.jpg", "x.bmp", "7.png", "é 1.jpg", "..jpg"]
                + ["é" * 120 + ending for ending in ("x.tiff", "y.tiff", "-2.png", "-3.png", ".c")]
            ),
        ),
        max_size=12,
    )
)
def test_labels_are_unique_and_stay_inside(tmp_path_factory, parts):
    files = list(dict.fromkeys(Path(*folders, name) for folders, name in parts))
    found = label_images(files)
    assert [label.file for label in found] == [file.as_posix() for file in files]
    assert len({drawing_name(label.name).casefold() for label in found}) == len(files)
    assert len({label.image_id for label in found}) == len(files)
    for label in found:
        assert Path(label.name).name == label.name
        assert label.name not in ("..", ".")
        assert len(os.fsencode(label.name)) <= 255
        assert len(os.fsencode(partial_path(Path(drawing_name(label.name))).name)) <= 255


def test_earlier_labels_stay():
    earlier = label_images(["b/x.jpg", "5.jpg"])
    assert earlier == [ImageLabel("b/x.jpg", "x.jpg", 1), ImageLabel("5.jpg", "5.jpg", 5)]
    assert labels("a/x.jpg", "b/x.jpg", "c/5.jpg", known=earlier) == [
        ("a_x.jpg", 2),
        ("x.jpg", 1),
        ("c_5.jpg", 3),
    ]
