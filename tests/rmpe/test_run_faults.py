"""Runs that die, or whose disk fails, at every single call that changes a file.

Each fault is followed by a resumed run. Nothing that was done may be missing in between, no file
that bears its own name may be anything but complete, and in the end every file has to be that of an
unbroken run, bit for bit.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rmpe.outputs import files
from rmpe.outputs.drawing_files import DrawingStyle
from rmpe.outputs.errors import OutputError
from rmpe.outputs.folder import ResultFolder
from rmpe.run import run
from rmpe.trackers.parameters import TrackingParameters

from .fakes import PixelEstimator

# All that changes files or folders. Creating and opening for appending go through os.open.
CALLS = ("open", "write", "fsync", "ftruncate", "rename", "unlink", "mkdir", "rmdir")
FINAL = ("run.json", "results.jsonl", "coco-results.json", "alphapose-results.json", "images.json")


class Killed(BaseException):
    """The process is no more."""


class FaultyOS:
    """The module os, but the call of a given number goes wrong.

    ``kill``: the process ends instead of the call. ``late``: it ends after the call, or after half
    the bytes of a write. ``power``: likewise, and no file keeps more than what fsync covered.
    ``full``: from then on nothing can be written, half of a write apart. ``error``: that call fails.
    """

    def __init__(self, at=None, fault=None):
        self.at, self.fault = at, fault
        self.calls = Counter()
        self.dead = False
        self._lock = threading.Lock()
        self._kept = {}  # Of each file that was written to: a descriptor, and the bytes synced.

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def call(*arguments, **options):
            with self._lock:
                return self._call(name, real, arguments, options)

        return call

    def _call(self, name, real, arguments, options):
        if self.dead:
            raise Killed
        if name == "open" and not arguments[1] & (os.O_RDWR | os.O_WRONLY):
            return real(*arguments, **options)
        self.calls[name] += 1
        number = self.calls.total()
        if number == self.at or (self.fault == "full" and self.at is not None and number > self.at):
            self._go_wrong(name, real, arguments, options)
        result = real(*arguments, **options)
        if name == "open":
            self._kept[os.fstat(result).st_ino] = [os.dup(result), os.fstat(result).st_size]
        if name == "fsync" and os.fstat(arguments[0]).st_ino in self._kept:
            self._kept[os.fstat(arguments[0]).st_ino][1] = os.fstat(arguments[0]).st_size
        return result

    def _go_wrong(self, name, real, arguments, options):
        if self.fault in ("late", "power", "full") and name == "write":
            real(arguments[0], arguments[1][: len(arguments[1]) // 2])
        elif self.fault in ("late", "power"):
            real(*arguments, **options)
        if self.fault == "full":
            if name in ("unlink", "rename", "rmdir", "ftruncate"):
                return  # These need no space.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.fault == "error":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.dead = True
        if self.fault == "power":
            for fd, size in self._kept.values():
                os.ftruncate(fd, min(size, os.fstat(fd).st_size))
        raise Killed

    @contextmanager
    def instead_of_os(self, monkeypatch):
        """Go wrong for all that writes results; what the block raises of it ends the block."""
        with monkeypatch.context() as patch:
            patch.setattr(files, "os", self)
            try:
                yield
            except (Killed, OutputError) as error:
                assert self.dead == isinstance(error, Killed)
        self.let_go()

    def let_go(self):
        for fd, _ in self._kept.values():
            os.close(fd)


@pytest.fixture
def disk(tmp_path):
    """A folder in memory where there is such a thing, so that hundreds of runs take seconds."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Seven files: five with 0 to 3 people, one that is damaged, one the network chokes on."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(7):
        pixels = np.full((24, 32, 3), 40 + number, np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "1.png").write_bytes(b"damaged")
    Image.fromarray(np.full((24, 32, 3), (255, 0, 0), np.uint8)).save(folder / "4.png")
    return folder


