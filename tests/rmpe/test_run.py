"""From images to a folder of results, as a library function."""

import contextlib
import gc
import hashlib
import json
import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rmpe.inputs.images import ImageError
from rmpe.outputs import drawing_files
from rmpe.outputs.drawing_files import DrawingStyle
from rmpe.outputs.errors import EarlierResultsError, OutputError, OutputLostError
from rmpe.outputs.folder import ResultFolder
from rmpe.run import run

from .fakes import PixelEstimator
from .outputs.material import make_records


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(5):
        save(f"photos/{number}.png", 40 + number)
    return tmp_path


def save(path, color):
    path = Path(path)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.full((24, 32, 3), color, np.uint8)).save(path)


@pytest.fixture
def estimators():
    """Every estimator that was loaded."""
    return []


@pytest.fixture
def infer(photos, estimators):
    """Run on the photographs; gives the tally, and keeps what was reported."""

    def load():
        estimators.append(PixelEstimator())
        return estimators[-1]

    def call(*inputs, out="out", **options):
        options = {"settings": {"flip": False}, "batch_size": 2} | options
        report = lambda message, error: call.reports.append(message)  # noqa: E731
        return run(inputs or ["photos"], out, load, report=report, **options)

    call.reports = []
    return call


def contents(out="out"):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in Path(out).rglob("*")
        if path.is_file()
    }


def lines(out="out"):
    return [json.loads(line) for line in Path(out, "results.jsonl").read_bytes().splitlines()]


def test_tally_says_what_became_of_the_images(infer, estimators):
    Path("photos/broken.png").write_bytes(b"no image")
    save("photos/red.png", (255, 0, 0))
    tally = infer("photos", "gone.jpg")
    assert (tally.images, tally.people, tally.skipped) == (5, 6, 3)
    assert (tally.done_before, tally.left, tally.stopped_by) == (0, 0, None)
    assert tally.limits.images == 2
    assert tally.working > 0
    assert {"read", "draw", "write", "finish"} <= set(tally.stages)
    # Which types are known depends on what is installed.
    assert [report.partition(" (JPEG, PNG")[0] for report in infer.reports] == [
        "skipped gone.jpg: no such file or folder",
        "skipped photos/broken.png: not an image, or not of a known type",
        "skipped photos/red.png: RuntimeError: red is not my color",
    ]
    again = infer(resume=True)
    assert (again.images, again.skipped, again.done_before) == (0, 2, 5)


def test_no_image_at_all_is_an_error_and_makes_no_folder(infer):
    with pytest.raises(ImageError, match=r"gone.jpg: no such file"):
        infer("gone.jpg")
    assert not Path("out").exists()


def test_networks_that_do_not_load_leave_no_trace(photos):
    def fail():
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        run(["photos"], "a/b", fail, settings={})
    assert not Path("a").exists()


def test_earlier_results_are_asked_about(infer):
    infer()
    with pytest.raises(EarlierResultsError):
        infer()
    infer(overwrite=True)


def test_progress_tells_of_images_and_records(infer):
    told = []

    @contextlib.contextmanager
    def progress(what, total):
        counts = []
        yield counts.append
        told.append((what, total, sum(counts)))

    infer(progress=progress)
    assert told == [("image", 5, 5), ("record", 5, 5)]


def test_resumed_run_knows_its_images_by_any_spelling(infer, estimators, photos):
    infer("photos/0.png", "photos/1.png")
    before = contents()
    Path("link").symlink_to("photos")
    for spelling in ("./photos", "photos/../photos", str(photos / "photos"), "link"):
        names = [f"{spelling}/{number}.png" for number in (0, 1)]
        assert infer(*names, resume=True).done_before == 2
    assert contents() == before
    assert len(estimators) == 1


@pytest.mark.parametrize("formats", [("csv", "jsonl"), ("openpose", "jsonl", "coco", "csv")])
def test_a_finished_run_that_is_resumed_stays_as_it_is_to_the_last_bit(infer, monkeypatch, formats):
    """Also where it ran on another device than the one that a run without networks notes."""
    monkeypatch.setattr(PixelEstimator, "__init__", as_if_on_a_device(PixelEstimator.__init__))
    infer(formats=formats)
    before = contents()
    for again in (formats, formats[::-1], ("jsonl",)):
        infer(formats=again, resume=True)
        assert contents() == before
    assert json.loads(before["run.json"])["formats"] == list(formats)
    assert json.loads(before["run.json"])["device"] == "meta"


