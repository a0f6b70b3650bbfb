"""JSON from files of any kind."""

import gzip
import os

import pytest

from rmpe.datasets import json_file
from rmpe.datasets.dataset import DatasetError
from rmpe.datasets.json_file import read_json


def test_what_never_ends_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(DatasetError, match="cannot be read: it is not a file"):
            read_json(tmp_path / path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_larger_than_any_annotations_is_refused(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(json_file, "_MOST_BYTES", 1000)
    (tmp_path / "a.json").write_bytes(pack(b" " * 1000 + b"1"))
    with pytest.raises(DatasetError, match="it must hold at most 1000 bytes, when unpacked"):
        read_json(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(pack(b" " * 999 + b"1"))
    assert read_json(tmp_path / "a.json") == 1


def test_a_folder(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read: Is a directory"):
        read_json(tmp_path)
