"""What shows a video from end to end: the facts that it compares, and the killing."""

import json
import os
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")
from bench import video  # noqa: E402
from rmpe.inputs.video import read_clip_frames  # noqa: E402


def write(path, *, count=10, rate=25, samples=4000):
    """A video of gray frames with some sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=8000, layout="mono")
        for number in range(count):
            pixels = np.full((48, 64, 3), 10 * number % 250, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
        tone = np.sin(np.arange(samples) / 5).astype(np.float32)[None]
        piece = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
        piece.sample_rate, piece.pts, piece.time_base = 8000, 0, Fraction(1, 8000)
        container.mux(sound.encode(piece))
        container.mux(sound.encode())
    return path


def test_the_facts_of_a_video(tmp_path):
    found = video.facts(write(tmp_path / "a.mp4"))
    assert found["frames"] == 10
    assert found["seconds"] == pytest.approx(0.4)
    assert found["frames a second"] == 25
    assert found["size"] == "64 x 48"
    assert found["packets of sound"] > 0


@pytest.mark.parametrize(
    ("options", "differs"),
    [({}, set()), ({"count": 9}, {"frames", "seconds"}), ({"samples": 2000}, {"sound"})],
)
def test_videos_that_differ_differ_in_their_facts(tmp_path, options, differs):
    one = video.facts(write(tmp_path / "a.mp4"))
    other = video.facts(write(tmp_path / "b.mp4", **options))
    assert {name for name in one if one[name] != other[name]} >= differs
    assert bool(differs) == (one != other)


def test_contents_are_those_of_all_folders(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"1")
    (tmp_path / "c").write_bytes(b"2")
    assert video.contents(tmp_path) == {"a/b": b"1", "c": b"2"}


def test_a_command_is_killed_after_so_many_records(tmp_path):
    journal = tmp_path / "journal"
    code = (
        "import time\nwith open({!r}, 'w') as file:\n while True:\n"
        "  print('record', file=file, flush=True)\n  time.sleep(0.01)"
    ).format(os.fspath(journal))
    assert video.killed([sys.executable, "-c", code], journal, 3)
    assert journal.read_bytes().count(b"\n") >= 3


def test_a_command_that_ends_is_not_killed(tmp_path):
    assert not video.killed([sys.executable, "-c", "pass"], tmp_path / "none", 1)
    with pytest.raises(SystemExit, match="failed with 3"):
        video.killed([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "none", 1)


def test_the_sheet_shows_six_frames(tmp_path):
    import cv2

    video.sheet(write(tmp_path / "a.mp4", count=12), tmp_path / "sheet.png")
    picture = cv2.imread(str(tmp_path / "sheet.png"))
    assert picture.shape == (96, 192, 3)
    levels = [picture[48 * row + 24, 64 * column + 32, 0] for row in (0, 1) for column in range(3)]
    assert levels == pytest.approx([0, 20, 40, 60, 80, 100], abs=12)


# `rmpe` with networks that answer soon, as many people as a pixel says.
COMMAND = """
import sys, time
import rmpe.cli, rmpe.commands.infer as infer
sys.path.insert(0, {root!r})
from tests.rmpe.fakes import PixelEstimator

class Slower(PixelEstimator):
    def __call__(self, images):
        time.sleep(0.02)
        return super().__call__(images)

infer.build_estimator = lambda *arguments, **options: Slower()
sys.exit(rmpe.cli.main(sys.argv[1:]))
"""


@pytest.fixture
def with_fakes(monkeypatch):
    """Let the commands run with fakes, on small frames."""
    code = COMMAND.format(root=str(Path(__file__).resolve().parents[2]))

    def make(path, frames):
        write(path, count=frames, samples=8000 * frames // 25)

    monkeypatch.setattr(video, "make", make)
    monkeypatch.setattr(
        video, "rmpe", lambda *arguments: [sys.executable, "-c", code, *map(str, arguments)]
    )


def test_a_video_of_300_frames_killed_and_resumed_and_drawn_is_the_same(
    with_fakes, tmp_path, capfd
):
    video.show(tmp_path, frames=300, kills=2)
    told = capfd.readouterr().out
    assert "killed with" in told
    assert "files of results: 606, the same bit for bit: True" in told
    found = video.facts(tmp_path / "walk-poses.mp4")
    assert (found["frames"], found["seconds"], found["frames a second"]) == (300, 12, 25)
    assert found["packets of sound"] > 90
    # It is not the old video under another name: people were drawn into it.
    people = [len(entry["people"]) for entry in records(tmp_path / "broken")]
    assert len(people) == 300
    assert 0 < sum(people)
    before, after = (
        list(read_clip_frames(tmp_path / name, [0, 299])) for name in ("walk.mp4", "walk-poses.mp4")
    )
    assert [one.shape for one in before] == [one.shape for one in after]
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(before, after, strict=True)) > 60


def records(folder):
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def test_what_is_not_the_same_fails(with_fakes, tmp_path, monkeypatch):
    monkeypatch.setattr(video, "facts", lambda path: {"frames": str(path)})
    with pytest.raises(SystemExit, match="it is not the same"):
        video.show(tmp_path, frames=6, kills=0)