def infer(photos, out, count=7, **options):
    inputs = [photos / f"{number}.png" for number in range(count)]
    style = DrawingStyle(min_person_score=0, min_keypoint_score=0)
    return run(
        inputs, out, PixelEstimator, settings={"flip": False}, style=style, batch_size=2, **options
    )


@pytest.fixture
def acknowledged(monkeypatch):
    """The records of all images that a run counted as done."""
    done, append = [], ResultFolder.append

    def note(self, entries):
        append(self, entries)
        done.extend(entries)

    monkeypatch.setattr(ResultFolder, "append", note)
    return done


def contents(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


def records_in(out):
    """All complete lines that hold a record, read as plainly as can be."""
    found = []
    for name in ("results.jsonl", "results.jsonl.partial"):
        data = (out / name).read_bytes() if (out / name).exists() else b""
        *lines, torn = data.split(b"\n")
        assert not torn or name.endswith(".partial"), "a torn file has its final name"
        found += [json.loads(line) for line in lines]
    return found


@pytest.fixture(scope="module")
def unbroken(photos, tmp_path_factory):
    """The files of a run that nothing happened to."""
    out = tmp_path_factory.mktemp("unbroken") / "out"
    infer(photos, out)
    return contents(out)


def fresh(photos, out):
    """Nothing is there."""


def finished(photos, out):
    """A run of fewer images came to its end."""
    infer(photos, out, count=3)


def killed(photos, out):
    """A run of fewer images ended, a second one died, and its last line is torn."""
    infer(photos, out, count=3)
    with pytest.MonkeyPatch.context() as patch:
        # The images are done, and it dies when it begins to finish.
        patch.setattr(ResultFolder, "finish", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            infer(photos, out, count=5, resume=True)
    with open(out / "results.jsonl.partial", "ab") as file:
        file.write(b'{"file": "and')


@pytest.mark.parametrize("fault", ["kill", "late", "power", "full", "error"])
@pytest.mark.parametrize("start", [fresh, finished, killed])
def test_nothing_is_lost_wherever_a_run_ends(
    photos, unbroken, acknowledged, disk, monkeypatch, start, fault
):
    # Fewer threads: the runs are tiny.
    monkeypatch.setattr("rmpe.run.usable_processors", lambda: 1)
    before = disk / "before"
    start(photos, before)
    earlier = contents(before) if before.exists() else {}
    known = records_in(before)
    seen = Counter()
    for number in range(1, 1000):
        out = disk / "out"
        shutil.rmtree(out, ignore_errors=True)
        if earlier:
            shutil.copytree(before, out)
        acknowledged.clear()
        faulty = FaultyOS(number, fault)
        with faulty.instead_of_os(monkeypatch):
            infer(photos, out, resume=True)
        if faulty.calls.total() < number:
            break  # The run came to its end before the fault.
        seen = faulty.calls if faulty.calls.total() > seen.total() else seen

        for entry in known + acknowledged:
            assert entry in records_in(out), f"{entry['file']} is lost at call {number}"
        for name, data in contents(out).items():
            if name in FINAL:
                complete = (earlier.get(name), unbroken[name])
                assert data in complete, f"{name} is not complete at call {number}"
            elif name.endswith(".png") and fault != "power":
                assert data == unbroken[name], f"{name} is not complete at call {number}"

        infer(photos, out, resume=True)
        assert contents(out) == unbroken, f"the files differ after call {number}"
    else:
        pytest.fail("the run never came to its end")
    # That so many calls were tried, and every kind of them: else this shows nothing.
    assert number > {"fresh": 60, "finished": 55, "killed": 45}[start.__name__]
    kinds = {"open", "write", "fsync", "rename", "unlink", "mkdir"}
    assert {*+seen} == kinds | ({"ftruncate"} if start is killed else set())


def test_every_change_goes_through_the_layer_that_is_tried(photos, tmp_path, monkeypatch):
    """Python itself tells of each file that is opened, renamed or removed, whoever does it."""
    faulty, told, listening = FaultyOS(), Counter(), [True]
    names = {"os.rename": "rename", "os.remove": "unlink", "os.mkdir": "mkdir", "os.rmdir": "rmdir"}

    def listen(event, arguments):
        if not listening:
            return
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            told["open"] += 1
        elif event in (*names, "os.truncate"):
            told[names.get(event, "ftruncate")] += 1

    monkeypatch.setattr(files, "os", faulty)
    sys.addaudithook(listen)  # For good, as Python has no way to take it back.
    try:
        infer(photos, tmp_path / "out")
    finally:
        listening.clear()
        faulty.let_go()
    # The output folder itself is made, and would be removed if it were empty.
    told -= Counter(mkdir=1, rmdir=1)
    assert told == {name: count for name, count in faulty.calls.items() if name in told}
    assert {*told} == {"open", "rename", "unlink", "mkdir"}


DRIVER = """
import os, random, signal, sys, time
from pathlib import Path
from tests.rmpe.fakes import PixelEstimator
from tests.rmpe.test_run_faults import infer

photos, out, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
call = PixelEstimator.__call__
PixelEstimator.__call__ = lambda self, images: time.sleep(0.01) or call(self, images)
chance = random.Random(7)
killed = 0
while killed < kills:
    child = os.fork()
    if child == 0:
        infer(photos, out, resume=True)
        os._exit(0)
    time.sleep(chance.uniform(0.005, 0.12))
    os.kill(child, signal.SIGKILL)
    killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
print(killed)
"""


def test_killed_again_and_again_by_the_system(photos, unbroken, tmp_path):
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), str(root / "python"), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, photos, tmp_path / "out", "6"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.stdout == "6\n", done.stderr
    infer(photos, tmp_path / "out", resume=True)
    assert contents(tmp_path / "out") == unbroken


def during(photos, out, happen, **options):
    """Run, and let something happen when the second batch is on its way; give what was reported."""
    reported, calls = [], []

    class Happening(PixelEstimator):
        def __call__(self, images):
            calls.append(len(images))
            if len(calls) == 2:
                happen()
            return super().__call__(images)

    inputs = [photos / f"{number}.png" for number in range(7)]
    run(
        inputs, out, Happening, settings={"flip": False}, batch_size=2,
        style=DrawingStyle(min_person_score=0, min_keypoint_score=0),
        report=lambda line, error: reported.append(line), **options,
    )  # fmt: skip
    return reported


def test_a_run_file_that_was_removed_is_written_again(photos, unbroken, tmp_path):
    out = tmp_path / "out"
    during(photos, out, (out / "run.json").unlink)
    assert contents(out) == unbroken


def test_a_folder_that_was_renamed_has_the_results_and_is_reported_once(photos, unbroken, tmp_path):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    reported = during(photos, out, lambda: out.rename(elsewhere))
    assert sum("was renamed or moved while it was written to" in line for line in reported) == 1
    assert contents(elsewhere) == unbroken
    assert not out.exists()


@pytest.mark.parametrize(
    "name", ["images.json.partial", "results.jsonl.merged", "run.json.partial"]
)
def test_a_folder_that_stands_where_a_file_will_be_is_named_before_anything_is_done(
    photos, tmp_path, name
):
    (tmp_path / name).mkdir()
    with pytest.raises(OutputError, match=f"{name} must be a file, it is a folder"):
        infer(photos, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("tracking", [None, TrackingParameters()])
def test_a_working_directory_that_is_removed_costs_nothing(photos, tmp_path, monkeypatch, tracking):
    expected, here, out = tmp_path / "expected", tmp_path / "here", tmp_path / "out"
    here.mkdir()
    monkeypatch.chdir(here)
    during(photos, expected, lambda: None, tracking=tracking)
    during(photos, out, here.rmdir, tracking=tracking)
    monkeypatch.chdir(tmp_path)
    assert contents(out) == contents(expected)


def test_a_working_directory_that_is_not_there_is_named(photos, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    with pytest.raises(OutputError, match="there is no current folder .*: change to one that"):
        infer(photos, tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    assert not (tmp_path / "out").exists()
