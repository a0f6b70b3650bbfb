"""JSON from files of any kind."""

import gzip
import os

import pytest

from rmpe import json_text
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


def test_what_would_fill_the_free_memory_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(json_file, "free_memory", lambda: 4000)
    (tmp_path / "a.json").write_bytes(gzip.compress(b"[" + b"{}," * 1000 + b"{}]"))
    with pytest.raises(DatasetError, match="at most 1000 bytes, a fourth of the free memory, when"):
        read_json(tmp_path / "a.json")


def test_values_that_would_fill_the_free_memory_are_not_made(tmp_path, monkeypatch):
    monkeypatch.setattr(json_text, "free_memory", lambda: 40 << 20)
    (tmp_path / "a.json").write_bytes(gzip.compress(b"[" + b"{}," * (1 << 19) + b"{}]"))
    with pytest.raises(DatasetError, match=r"a.json cannot be read: its values would take about"):
        read_json(tmp_path / "a.json")


def test_bytes_that_memory_does_not_hold(tmp_path, monkeypatch):
    def unpack(*_, **__):
        raise MemoryError

    monkeypatch.setattr(json_file.gzip, "GzipFile", unpack)
    (tmp_path / "a.json").write_bytes(gzip.compress(b"[]"))
    with pytest.raises(DatasetError, match="cannot be read: memory does not hold its bytes"):
        read_json(tmp_path / "a.json")


def test_a_key_twice(tmp_path):
    """The last of two lists of annotations would be measured on, without a word."""
    (tmp_path / "a.json").write_bytes(b'{"annotations": [1], "annotations": []}')
    with pytest.raises(DatasetError, match="a.json cannot be read: .* key 'annotations' twice"):
        read_json(tmp_path / "a.json")