def as_if_on_a_device(make):
    def init(self):
        make(self)
        self.device = torch.device("meta")

    return init


def test_images_given_in_two_spellings_are_done_once(infer):
    Path("link").symlink_to("photos")
    assert infer("photos", "link", "./photos/../photos").images == 5
    assert len(lines()) == 5


def test_missing_drawings_are_made_without_the_networks(infer, estimators):
    infer()
    unbroken = contents()
    for name in ("1.png", "3.png"):
        Path("out/drawings", name).unlink()
    Path("out/drawings/4.png").write_bytes(b"")
    tally = infer(resume=True)
    assert contents() == unbroken
    assert len(estimators) == 1
    assert (tally.images, tally.drawn_again, tally.done_before) == (0, 3, 2)


def test_drawings_that_failed_are_made_again_among_new_images(infer, estimators, monkeypatch):
    infer(out="unbroken")
    draw = drawing_files.draw

    def fail(image, people, style):
        if image[0, 0, 0] == 41:
            raise OSError(28, "No space left on device")
        return draw(image, people, style)

    with monkeypatch.context() as patch:
        patch.setattr(drawing_files, "draw", fail)
        tally = infer("photos/0.png", "photos/1.png", "photos/2.png")
    assert (tally.images, tally.failed_drawings) == (3, 1)
    assert infer.reports == [
        "no drawing of photos/1.png: OSError: [Errno 28] No space left on device"
    ]
    tally = infer(resume=True)
    assert (tally.images, tally.drawn_again, tally.failed_drawings) == (2, 1, 0)
    assert contents() == contents("unbroken")
    assert sum(estimators[-1].batches) == 2


def test_drawings_are_added_to_a_run_without_any(infer, estimators):
    infer(out="unbroken")
    infer(style=None)
    assert infer(resume=True, style=None).done_before == 5
    assert infer(resume=True).drawn_again == 5
    assert contents() == contents("unbroken")
    assert len(estimators) == 2


def test_pictures_are_not_made_of_a_photograph_that_was_changed(infer):
    """Of one size with the other, which the people of the record do not belong to."""
    infer(crops=DrawingStyle())
    before = Path("out/results.jsonl").read_bytes()
    changed = lines()[1]
    shutil.rmtree("out/drawings")
    shutil.rmtree("out/crops")
    pixels = np.full((changed["height"], changed["width"], 3), 99, np.uint8)
    Image.fromarray(pixels).save(changed["file"])
    tally = infer(resume=True, crops=DrawingStyle())
    assert [report.partition(";")[0] for report in infer.reports] == [
        f"no drawing or crops of {changed['file']}: ValueError: the photograph was changed since "
        "its people were found"
    ]
    assert (tally.failed_drawings, tally.drawn_again) == (1, 4)
    assert Path("out/results.jsonl").read_bytes() == before
    assert not Path("out/drawings", changed["name"]).exists()
    assert not [*Path("out/crops").glob("1_*")]
    # What the message advises.
    rest = before.splitlines(keepends=True)
    Path("out/results.jsonl").write_bytes(b"".join([rest[0], *rest[2:]]))
    assert infer(resume=True, crops=DrawingStyle()).images == 1
    again = next(line for line in lines() if line["file"] == changed["file"])
    assert again["sha256"] == hashlib.sha256(Path(changed["file"]).read_bytes()).hexdigest()


def test_photograph_that_is_gone_cannot_be_drawn_again(infer):
    infer()
    Path("out/drawings/1.png").unlink()
    Path("photos/1.png").write_bytes(b"no image")
    tally = infer(resume=True)
    assert (tally.failed_drawings, tally.skipped) == (1, 0)
    assert infer.reports[-1].startswith("no drawing of photos/1.png: ImageError: photos/1.png: not")
    assert "error" not in lines()[1]


def test_image_that_fails_and_succeeds_later_keeps_its_place(infer):
    infer(out="unbroken")
    good = Path("photos/1.png").read_bytes()
    Path("photos/1.png").write_bytes(b"no image")
    assert infer().skipped == 1
    Path("photos/1.png").write_bytes(good)
    assert infer(resume=True).images == 1
    assert contents() == contents("unbroken")


