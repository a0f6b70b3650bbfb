"""The file layer: complete or not there, exclusive, and never through a link."""

import errno
import os
import stat
import threading

import pytest

from rmpe.outputs.files import Directory


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "out").mkdir()
    with Directory(tmp_path / "out") as opened:
        yield opened


@pytest.fixture
def out(tmp_path, directory):
    return tmp_path / "out"


def write(directory, name, data=b"new", **options):
    with directory.replacing(name, **options) as file:
        file.write(data)


def test_file_gets_its_name_only_when_complete(directory, out):
    (out / "r.json").write_text("earlier")
    with directory.replacing("r.json") as file:
        file.write(b"ne")
        file.flush(sync=True)
        assert (out / "r.json").read_text() == "earlier"
        assert (out / "r.json.partial").read_text() == "ne"
        file.write(b"w")
    assert (out / "r.json").read_text() == "new"
    assert os.listdir(out) == ["r.json"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_failure_leaves_the_earlier_file_and_nothing_else(directory, out, error):
    (out / "r.json").write_text("earlier")
    with pytest.raises(error), directory.replacing("r.json") as file:
        file.write(b"new")
        raise error
    assert (out / "r.json").read_text() == "earlier"
    assert os.listdir(out) == ["r.json"]


def test_bytes_are_on_the_disk_before_the_name_is(directory, monkeypatch):
    calls = []
    for name in ("write", "fsync", "rename"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, real=real, name=name, **k: calls.append(name) or real(*a, **k)
        )
    write(directory, "a")
    assert calls == ["write", "fsync", "rename", "fsync"]


def test_short_writes_are_completed(directory, out, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:100]))
    data = bytes(range(256)) * 10
    write(directory, "a", data)
    assert (out / "a").read_bytes() == data


def test_a_file_that_a_write_tore_takes_no_more(directory, out, monkeypatch):
    file = directory.create("a")
    file.write(b"first")
    file.flush(sync=False)

    def fail(fd, data):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        file.write(b"lost")
        with pytest.raises(OSError, match="full"):
            file.flush(sync=False)
    with pytest.raises(OSError, match="a is torn"):
        file.flush(sync=True)
    assert (out / "a").read_bytes() == b"first"
    file.close()


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_links_planted_under_the_unfinished_name_are_not_written_through(
    directory, out, tmp_path, link
):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link(victim, out / "a.partial")
    write(directory, "a")
    assert victim.read_text() == "precious"
    assert (out / "a").read_text() == "new"
    assert not (out / "a").is_symlink()


def test_link_planted_under_the_name_is_replaced_and_not_followed(directory, out, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (out / "a").symlink_to(victim)
    write(directory, "a")
    assert victim.read_text() == "precious"
    assert (out / "a").read_text() == "new"


def test_link_that_comes_back_is_refused(directory, out, tmp_path, monkeypatch):
    """Somebody plants the link again between its removal and the creation of the file."""
    real = os.unlink

    def plant_again(name, **options):
        real(name, **options)
        (out / "a.partial").symlink_to(tmp_path / "victim")

    (out / "a.partial").symlink_to(tmp_path / "victim")
    monkeypatch.setattr(os, "unlink", plant_again)
    with pytest.raises(FileExistsError):
        write(directory, "a")
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("method", ["open", "append_to", "lock"])
def test_links_are_not_opened(directory, out, tmp_path, method):
    (tmp_path / "victim").write_text("precious")
    (out / "a").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="a is a link"):
        getattr(directory, method)("a")


def test_hard_links_are_not_appended_to(directory, out, tmp_path):
    (tmp_path / "victim").write_text("precious")
    os.link(tmp_path / "victim", out / "a")
    with pytest.raises(OSError, match="a is not a file of this folder alone"):
        directory.append_to("a")


@pytest.mark.parametrize("method", ["open", "append_to"])
def test_pipes_are_not_waited_for(directory, out, method):
    os.mkfifo(out / "a")
    with pytest.raises(OSError, match="a is not a file"):
        getattr(directory, method)("a")


def test_folder_that_is_a_link_is_not_entered(directory, out, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (out / "drawings").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        directory.subfolder("drawings")


def test_files_stay_in_the_folder_that_was_opened(directory, out, tmp_path):
    """Whoever swaps the folder for a link leads nothing astray."""
    (tmp_path / "elsewhere").mkdir()
    out.rename(tmp_path / "moved")
    out.symlink_to(tmp_path / "elsewhere")
    write(directory, "a")
    assert os.listdir(tmp_path / "elsewhere") == []
    assert os.listdir(tmp_path / "moved") == ["a"]


def test_removing_a_link_leaves_what_it_leads_to(directory, out, tmp_path):
    (tmp_path / "victim").write_text("precious")
    (out / "a").symlink_to(tmp_path / "victim")
    directory.remove("a")
    directory.remove("a")
    assert (tmp_path / "victim").exists()
    assert os.listdir(out) == []


def test_sizes_are_those_of_files_alone(directory, out, tmp_path):
    (out / "a").write_text("abc")
    (out / "folder").mkdir()
    (out / "link").symlink_to(out / "a")
    assert directory.sizes() == {"a": 3}


def test_mode_tells_what_stands_there(directory, out):
    (out / "away").symlink_to("gone")
    assert stat.S_ISLNK(directory.mode("away"))
    assert directory.mode("gone") is None


def test_appending_reading_and_cutting(directory, out):
    (out / "a").write_bytes(b"one\ntw")
    with directory.append_to("a") as file:
        file.cut(4)
        file.write(b"two\n")
        assert file.size == 8
        file.flush(sync=True)
        assert file.read(4, 100) == b"two\n"
    assert (out / "a").read_bytes() == b"one\ntwo\n"


def test_removal_of_an_open_file_is_noticed(directory, out):
    with directory.create("a") as file:
        assert not file.is_removed()
        (out / "a").unlink()
        assert file.is_removed()


def test_one_lock_at_a_time(directory):
    first = directory.lock("run.lock")
    assert directory.lock("run.lock") is None
    os.close(first)
    second = directory.lock("run.lock")
    assert second is not None
    os.close(second)


def test_lock_of_a_dead_process_is_free(directory, out):
    child = os.fork()
    if child == 0:
        directory.lock("run.lock")
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert (out / "run.lock").exists()
    lock = directory.lock("run.lock")
    assert lock is not None
    os.close(lock)


def test_lock_is_on_the_file_that_has_the_name(directory, out, monkeypatch):
    """The run before removes its file after this one opened it, and before it is locked."""
    import fcntl

    real, removed = fcntl.flock, []

    def flock(fd, operation):
        if not removed:
            removed.append((out / "run.lock").unlink())
        real(fd, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    lock = directory.lock("run.lock")
    assert os.fstat(lock).st_ino == (out / "run.lock").stat().st_ino
    assert directory.lock("run.lock") is None
    os.close(lock)


def test_many_threads_get_one_lock(directory):
    locks = []
    threads = [threading.Thread(target=lambda: locks.append(directory.lock("l"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(locks) == 8
    (lock,) = [lock for lock in locks if lock is not None]
    os.close(lock)
