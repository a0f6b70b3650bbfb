"""Files that get their name only when they are complete."""

import json

import pytest

from rmpe.outputs.coco import COCOWriter
from rmpe.outputs.records import record

from .material import LABEL, make_people


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
