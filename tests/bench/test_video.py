"""What shows a video from end to end: the facts that it compares, and the killing."""

import os
import sys
from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av")
from bench import video  # noqa: E402


def write(path, *, count=10, rate=25, samples=4000):
    """A video of gray frames with some sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=8000, layout="mono")
        for number in range(count):
            pixels = np.full((48, 64, 3), 10 * number, np.uint8)
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
