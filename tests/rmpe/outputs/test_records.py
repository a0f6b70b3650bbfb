"""Records of images: what they hold, and that any bytes are read back or refused."""

import dataclasses
import json
import math
import os
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmpe.outputs import RESULT_FORMATS
from rmpe.outputs.errors import ResultsError
from rmpe.outputs.image_list import IMAGE_LIST
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, label_of, parse_record, people_of, record
from rmpe.skeletons import COCO_17, MPII_16

from ...fuzz import fuzz
from .material import LABEL, make_people, written


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


@pytest.mark.parametrize("count", [0, 1, 3])
def test_people_are_made_of_a_record_again(count):
    people = make_people(count)
    made = people_of(record(LABEL, people), COCO_17)
    assert made.image_sizes == ((40, 60),)
    assert len(made) == count
    for name in ("keypoints", "keypoint_scores", "boxes", "box_scores", "scores", "image_index"):
        torch.testing.assert_close(
            getattr(made, name), getattr(people, name), atol=6e-4, rtol=0, msg=name
        )
    # What is rounded once stays as it is.
    assert record(LABEL, made) == record(LABEL, people)


def test_numbers_that_were_not_finite_are_nan_again():
    people = make_people(1)
    people.keypoints[0, 3, 1] = math.inf
    people.scores[0] = math.nan
    made = people_of(record(LABEL, people), COCO_17)
    assert torch.isnan(made.keypoints[0, 3, 1])
    assert torch.isnan(made.scores[0])
    assert torch.isfinite(made.keypoints[0, 3, 0])


def test_people_of_another_skeleton_are_refused():
    with pytest.raises(ResultsError, match="photos/b/x.jpg: keypoints must be 16, .* got 17"):
        people_of(record(LABEL, make_people(1)), MPII_16)


@pytest.mark.parametrize("count", [3, 16, 18])
def test_keypoints_that_do_not_fit_their_skeleton_are_refused_when_read(count):
    entry = record(LABEL, make_people(2))
    person = entry["people"][1]
    person["keypoints"], person["keypoint_scores"] = [[1, 2]] * count, [0.5] * count
    message = f"photos/b/x.jpg: keypoints must be 17, as coco_17 has, got {count}"
    with pytest.raises(ResultsError, match=f"^{message}$"):
        parse_record(dumps(entry))
    # Those of a skeleton that only a later version knows are kept.
    assert parse_record(dumps(entry | {"skeleton": "later"}))["skeleton"] == "later"


def dumps(entry):
    return json.dumps(entry).encode()


@pytest.mark.parametrize(
    "entry",
    [record(LABEL, make_people(2)), record(LABEL, make_people(0)), error_record(LABEL, "gone")],
    ids=["two", "nobody", "skipped"],
)
def test_records_are_read_back(entry):
    assert parse_record(dumps(entry) + b"\n") == entry
    assert label_of(entry) == LABEL
    later = {**entry, "tracks": [1, 2]}
    assert parse_record(dumps(later)) == later


