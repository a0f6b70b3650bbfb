"""Runs on videos: a record for each frame, resumed without a trace, tracked."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rmpe.cli import main
from rmpe.inputs.clip import Excerpt
from rmpe.inputs.images import ImageError
from rmpe.outputs import files
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.pipeline import PoseEstimator
from rmpe.run import run
from rmpe.skeletons import COCO_17
from rmpe.stream import stream
from rmpe.trackers.parameters import TrackingParameters

from .fakes import PixelEstimator
from .test_run_faults import FaultyOS, Killed, contents

pytest.importorskip("av")
from .inputs.test_video import bar, picture, write_video  # noqa: E402

STYLE = DrawingStyle(min_person_score=0, min_keypoint_score=0)


class BarEstimator(PixelEstimator):
    """Finds as many people as the frame's number says, but for lossy compression."""

    def __call__(self, images):
        return super().__call__([np.full_like(image, bar(image)) for image in images])


class FollowingBars(BarEstimator):
    """Follows people, and shows in their keypoints and scores how often it did."""

    skeleton = COCO_17

    def follow(self, image, before):
        moved = before.keypoints * 0.98765 + 0.123456
        return replace(before, keypoints=moved, box_scores=before.box_scores * 0.9)


@pytest.fixture
def clip(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_video("walk.mp4", codec="mjpeg", pix_fmt="yuvj420p")


def infer(*inputs, out="out", estimator=BarEstimator, **options):
    options = {"style": STYLE, "batch_size": 3, "settings": {}} | options
    return run(inputs, out, estimator, **options)


def lines(out="out"):
    with open(f"{out}/results.jsonl") as file:
        return [json.loads(line) for line in file]


def test_every_frame_has_its_record(clip, tmp_path):
    reports = []
    tally = infer(clip, "gone.mp4", report=lambda message, error: reports.append(message))
    entries = lines()
    assert [entry["file"] for entry in entries[:2]] == [
        "walk.mp4/walk_000000.jpg", "walk.mp4/walk_000001.jpg",
    ]  # fmt: skip
    assert [entry["image_id"] for entry in entries] == list(range(10))
    assert [entry["time"] for entry in entries] == pytest.approx([0.04 * n for n in range(10)])
    assert [len(entry["people"]) for entry in entries] == [n % 4 for n in range(10)]
    assert (tally.images, tally.skipped) == (10, 1)
    assert reports == ["skipped gone.mp4: no such file or folder"]
    assert len(list((tmp_path / "out" / "drawings").glob("walk_00000*.jpg"))) == 10


def test_excerpts(clip):
    infer(clip, excerpt=Excerpt(start=0.08, end=0.3, stride=2))
    assert [entry["image_id"] for entry in lines()] == [2, 4, 6]


def damage(clip, number):
    """Take the data of a frame away."""
    import av

    with av.open(clip) as container:
        start, size = [(p.pos, p.size) for p in container.demux(video=0) if p.size][number]
    with open(clip, "r+b") as file:
        file.seek(start)
        file.write(bytes(size))


def test_a_damaged_frame_leaves_its_row(clip):
    damage(clip, 4)
    reports = []
    tally = infer(clip, report=lambda message, error: reports.append(message))
    assert (tally.images, tally.skipped) == (9, 1)
    assert reports == ["skipped walk.mp4: frame 4 cannot be decoded"]
    entry = lines()[4]
    assert (entry["image_id"], entry["time"]) == (4, 0.16)
    assert entry["error"] == "walk.mp4: frame 4 cannot be decoded"


@pytest.mark.parametrize("tracking", [None, TrackingParameters()], ids=["plain", "tracked"])
def test_interrupted_and_resumed(clip, tmp_path, monkeypatch, tracking):
    infer(clip, out="unbroken", tracking=tracking)
    call = BarEstimator.__call__

    def interrupted(self, images):
        if len(self.batches) == 1:
            signal.raise_signal(signal.SIGINT)
        return call(self, images)

    with monkeypatch.context() as patch:
        patch.setattr(BarEstimator, "__call__", interrupted)
        assert infer(clip, tracking=tracking).images == 6
    infer(clip, tracking=tracking, resume=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "unbroken")


def test_detection_in_some_frames(clip):
    infer(clip, estimator=FollowingBars, detect_every=3, style=None)
    entries = lines()
    assert [len(entry["people"]) for entry in entries] == [0, 0, 0, 3, 3, 3, 2, 2, 2, 1]
    scores = [entry["people"][0]["box_score"] for entry in entries[3:]]
    assert scores == pytest.approx([0.8, 0.72, 0.648, 0.8, 0.72, 0.648, 0.8])


def test_detection_in_some_frames_of_an_excerpt(clip):
    options = {"excerpt": Excerpt(start=0.08, stride=2), "detect_every": 2}
    infer(clip, estimator=FollowingBars, style=None, **options)
    counts = {entry["image_id"]: len(entry["people"]) for entry in lines()}
    assert counts == {2: 2, 4: 2, 6: 2, 8: 2}
    assert [entry["people"][0]["box_score"] for entry in lines()] == pytest.approx([0.8, 0.72] * 2)


def test_detection_in_every_frame_is_what_there_is_otherwise(clip, tmp_path):
    infer(clip, estimator=FollowingBars, detect_every=1)
    infer(clip, out="plain")
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


def test_photographs_beside_a_video_are_all_looked_at(clip, tmp_path):
    for number in range(4):
        pixels = picture(number)
        (tmp_path / f"{number}.ppm").write_bytes(b"P6 64 48 255 " + pixels.tobytes())
    infer(".", clip, estimator=FollowingBars, detect_every=2, style=None)
    assert [len(entry["people"]) for entry in lines()][:4] == [0, 1, 2, 3]


@pytest.mark.parametrize("broken", [None, 4, 3], ids=["whole", "damaged", "no detection"])
def test_detection_in_some_frames_interrupted_and_resumed(clip, tmp_path, monkeypatch, broken):
    if broken is not None:
        damage(clip, broken)
    options = {"estimator": FollowingBars, "detect_every": 3, "batch_size": 1}
    infer(clip, out="unbroken", **options)
    follow = FollowingBars.follow
    stops = iter([1, 0, 1, 0, 0, 1])

    def interrupted(self, image, before):
        if next(stops, 0):
            signal.raise_signal(signal.SIGINT)
        return follow(self, image, before)

    with monkeypatch.context() as patch:
        patch.setattr(FollowingBars, "follow", interrupted)
        runs = 1
        while infer(clip, resume=runs > 1, **options).left:
            runs += 1
    assert runs == (4 if broken is None else 3)
    assert contents(tmp_path / "out") == contents(tmp_path / "unbroken")


@pytest.mark.parametrize("fault", ["kill", "power"])
def test_detection_in_some_frames_killed_anywhere_and_resumed(clip, tmp_path, monkeypatch, fault):
    monkeypatch.setattr("rmpe.run.usable_processors", lambda: 1)
    options = {"estimator": FollowingBars, "detect_every": 4, "batch_size": 1, "style": None}
    infer(clip, out="unbroken", **options)
    number, over = 3, False
    while not over:
        shutil.rmtree("out", ignore_errors=True)
        faulty = FaultyOS(number, fault)
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            patch.setattr(files, "os", faulty)
            infer(clip, **options)
        faulty.let_go()
        over = faulty.calls.total() < number
        infer(clip, resume=True, **options)
        assert contents(tmp_path / "out") == contents(tmp_path / "unbroken"), number
        number += 4
    assert number > 30


def test_an_estimator_that_cannot_follow_is_refused(clip, tmp_path):
    with pytest.raises(TypeError, match="detect_every must be 1 for an estimator without the meth"):
        infer(clip, detect_every=2)
    assert not (tmp_path / "out").exists()


def test_people_are_followed_through_a_made_video(tmp_path, monkeypatch):
    """As many sure ones as detection finds in each frame, and nearly where it does."""
    monkeypatch.chdir(tmp_path)
    root = Path(__file__).resolve().parents[2]
    make = [root / "examples/python/make_video.py", root / "examples/photographs/basketball.jpg"]
    subprocess.run([sys.executable, *make, "--out", "made.mp4", "--frames", "12"], check=True)
    for every in (1, 4):
        infer("made.mp4", out=str(every), estimator=PoseEstimator, detect_every=every, style=None)
    near = []
    for one, other in zip(lines("1"), lines("4"), strict=True):
        sure, also = (
            [person for person in entry["people"] if person["score"] >= 0.2]
            for entry in (one, other)
        )
        assert 0 < len(sure)
        assert abs(len(sure) - len(also)) <= 1
        found = np.array([person["keypoints"] for person in other["people"]])
        for person in sure:
            x1, y1, x2, y2 = person["box"]
            distances = np.linalg.norm(found - np.array(person["keypoints"]), axis=2)
            near.append(np.median(distances, axis=1).min() / np.hypot(x2 - x1, y2 - y1))
    assert np.median(near) < 0.05


def test_two_videos_are_tracked_apart(clip):
    write_video("other.mp4", count=4, codec="mjpeg", pix_fmt="yuvj420p")
    infer(clip, "other.mp4", tracking=TrackingParameters(), style=None)
    entries = {entry["file"]: entry for entry in lines()}
    assert len(entries) == 14
    for video in ("walk", "other"):
        ids = [one["track_id"] for one in entries[f"{video}.mp4/{video}_000003.jpg"]["people"]]
        assert ids == [1, 2, None]  # The third is seen for the first time.


def test_videos_by_a_pattern(clip):
    write_video("other.mp4", count=4, codec="mjpeg", pix_fmt="yuvj420p")
    tally = infer("*.mp4", "other.mp4", tracking=TrackingParameters(), detect_every=1, style=None)
    assert (tally.images, tally.skipped) == (14, 0)
    assert [entry["file"] for entry in lines()][3:5] == [
        "other.mp4/other_000003.jpg", "walk.mp4/walk_000000.jpg",
    ]  # fmt: skip


def test_videos_beside_photographs_are_told_and_no_failure(clip, monkeypatch, capsys):
    Image.fromarray(picture(0)).save("still.png")
    monkeypatch.setattr("rmpe.commands.infer.build_estimator", lambda *_, **__: BarEstimator())
    line = (
        ".: 1 video left out, as folders stand for photographs: name it, or give a pattern that "
        "ends in .mp4"
    )
    assert main(["infer", ".", "--no-draw", "--out", "out", "--quiet"]) == 0
    assert capsys.readouterr().err == f"rmpe infer: {line}\n"
    assert [entry["file"] for entry in lines()] == ["still.png"]
    told = []
    assert len(list(stream(BarEstimator(), ".", report=told.append))) == 1
    assert told == [line]
    assert main(["infer", ".", "walk.mp4", "--no-draw", "--out", "both", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_a_file_that_is_no_video(clip, tmp_path):
    (tmp_path / "text.mp4").write_text("nothing")
    with pytest.raises(ImageError, match="^text.mp4: this video cannot be read: Invalid data"):
        infer("text.mp4")
    assert not (tmp_path / "out").exists()


def test_on_the_command_line(clip, monkeypatch, capsys):
    monkeypatch.setattr("rmpe.commands.infer.build_estimator", lambda *_, **__: BarEstimator())
    arguments = ["infer", "walk.mp4", "--no-draw", "--out", "out", "--formats", "jsonl,csv"]
    assert main([*arguments, "--start", "0:00.2", "--stride", "3", "--quiet"]) == 0
    assert [entry["image_id"] for entry in lines()] == [5, 8]
    table = [line.split(",") for line in open("out/keypoints.csv")]
    assert {tuple(row[:5]) for row in table[1:]} == {
        ("5", "walk.mp4", "5", "0.2", "walk_000005.jpg")
    }
    assert main([*arguments, "--overwrite", "--start", "2", "--end", "1"]) == 2
    assert "--end must be after start, which is 2.0, got 1.0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, "--end", "soon"])
    assert "must be seconds, or [hours:]minutes:seconds, got 'soon'" in capsys.readouterr().err


def test_the_pictures_are_those_of_the_video():
    assert [bar(picture(number)) for number in range(10)] == list(range(10))


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_stream_of_a_video(clip, batch_size):
    results = stream(
        BarEstimator(), "walk.mp4", excerpt=Excerpt(start=0.1, stride=2), batch_size=batch_size,
        tracking=TrackingParameters(),
    )  # fmt: skip
    found = [(one.frame.name, one.frame.time, one.track_ids.tolist()) for one in results]
    assert found == [
        ("walk.mp4/walk_000003.jpg", 0.12, [1, 2, 3]),
        ("walk.mp4/walk_000005.jpg", 0.2, [1]),
        ("walk.mp4/walk_000007.jpg", 0.28, [1, 2, 3]),
        ("walk.mp4/walk_000009.jpg", 0.36, [1]),
    ]


def test_a_run_is_resumed_with_the_same_frames_to_detect_in(clip, monkeypatch, capsys):
    monkeypatch.setattr("rmpe.commands.infer.build_estimator", lambda *_, **__: FollowingBars())
    arguments = ["infer", "walk.mp4", "--no-draw", "--out", "out", "--quiet"]
    assert main([*arguments, "--detect-every", "3"]) == 0
    assert [len(entry["people"]) for entry in lines()][3:6] == [3, 3, 3]
    assert main([*arguments, "--detect-every", "3", "--resume"]) == 0
    assert main([*arguments, "--resume"]) == 2
    assert "--detect-every was 3, now 1" in capsys.readouterr().err
    assert main([*arguments, "--detect-every", "3", "--stride", "2", "--resume"]) == 2
    assert "--stride was 1, now 2" in capsys.readouterr().err
