"""Runs on what cannot be read twice: standard input, streams, cameras."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from rmpe.cli import main
from rmpe.inputs.clip import Excerpt
from rmpe.inputs.images import ImageError
from rmpe.inputs.incoming import Incoming
from rmpe.inputs.live import Connection
from rmpe.inputs.raw import RawVideo
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.run import run
from rmpe.trackers.parameters import TrackingParameters

from .fakes import PixelEstimator
from .inputs.test_series import encoded

STYLE = DrawingStyle(min_person_score=0, min_keypoint_score=0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def piped(folder, monkeypatch):
    """Lets bytes come in through standard input."""

    def pipe(content):
        path = folder / "piped"
        path.write_bytes(content)
        monkeypatch.setattr("sys.stdin", path.open())

    return pipe


def infer(*inputs, **options):
    options = {"settings": {}, "style": STYLE, "batch_size": 2} | options
    infer.reports = []
    report = lambda message, error: infer.reports.append(message)  # noqa: E731
    return run(inputs, "out", PixelEstimator, report=report, **options)


def lines():
    with open("out/results.jsonl") as file:
        return [json.loads(line) for line in file]


def raw(*counts):
    """Frames of 32x24 pixels in which so many people are found."""
    return b"".join(bytes([count]) * (32 * 24 * 3) for count in counts)


def test_images_on_standard_input(piped):
    piped(b"".join(encoded(gray, "PNG", optimize=True) for gray in (40, 41, 42)))
    tally = infer("-")
    entries = lines()
    assert [entry["file"] for entry in entries] == [
        "stdin/stdin_000000.jpg", "stdin/stdin_000001.jpg", "stdin/stdin_000002.jpg",
    ]  # fmt: skip
    assert [entry["image_id"] for entry in entries] == [0, 1, 2]
    assert not any("time" in entry for entry in entries)
    assert (tally.images, tally.left, tally.dropped) == (3, 0, 0)
    assert sorted(os.listdir("out/drawings")) == [f"stdin_00000{n}.jpg" for n in range(3)]


def test_raw_frames_are_tracked_as_they_come(piped):
    piped(raw(1, 2, 3, 2))
    infer("-", raw=RawVideo(32, 24, 10.0), tracking=TrackingParameters())
    entries = lines()
    assert [entry["time"] for entry in entries] == [0, 0.1, 0.2, 0.3]
    assert [len(entry["people"]) for entry in entries] == [1, 2, 3, 2]
    ids = [[person["track_id"] for person in entry["people"]] for entry in entries]
    assert ids[0] == [1]
    assert ids[2][:2] == ids[3] == [1, 2]
    assert len(os.listdir("out/drawings")) == 4


def test_excerpts_of_raw_frames(piped):
    piped(raw(*range(10)))
    infer("-", raw=RawVideo(32, 24, 10.0), excerpt=Excerpt(start=0.2, end=0.8, stride=3))
    assert [entry["image_id"] for entry in lines()] == [2, 5]


def test_what_is_cut_off_or_damaged_leaves_its_row(piped):
    piped(raw(1, 2)[:-5])
    tally = infer("-", raw=RawVideo(32, 24))
    assert (tally.images, tally.skipped) == (1, 1)
    message = (
        "the input ends in frame 1, after 2299 of 2304 bytes; are frames of 32x24 pixels right?"
    )
    assert [entry.get("error") for entry in lines()] == [None, message]
    assert infer.reports == [f"skipped {message}"]


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (["-"], {}, "standard input: no frame came"),
        (["-", "a.jpg"], {}, "standard input must be the only input"),
        (["-"], {"resume": True}, "standard input cannot be resumed: its frames are gone"),
        (["camera:87"], {"resume": True}, "camera 87 cannot be resumed"),
        (["-"], {"excerpt": Excerpt(end=3)}, "-: --start and --end need the times of frames"),
        (["-"], {"recursive": True}, "^--recursive is for folders; standard input is none"),
        (["a.jpg"], {"raw": RawVideo(2, 2)}, "--raw is for standard input: name - as the input"),
        (["a.png"], {"excerpt": Excerpt(1, 2, 3)}, "^--start, --end, --stride: for videos, "),
        (["a.png"], {"detect_every": 2}, "^--detect-every: for videos, .*are photographs$"),
        (["a.png"], {"connection": Connection(0)}, "^--retries, --timeout: for cameras and str"),
        (["a.png"], {"connection": Connection(wait=2)}, "^--retries, --timeout: for cameras and"),
        (["-"], {"connection": Connection(0)}, "^--retries, --timeout: .* standard input is read"),
        (["camera:87"], {}, "camera 87: there is no /dev/video87; cameras here: "),
        (["camera:x"], {}, "^camera:x: a camera is camera:NUMBER, with a number from 0 to 9999"),
        (["camera:"], {}, "^camera:: a camera is camera:NUMBER"),
        (["camera:10000"], {}, "^camera:10000: a camera is camera:NUMBER"),
        (["a.png", "camera:-1"], {}, "^camera:-1: a camera is camera:NUMBER"),
        (["camera:*"], {}, r"^camera:\*: no image matches this pattern"),
        (["http://127.0.0.1:9/x"], {"connection": Connection(0)}, "http://.*9/x: lost after 0 fr"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_changes_nothing(piped, inputs, options, message):
    if inputs[0].startswith("http"):
        pytest.importorskip("av")
    piped(b"")
    Path("a.png").write_bytes(encoded(40, "PNG"))
    with pytest.raises(ImageError, match=message):
        infer(*inputs, **options)
    assert not os.path.exists("out")


def test_a_file_may_be_called_as_cameras_are(piped):
    Path("camera:x.png").write_bytes(encoded(40, "PNG"))
    assert infer("camera:x.png").images == 1


def frames(count, wait=0.0):
    for number in range(count):
        time.sleep(wait)
        yield np.full((24, 32, 3), 1, np.uint8), number / 10


@pytest.fixture
def camera(monkeypatch):
    """Makes camera 0 one that gives the frames of a generator."""

    def make(source):
        monkeypatch.setattr(
            "rmpe.inputs.unrepeatable.Unrepeatable.open",
            lambda self, excerpt, *_: Incoming(source, excerpt, loses=True),
        )

    return make


def test_frames_that_nobody_waits_for_are_dropped_and_counted(folder, camera, monkeypatch):
    camera(frames(50, 0.001))
    call = PixelEstimator.__call__

    def slow(self, images):
        time.sleep(0.05)
        return call(self, images)

    monkeypatch.setattr(PixelEstimator, "__call__", slow)
    tally = infer("camera:0", batch_size=1)
    numbers = [entry["image_id"] for entry in lines()]
    assert len(numbers) == tally.images
    assert tally.images + tally.dropped == 50
    assert tally.dropped > 0
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 49
    assert {entry["file"] for entry in lines()} >= {"camera0/camera0_000049.jpg"}


def test_a_signal_is_the_end_and_all_files_are_there(folder, camera):
    def endless():
        for number, item in enumerate(frames(10**9, 0.002)):
            if number == 20:
                os.kill(os.getpid(), signal.SIGINT)
            yield item

    camera(endless())
    tally = infer("camera:0", formats=("jsonl", "csv"))
    assert tally.stopped_by is None
    assert tally.left == 0
    assert 0 < tally.images == len(lines())
    with open("out/keypoints.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["video"] for row in rows} == {"camera0"}
    assert {int(row["frame"]) for row in rows} == {entry["image_id"] for entry in lines()}


def test_a_camera_that_is_lost_for_good_leaves_what_was_done(folder, camera):
    def lost():
        yield from frames(3)
        raise ImageError("camera 0: lost after 3 frames, 1 try: gone")

    camera(lost())
    tally = infer("camera:0")
    assert (tally.images + tally.dropped, tally.skipped) == (3, 1)
    assert infer.reports == ["stopped: camera 0: lost after 3 frames, 1 try: gone"]
    assert len(lines()) == tally.images


def test_a_stream_from_a_server(folder):
    pytest.importorskip("av")
    from .inputs import test_live, test_video

    path = test_video.write_video(folder / "walk.mkv", count=12, codec="mjpeg", pix_fmt="yuvj420p")
    with test_live.Server(path.read_bytes()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.behavior = ["dropped", "whole"]
        tally = infer(server.address, connection=Connection(2, 0.01, 5.0))
        server.shutdown()
        thread.join()
    entries = lines()
    assert [entry["time"] for entry in entries] == pytest.approx([n / 25 for n in range(12)])
    assert entries[0]["file"] == f"{server.address}/walk.mkv_000000.jpg"
    assert tally.images == len(entries)
    assert any("try 1 of 2" in report for report in infer.reports)


def test_a_second_of_a_stream_that_does_not_wait(folder):
    pytest.importorskip("av")
    pytest.importorskip("aio_rtsp_toolkit", reason="the RTSP server: pip install aio-rtsp-toolkit")
    from .inputs import test_rtsp, test_video

    (folder / "served").mkdir()
    test_video.write_video(folder / "served" / "walk.mp4", count=30, codec="libx264")
    server = test_rtsp.Server(folder / "served")
    try:
        tally = infer(
            server.address(0), connection=test_rtsp.PATIENT, excerpt=Excerpt(end=1.0), style=None
        )
    finally:
        server.kill()
    entries = lines()
    assert len(entries) == tally.images > 0
    assert entries[0]["file"].startswith(f"rtsp://127.0.0.1:{server.port}/walk.mp4/walk.mp4_0000")
    times = [entry["time"] for entry in entries]
    assert times == sorted(times)
    assert times[-1] < 1


def test_on_the_command_line(piped, monkeypatch, capsys):
    monkeypatch.setattr("rmpe.commands.infer.build_estimator", lambda *_, **__: PixelEstimator())
    piped(raw(1, 2, 3))
    arguments = ["infer", "-", "--out", "out", "--no-draw", "--raw", "32x24@10"]
    assert main([*arguments, "--pix-fmt", "bgr24"]) == 0
    assert [len(entry["people"]) for entry in lines()] == [1, 2, 3]
    assert "images       3" in capsys.readouterr().out
    assert main([*arguments, "--resume"]) == 2
    assert "standard input cannot be resumed" in capsys.readouterr().err
    assert main(["infer", "-", "--pix-fmt", "bgr24"]) == 2
    assert "--pix-fmt is for raw frames: give their size with --raw" in capsys.readouterr().err
    assert main(["infer", "-", "--raw", "0x24"]) == 2
    assert "--raw: width must be at least 1, got 0" in capsys.readouterr().err
    for options in (["--raw", "32"], ["--retries", "-1"], ["--detect-every", "0"]):
        with pytest.raises(SystemExit):
            main(["infer", "-", *options])
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["infer", "-", "--raw", "9" * 5000 + "x24"])
    assert "must be WIDTHxHEIGHT or WIDTHxHEIGHT@FPS" in capsys.readouterr().err


def test_a_terminal_is_no_image(folder, monkeypatch):
    master, slave = os.openpty()
    with os.fdopen(slave) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        with pytest.raises(ImageError, match="-: standard input is a terminal: pipe images"):
            infer("-")
    os.close(master)


def test_a_program_ends_while_its_pipe_is_open(folder):
    """Nothing more comes, and Ctrl-C: the results are there, and Python ends well."""
    code = (
        "from tests.rmpe.fakes import PixelEstimator; from rmpe.run import run;"
        "from rmpe.inputs.raw import RawVideo;"
        f"run(['-'], {str(folder / 'out')!r}, PixelEstimator, settings={{}}, style=None,"
        "raw=RawVideo(32, 24), batch_size=1)"
    )
    command, root = [sys.executable, "-c", code], Path(__file__).resolve().parents[2]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, **pipes) as process:
        process.stdin.write(raw(1, 2))
        process.stdin.flush()
        journal = folder / "out" / "results.jsonl.partial"
        while process.poll() is None:
            if journal.exists() and journal.read_bytes().count(b"\n") == 2:
                process.send_signal(signal.SIGINT)
                break
            time.sleep(0.05)
        assert process.wait(120) == 0
        assert b"Fatal" not in process.stderr.read()
    assert [len(entry["people"]) for entry in lines()] == [1, 2]