def test_second_run_into_the_same_folder_is_refused(infer, monkeypatch):
    call, refused = PixelEstimator.__call__, []

    def meanwhile(self, images):
        with pytest.raises(OutputError, match="another run is writing into out"):
            infer(resume=True)
        refused.append(True)
        return call(self, images)

    monkeypatch.setattr(PixelEstimator, "__call__", meanwhile)
    infer()
    assert len(refused) == 3
    assert len(lines()) == 5


@pytest.mark.parametrize("draw", [True, False])
def test_removed_folder_is_told_of_once(infer, monkeypatch, draw):
    call = PixelEstimator.__call__

    def remove(self, images):
        shutil.rmtree("out", ignore_errors=True)
        return call(self, images)

    monkeypatch.setattr(PixelEstimator, "__call__", remove)
    with pytest.raises(OutputLostError, match="stopped, because out cannot be written to"):
        infer(style=DrawingStyle() if draw else None)
    assert infer.reports == []
    assert not Path("out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_while_networks_load_ends_the_run_before_its_first_image(photos, number):
    def load():
        signal.raise_signal(number)
        return PixelEstimator()

    tally = run(["photos"], "out", load, settings={})
    assert (tally.images, tally.left, tally.stopped_by) == (0, 5, number)
    assert lines() == []


def test_signal_while_files_are_finished_lets_them_be_finished(infer, monkeypatch):
    finish = ResultFolder.finish

    def interrupted(self, *arguments):
        signal.raise_signal(signal.SIGTERM)
        finish(self, *arguments)

    infer(out="unbroken")
    monkeypatch.setattr(ResultFolder, "finish", interrupted)
    tally = infer()
    assert (tally.left, tally.stopped_by) == (0, None)  # All is done, the signal came too late.
    assert contents() == contents("unbroken")


def test_signals_in_a_row_while_files_are_finished_cost_nothing(infer, monkeypatch):
    finish = ResultFolder.finish

    def interrupted(self, *arguments):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        finish(self, *arguments)

    infer(out="unbroken")
    with monkeypatch.context() as patch:
        patch.setattr(ResultFolder, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            infer()
    assert len(Path("out/results.jsonl.partial").read_bytes().splitlines()) == 5
    infer(resume=True)
    assert contents() == contents("unbroken")


@pytest.mark.parametrize("when", range(1, 4))
def test_interruption_at_any_batch_and_then_resumed(infer, monkeypatch, when):
    infer(out="unbroken")
    call = PixelEstimator.__call__

    def interrupted(self, images):
        if len(self.batches) + 1 == when:
            signal.raise_signal(signal.SIGINT)
        return call(self, images)

    with monkeypatch.context() as patch:
        patch.setattr(PixelEstimator, "__call__", interrupted)
        tally = infer()
    assert tally.images + tally.left == 5
    assert len(lines()) == tally.images
    infer(resume=True)
    assert contents() == contents("unbroken")


@pytest.fixture
def large(photos):
    """A folder with the finished results of 3,000 images of ten people each; gives their bytes."""
    run(["photos/0.png"], "out", PixelEstimator, settings={"flip": False}, style=None)
    entry = make_records(11)[-1]
    with open("out/results.jsonl", "a") as file:
        for number in range(10, 3010):
            name = f"im_{number}.jpg"
            file.write(json.dumps(entry | {"file": name, "name": name, "image_id": number}) + "\n")
    return os.path.getsize("out/results.jsonl")


def peak_memory(reset=False):
    """The most bytes that this process took so far, or since it was asked to forget."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status)[1])


def test_resuming_thousands_of_records_reads_each_twice_and_holds_none(infer, large, monkeypatch):
    read = []

    class CountingOS:
        def __getattr__(self, name):
            return getattr(os, name)

        def pread(self, fd, length, start):
            read.append(length)
            return os.pread(fd, length, start)

    monkeypatch.setattr("rmpe.outputs.journal.os", CountingOS())
    infer(out="first")  # What is imported on the way is not counted.
    gc.collect()
    try:
        before = peak_memory(reset=True)
    except OSError as error:
        pytest.skip(f"the peak of the memory cannot be measured here: {error}")
    tally = infer(resume=True, style=None)
    peak = peak_memory()
    assert (tally.images, tally.done_before) == (4, 1)
    assert len(lines()) == 3005
    # Once for results.jsonl, once for all other formats together.
    assert large < sum(read) < 2.1 * large
    # Parsed, these records take about 100 MB.
    assert peak - before < 12 << 20
