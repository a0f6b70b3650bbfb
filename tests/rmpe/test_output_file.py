"""Files that are complete or not there, whatever stands under their names."""

import os

import pytest

from rmpe.output_file import check_output, write_atomically, write_output


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
