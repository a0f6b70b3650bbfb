"""What holds for every format of result files, and those that are JSON item by item."""

import json
import math

import pytest

from rmpe.cli import main
from rmpe.outputs import DEFAULT_FORMATS, RESULT_FORMATS
from rmpe.outputs.image_list import IMAGE_LIST
from rmpe.outputs.records import record

from .material import LABEL, make_people, make_records, text_of

FORMATS = [*(RESULT_FORMATS[name] for name in DEFAULT_FORMATS), IMAGE_LIST]


def values(text_format, text):
    """Parse a file, and refuse what JSON does not have."""

    def refuse(constant):
        raise AssertionError(constant)

    lines = text.splitlines() if text_format.file_name.endswith(".jsonl") else [text]
    return [json.loads(line, parse_constant=refuse) for line in lines]


@pytest.mark.parametrize("text_format", FORMATS, ids=lambda one: one.file_name)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_files_of_any_number_of_images_are_valid(text_format, count):
    values(text_format, text_of(text_format, *make_records(count)))


@pytest.mark.parametrize("text_format", FORMATS, ids=lambda one: one.file_name)
def test_every_item_has_a_line_of_its_own(text_format):
    text = text_of(text_format, *make_records(3))
    items = text.splitlines()
    if not text_format.file_name.endswith(".jsonl"):
        items = [line.rstrip(",") for line in items[1:-1]]
    assert len(items) == 3  # Of 0, 1 and 2 people, or of 3 images.
    assert all(isinstance(json.loads(item), dict) for item in items)


def test_file_names_differ():
    names = [one.file_name for one in (*RESULT_FORMATS.values(), IMAGE_LIST)]
    assert len({*names}) == len(names)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_written_as_such(bad):
    people = make_people(1)
    people.keypoints[0, 0, 0] = bad
    people.keypoint_scores[0, 1] = bad
    people.boxes[0, 2] = bad
    people.box_scores[0] = bad
    people.scores[0] = bad
    entry = record(LABEL, people)
    parsed = {one.file_name: values(one, text_of(one, entry)) for one in FORMATS}
    assert parsed["results.jsonl"][0]["people"][0]["keypoints"][0][0] is None
    ((coco,),) = parsed["coco-results.json"]
    assert coco["keypoints"][:6] == [0, 0, 0, 0, 0, 0]
    assert coco["keypoints"][8] > 0
    assert coco["score"] == 0


def test_every_format_says_what_is_in_its_file(capsys):
    with pytest.raises(SystemExit):
        main(["infer", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for known in (*RESULT_FORMATS.values(), IMAGE_LIST):
        assert known.summary and f"{known.file_name} {known.summary}" in shown
