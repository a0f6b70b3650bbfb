"""What the columns of a detector's scores stand for."""

import json

import pytest

from rmpe.detectors.classes import CLASS_LISTS, read_classes, write_classes
from rmpe.errors import ModelError
from rmpe.toml_table import read_toml


def read(tmp_path, line):
    (tmp_path / "card.toml").write_text(line)
    return read_classes(read_toml(tmp_path / "card.toml"))


@pytest.mark.parametrize(
    "classes",
    [
        ("", "person"), ("person",), ("", "", "person", ""), ("", "person", "dog"), ("dog", "cat"),
        ("", "ski \"lift\"",), *CLASS_LISTS.values(),
    ],
    ids=lambda classes: f"{len(classes)} {classes[0]}",
)  # fmt: skip
def test_what_is_written_is_read_again(tmp_path, classes):
    ((key, value),) = write_classes(classes).items()
    found = read(tmp_path, f"{key} = {json.dumps(value, ensure_ascii=False)}")
    # Behind the column of people nobody looks, where there is nothing else.
    assert found == classes if key == "classes" else found == classes[: value + 1]


@pytest.mark.parametrize(
    "value", ['"coco"', "[]", '[""]', '["a", "a"]', '["", 3]', "3", '[["a"]]', "true"]
)
def test_what_is_no_list_of_classes_is_refused(tmp_path, value):
    with pytest.raises(
        ModelError, match="classes must be one of coco_80, .*, or a list of the name"
    ):
        read(tmp_path, f"classes = {value}")
