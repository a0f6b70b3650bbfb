"""Files that are complete or not there, whatever stands under their names."""

import os

import pytest

from rmpe.output_file import check_output, write_atomically, write_output, write_together

from .disk import Disk, Killed


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "out.json"
    write_output(path, b"before")

    def fail(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, fail)
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_a_link_that_was_planted_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious")
    for name in (".out.json.partial", "out.json"):
        (tmp_path / name).symlink_to(tmp_path / "precious")
    write_atomically(tmp_path / "out.json", lambda file: file.write(b"mine"))
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "out.json").read_text() == "mine"


def test_a_link_that_was_named_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write_output(tmp_path / "link", b"one")
    write_output(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "there").read_bytes() == b"two"


def test_what_is_no_file_stays_what_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_output(pipe, b"through")
    assert os.read(reader, 10) == b"through" and pipe.is_fifo()
    os.close(reader)
    check_output(os.devnull)
    check_output(pipe)


def test_what_cannot_be_written_is_told_before_the_work(tmp_path):
    check_output(tmp_path / "new.json")
    with pytest.raises(IsADirectoryError):
        check_output(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no such folder: '.*gone'"):
        check_output(tmp_path / "gone" / "new.json")
    if os.access("/proc/version", os.R_OK) and not os.access("/proc", os.W_OK):
        with pytest.raises(PermissionError):
            check_output("/proc/new.json")


def pair(folder, value):
    """A file, and another that holds the same value, as a card the hash of its network."""
    return [(folder / "net.onnx", value * 1000), (folder / "net.toml", value)]


@pytest.mark.parametrize("fault", ["kill", "late", "full"])
@pytest.mark.parametrize("before", [False, True], ids=["first", "second"])
def test_files_that_go_together_do_so_whenever_a_run_ends(tmp_path, monkeypatch, before, fault):
    for number in range(1, 100):
        folder = tmp_path / str(number)
        folder.mkdir()
        if before:
            write_together(pair(folder, b"a"))
        with monkeypatch.context() as patch:
            disk = Disk(patch, number, fault)
            try:
                write_together(pair(folder, b"b"))
            except (Killed, OSError) as error:
                assert disk.dead == isinstance(error, Killed)
        if len(disk.calls) < number:
            break  # It came to its end before the fault.
        network, card = folder / "net.onnx", folder / "net.toml"
        if card.exists():
            assert network.read_bytes() == card.read_bytes() * 1000
        if network.exists():
            assert network.read_bytes() in (b"a" * 1000, b"b" * 1000)
        if before and fault == "full" and disk.calls[number - 1] in ("open", "write"):
            assert card.read_bytes() == b"a"  # Bytes without room cost nothing of what was there.
        write_together(pair(folder, b"c"))
        assert {path.name for path in folder.iterdir()} == {"net.onnx", "net.toml"}
        assert (network.read_bytes(), card.read_bytes()) == (b"c" * 1000, b"c")
    else:
        pytest.fail("it never came to its end")
    assert number > 12 and {*disk.calls} == {"open", "write", "fsync", "replace", "unlink"}


@pytest.mark.parametrize("fault", ["kill", "late", "full"])
@pytest.mark.parametrize("before", [b"", b"before"], ids=["first", "second"])
def test_a_file_is_whole_whenever_a_run_ends(tmp_path, monkeypatch, before, fault):
    """Checkpoints, presets, mixtures, sheets and videos are written like that."""
    for number in range(1, 100):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "out.json"
        if before:
            path.write_bytes(before)
        with monkeypatch.context() as patch:
            disk = Disk(patch, number, fault)
            try:
                write_output(path, b"after" * 1000)
            except (Killed, OSError) as error:
                assert disk.dead == isinstance(error, Killed)
        if len(disk.calls) < number:
            break  # It came to its end before the fault.
        found = path.read_bytes() if path.exists() else b""
        assert found in (before, b"after" * 1000)
        write_output(path, b"again")
        assert list(folder.iterdir()) == [path] and path.read_bytes() == b"again"
    else:
        pytest.fail("it never came to its end")
    assert number > 5 and {*disk.calls} == {"open", "write", "fsync", "replace", "unlink"}
