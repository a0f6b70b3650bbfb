"""The files of models: where they are looked for, and which are refused."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from rmpe.errors import ModelError
from rmpe.models.card import ModelFile
from rmpe.models.places import cache_folder
from rmpe.models.store import locate, obtain


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """No folder of model files is set, and the cache is empty."""
    monkeypatch.delenv("RMPE_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RMPE_HOME", raising=False)
    return tmp_path


def make_file(folder, content=b"weights", digits=64):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()[:digits]
    return ModelFile("net.onnx", digest, "a test", ("https://example.org/net.onnx",))


def test_files_are_looked_for_in_order(elsewhere, monkeypatch):
    names = ("card", "models", "environment", "cache/rmpe/models")
    folders = [elsewhere / name for name in names]
    for folder in folders:
        file = make_file(folder)
    file = replace(file, folder=folders[0])
    monkeypatch.setenv("RMPE_MODELS", str(folders[2]))
    for folder in folders:
        assert locate(file, folders[1]) == folder / "net.onnx"
        (folder / "net.onnx").unlink()
    with pytest.raises(ModelError, match="was not found"):
        locate(file, folders[1])


def test_the_first_digits_of_a_hash_are_enough(elsewhere):
    file = make_file(elsewhere, digits=8)
    assert locate(file, elsewhere) == elsewhere / "net.onnx"


def test_a_file_without_a_known_hash_is_taken_by_its_name(elsewhere):
    file = ModelFile(make_file(elsewhere).name, "", "a test")
    assert locate(file, elsewhere) == elsewhere / "net.onnx"


def test_without_a_home_folder_the_other_folders_are_searched(elsewhere, monkeypatch):
    def unknown(path):
        raise RuntimeError("Could not determine home directory.")

    file = make_file(elsewhere / "models")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "expanduser", unknown)
    assert locate(file, elsewhere / "models") == elsewhere / "models" / "net.onnx"
    with pytest.raises(ModelError, match="was not found"):
        locate(file, elsewhere)


@pytest.mark.parametrize("folder", ["n" * 300, "a\0b"])
def test_a_folder_that_cannot_be_is_named(elsewhere, folder):
    with pytest.raises(ModelError, match="cannot look for the model file net.onnx: |not found"):
        locate(make_file(elsewhere), folder)


def test_a_missing_file_says_where_it_was_looked_for_and_what_to_do(elsewhere):
    file = ModelFile("net.onnx", "0" * 64, "a test", ("https://example.org/net.onnx",))
    with pytest.raises(ModelError) as caught:
        locate(file, elsewhere / "models")
    message = str(caught.value)
    for text in (
        "model file net.onnx",
        str(elsewhere / "models"),
        str(elsewhere / "cache"),
        "https://example.org/net.onnx",
        "--models DIR",
        "RMPE_MODELS",
    ):
        assert text in message


def test_a_file_without_a_url_says_whose_it_is(elsewhere):
    file = ModelFile("net.onnx", "0" * 64, "somebody/networks")
    with pytest.raises(ModelError, match="has no URL, as it was made from somebody/networks; `rmp"):
        obtain(file)


def test_another_hash_says_both(elsewhere):
    file = make_file(elsewhere)
    (elsewhere / "net.onnx").write_bytes(b"other")
    found = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ModelError, match=f"must be {file.sha256}, got {found}"):
        locate(file, elsewhere)


def test_the_folder_of_what_is_downloaded(elsewhere, monkeypatch):
    assert cache_folder() == elsewhere / "cache" / "rmpe" / "models"
    monkeypatch.setenv("RMPE_HOME", str(elsewhere / "home"))
    assert cache_folder() == elsewhere / "home" / "models"
    monkeypatch.delenv("RMPE_HOME")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(elsewhere))
    assert cache_folder() == elsewhere / ".cache" / "rmpe" / "models"