def changed(key, value, person=False):
    entry = record(LABEL, make_people(1))
    (entry["people"][0] if person else entry)[key] = value
    return dumps(entry)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "must be a JSON object"),
        (b"{", "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b"\xff\xfe{}", "must be a JSON object"),
        (b"7" * 5000, "must be a JSON object"),
        (b"[" * 100_000, "must be a JSON object"),
        (b'{"a":' * 100_000, "must be a JSON object"),
        (b'{"file": "1.jpg", "file": "2.jpg"}', "an object has the key 'file' twice"),
        (b"{}", "file is missing; it must be a path"),
        (changed("file", 3), "file must be a path, got 3"),
        (changed("file", "a\0b"), "file must be a path"),
        (changed("file", "\ud800"), "file must be a path"),
        (changed("name", "../x.jpg"), r"name must be a file name without folders, got '../x.jpg'"),
        (changed("name", "/etc/passwd"), "name must be a file name"),
        (changed("name", "\x1b[2J/"), r"got '\\x1b\[2J/'"),
        (changed("name", "n" * 300), "name must be a file name without folders, got 'n{56}\\.\\.\\."),
        (changed("image_id", True), "image_id must be a whole number from 0 to 9007199254740991"),
        (changed("image_id", 1.0), "image_id must be a whole number"),
        (changed("image_id", -1), "image_id must be a whole number"),
        (changed("image_id", 10**400), "image_id must be a whole number"),
        (changed("width", 0), "width must be a whole number from 1"),
        (changed("height", None), "height must be a whole number from 1"),
        (changed("skeleton", ["coco"]), "skeleton must be text, got a list of 1"),
        (changed("derived", 5), "derived must be a list of texts, got 5"),
        (changed("derived", [5]), "derived must be a list of texts, got a list of 1"),
        (changed("people", None), "people must be a list, got None"),
        (changed("people", {}), "people must be a list, got a JSON object of 0"),
        (changed("people", [None]), "people must hold JSON objects, got None"),
        (changed("error", 5), "error must be text, got 5"),
        (changed("error", "gone"), "people must be missing where there is an error"),
        (changed("score", "1", True), "score must be a number or null, got '1'"),
        (changed("score", True, True), "score must be a number or null"),
        (changed("score", math.nan, True), "must be a JSON object"),
        (changed("score", math.inf, True), "must be a JSON object"),
        (changed("score", 10**400, True), "score must be a number or null"),
        (changed("box_score", 1e39, True), "box_score must be a number or null"),
        (changed("box", [1, 2, 3], True), "box must be four numbers, got a list of 3"),
        (changed("box", [1, 2, 3, "4"], True), "box must be four numbers"),
        (changed("keypoints", [], True), "keypoints must be a list of pairs of numbers"),
        (changed("keypoints", [[1, 2, 3]] * 17, True), "keypoints must be a list of pairs"),
        (changed("keypoints", ["ab"] * 17, True), "keypoints must be a list of pairs"),
        (changed("keypoints", [[1, [2]]] * 17, True), "keypoints must be a list of pairs"),
        (changed("keypoint_scores", [1] * 16, True), "keypoint_scores must be 17 numbers"),
        (changed("keypoint_scores", None, True), "keypoint_scores must be 17 numbers"),
        (changed("class", "\ud800", True), "class must be text, got"),
    ],
)  # fmt: skip
def test_lines_that_are_no_record_are_refused_by_name(line, message):
    with pytest.raises(ResultsError, match=message):
        parse_record(line)


def test_infinity_written_as_a_number_is_refused():
    line = dumps(record(LABEL, make_people(1))).replace(b"0.75", b"1e999")
    with pytest.raises(ResultsError, match="box_score must be a number or null, got inf"):
        parse_record(line)


def test_infinity_is_refused_in_fields_that_are_not_known():
    line = dumps(record(LABEL, make_people(1)))
    for place in (b"{", b'"people": [{', b'"people":[{'):
        if place in line:
            with pytest.raises(ResultsError, match="numbers must be finite, got '-1e999'"):
                parse_record(line.replace(place, place + b'"later": [-1e999], ', 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
ENTRY = record(LABEL, make_people(1))


@fuzz(300)
@given(st.sampled_from([*ENTRY, "error"]), st.sampled_from([None, *ENTRY["people"][0]]), JSON)
def test_any_json_is_read_or_refused(key, person_key, value):
    entry = json.loads(json.dumps(ENTRY))
    if person_key is not None and key == "people":
        entry["people"][0][person_key] = value
    else:
        entry[key] = value
    try:
        found = parse_record(dumps(entry))
    except ResultsError:
        return
    # Whatever is read can be written in every format.
    # In memory where there is such a thing: hundreds of files are waited for.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for result_format in (*RESULT_FORMATS.values(), IMAGE_LIST):
            written(result_format, Path(folder), found)


@fuzz(300)
@given(st.data())
def test_any_bytes_are_read_or_refused(data):
    line = bytearray(dumps(ENTRY))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(line) - 1))
        line[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    try:
        parse_record(bytes(line))
    except ResultsError:
        pass


def test_label_of_a_record():
    assert label_of(error_record(ImageLabel("a/b.jpg", "b.jpg", 3), "x")) == ImageLabel(
        "a/b.jpg", "b.jpg", 3
    )


def test_classes_are_named_where_there_is_more_than_people():
    people = make_people(2)
    assert all("class" not in person for person in record(LABEL, people)["people"])
    mixed = dataclasses.replace(people, classes=("person", "dog"), class_index=torch.tensor([1, 0]))
    for some, names in [(mixed, ["dog", "person"]),
                        (dataclasses.replace(people, classes=("dog",)), ["dog", "dog"])]:  # fmt: skip
        entry = record(LABEL, some)
        assert [person["class"] for person in entry["people"]] == names
        line = json.dumps(entry).encode()
        assert people_of(parse_record(line), COCO_17).class_names == names
    bad = json.dumps(record(LABEL, mixed)).replace('"class": "dog"', '"class": 3')
    with pytest.raises(ResultsError, match="class must be text, got 3"):
        parse_record(bad.encode())
