"""Runs that track: identities are those of `rmpe track`, whatever interrupts a run."""

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rmpe.cli import main
from rmpe.outputs import files
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.folder import ResultFolder
from rmpe.run import run
from rmpe.trackers.parameters import TrackingParameters
from rmpe.tracking import track_results

from .fakes import PixelEstimator
from .test_run_faults import FaultyOS, Killed, contents
from .test_run_faults import disk as disk

PEOPLE = (2, 3, 3, 0, 3, 3)
FRAMES = len(PEOPLE)


@pytest.fixture
def frames(disk):
    """In frames/: an image for each number of people, f7.png to f12.png."""
    for number, people in enumerate(PEOPLE):
        save(disk / "frames" / f"f{number + 7}.png", people)
    return disk / "frames"


def save(path, value):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.full((24, 32, 3), value, np.uint8)).save(path)


def infer(frames, out, tracking=TrackingParameters(), **options):  # noqa: B008
    style = DrawingStyle(min_person_score=0, min_keypoint_score=0)
    options = {"style": style, "batch_size": 2} | options
    return run([frames], out, PixelEstimator, settings={}, tracking=tracking, **options)


def ids(out):
    entries = [json.loads(line) for line in (out / "results.jsonl").open()]
    return [[one["track_id"] for one in entry.get("people", [])] for entry in entries]


def test_identities_are_those_of_tracking_the_results_later(frames, disk):
    infer(frames, disk / "plain", None)
    track_results(disk / "plain", disk / "tracked")
    tally = infer(frames, disk / "out")
    # f10.png comes after f9.png; who comes in has an identity when they are seen again.
    assert ids(disk / "out") == [[1, 2], [1, 2, None], [1, 2, 3], [], [1, 2, 3], [1, 2, 3]]
    for name in ("results.jsonl", "coco-results.json", "alphapose-results.json", "images.json"):
        assert (disk / "out" / name).read_bytes() == (disk / "tracked" / name).read_bytes()
    assert (tally.images, tally.drawn_again, tally.left) == (6, 0, 0)
    assert {"track", "draw", "finish"} <= set(tally.stages)
    assert len(list((disk / "out" / "drawings").iterdir())) == FRAMES


def test_drawings_show_identities(frames, disk):
    infer(frames, disk / "plain", None)
    infer(frames, disk / "out")
    same = [
        path.name
        for path in sorted((disk / "out" / "drawings").iterdir())
        if path.read_bytes() == (disk / "plain" / "drawings" / path.name).read_bytes()
    ]
    # Nobody is there.
    assert same == ["f10.png"]


@pytest.mark.parametrize("when", [1, 2, 3])
def test_interrupted_at_any_batch_and_resumed(frames, disk, monkeypatch, when):
    infer(frames, disk / "unbroken")
    call = PixelEstimator.__call__

    def interrupted(self, images):
        if len(self.batches) + 1 == when:
            signal.raise_signal(signal.SIGINT)
        return call(self, images)

    with monkeypatch.context() as patch:
        patch.setattr(PixelEstimator, "__call__", interrupted)
        tally = infer(frames, disk / "out")
    assert tally.images == 2 * when
    assert tally.left == FRAMES  # No frame is drawn yet, whatever has its record.
    assert ids(disk / "out") == ids(disk / "unbroken")[: 2 * when]
    infer(frames, disk / "out", resume=True)
    assert contents(disk / "out") == contents(disk / "unbroken")


@pytest.mark.parametrize("at", ["frame", "drawing"])
def test_interrupted_while_tracking_or_drawing(frames, disk, monkeypatch, at):
    infer(frames, disk / "unbroken")
    monkeypatch.setattr("rmpe.outputs.journal._PIECE", 2)
    name = {"frame": "replace", "drawing": "finish"}[at]

    def fail(*arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ResultFolder, name, fail)
        patch.setattr(ResultFolder, "finish", fail)
        with pytest.raises(Killed):
            infer(frames, disk / "out")
    infer(frames, disk / "out", resume=True)
    assert contents(disk / "out") == contents(disk / "unbroken")


def test_a_frame_that_can_be_read_later_changes_the_identities_after_it(frames, disk):
    infer(frames, disk / "unbroken")
    good = (frames / "f8.png").read_bytes()
    (frames / "f8.png").write_bytes(b"damaged")
    assert infer(frames, disk / "out").skipped == 1
    # The third person, who would have been seen in f8.png, was seen once before f11.png.
    assert ids(disk / "out")[2:] == [[1, 2, None], [], [1, 2, None], [1, 2, 3]]
    (frames / "f8.png").write_bytes(good)
    infer(frames, disk / "out", resume=True)
    assert contents(disk / "out") == contents(disk / "unbroken")


@pytest.mark.parametrize("fault", ["kill", "power"])
def test_killed_at_any_change_of_a_file_and_resumed(frames, disk, monkeypatch, fault):
    monkeypatch.setattr("rmpe.run.usable_processors", lambda: 1)
    infer(frames, disk / "unbroken")
    unbroken = contents(disk / "unbroken")
    good = (frames / "f8.png").read_bytes()
    (frames / "f8.png").write_bytes(b"damaged")
    infer(frames, disk / "before")
    (frames / "f8.png").write_bytes(good)
    for number in range(1, 1000):
        out = disk / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(disk / "before", out)
        faulty = FaultyOS(number, fault)
        with monkeypatch.context() as patch:
            patch.setattr(files, "os", faulty)
            try:
                infer(frames, out, resume=True)
            except Killed:
                assert faulty.dead
        faulty.let_go()
        if faulty.calls.total() < number:
            break
        infer(frames, out, resume=True)
        assert contents(out) == unbroken, f"the files differ after call {number}"
    else:
        pytest.fail("the run never came to its end")
    assert number > 40


def test_a_run_without_tracking_is_not_resumed_with_it(frames, disk, capsys, monkeypatch):
    monkeypatch.setattr("rmpe.commands.infer.build_estimator", lambda *_, **__: PixelEstimator())
    out = ["--out", str(disk / "out"), "--no-draw", "--quiet"]
    assert main(["infer", str(frames), *out]) == 0
    assert main(["infer", str(frames), *out, "--track", "--resume"]) == 2
    assert "other settings: --track was False, now True" in capsys.readouterr().err
    assert main(["infer", str(frames), *out, "--track", "--overwrite"]) == 0
    assert ids(disk / "out")[0] == [1, 2]
    assert not Path(disk / "out" / "drawings").exists()
