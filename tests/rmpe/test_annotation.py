"""Annotated videos: the frames, times and sound of the source, with people drawn in."""

import json
import os
import stat
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rmpe.annotation import annotate_video
from rmpe.cli import main
from rmpe.conversion import convert_results
from rmpe.inputs.clip import Excerpt
from rmpe.inputs.images import ImageError
from rmpe.inputs.video import read_clip, read_clip_frames
from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.drawn import drawn_joints
from rmpe.outputs.errors import OutputError, ResultsError
from rmpe.run import run
from rmpe.tracking import track_results

av = pytest.importorskip("av")
from .inputs.encode import encode  # noqa: E402
from .inputs.test_video import (  # noqa: E402
    HEIGHT,
    WIDTH,
    needs_libx264,
    note_matrix,
    picture,
    without_times,
    write_video,
)
from .test_run_video import BarEstimator  # noqa: E402

STYLE = DrawingStyle(min_person_score=0, min_keypoint_score=0)


@pytest.fixture
def clip(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_video("walk.mkv", codec="mjpeg", pix_fmt="yuvj420p", stamps=STAMPS)


STAMPS = [0, 4, 8, 50, 54, 58, 62, 66, 70, 90]


def infer(clip, **options):
    run([clip], "results", BarEstimator, settings={}, style=None, **options)


def test_videos_of_one_name_in_different_folders_are_told_apart(clip, tmp_path, monkeypatch):
    os.mkdir("other")
    write_video("other/walk.mkv", count=3, codec="mjpeg", pix_fmt="yuvj420p")
    run([clip, "other/walk.mkv"], "results", BarEstimator, settings={}, style=None)
    assert annotate_video("results", clip, "out.mkv", STYLE) == 10
    monkeypatch.chdir("other")
    assert annotate_video("../results", "walk.mkv", "out.mkv", STYLE) == 3
    os.rename("walk.mkv", tmp_path / "results" / "walk.mkv")
    with pytest.raises(ResultsError, match="results of the video walk.mkv, got 2 of that name"):
        annotate_video("../results", "../results/walk.mkv", "out.mkv", STYLE, report=print)
    os.remove(tmp_path / "results" / "run.json")
    with pytest.raises(ResultsError, match="results of the video walk.mkv, got 2 of that name"):
        annotate_video("../results", "../walk.mkv", "new.mkv", STYLE)


def test_frames_of_different_sizes_make_no_video(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_video("walk.mjpeg", count=2, codec="mjpeg", pix_fmt="yuvj420p")
    with open(path, "ab") as file:
        file.write(encode(np.zeros((32, 16, 3), np.uint8), "JPEG"))
    infer(path)
    message = (
        "walk.mjpeg: all frames must have the size of the first, 64 x 48, but frame 2 is 16 x 32"
    )
    with pytest.raises(ImageError, match=message):
        annotate_video("results", path, "out.mp4", STYLE)
    assert not os.path.exists("out.mp4")


def add_sound(path, target):
    """Copy a video, and add half a second of a tone to it."""
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        sound = out.add_stream("aac", rate=8000)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                out.mux(packet)
        tone = (3000 * np.sin(np.arange(4000) / 5)).astype(np.float32)[None] / 32768
        for start in range(0, 4000, 1000):
            frame = av.AudioFrame.from_ndarray(tone[:, start : start + 1000], "fltp", "mono")
            frame.sample_rate, frame.pts = 8000, start
            out.mux(sound.encode(frame))
        out.mux(sound.encode())
    return target


def sound_of(path, track=0):
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(audio=track) if p.size]


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
def test_frames_times_and_size_are_those_of_the_source(clip, name):
    infer(clip)
    assert annotate_video("results", clip, name, STYLE) == 10
    before, after = read_clip(clip), read_clip(name)
    assert [after.time(n) for n in range(10)] == pytest.approx(
        [before.time(n) for n in range(10)], abs=2e-3
    )
    for number, frame in enumerate(read_clip_frames(name, range(10))):
        people = BarEstimator()([picture(number)])
        drawn = draw(picture(number), people, STYLE)
        assert frame.shape == (HEIGHT, WIDTH, 3)
        # Video loses some; the drawing is far more than that.
        difference = np.abs(frame.astype(int) - drawn).mean()
        assert difference < 14, number
        if len(people):
            assert difference < np.abs(frame.astype(int) - picture(number)).mean(), number


def test_the_sound_is_copied_or_left_out(clip, tmp_path):
    infer(clip)
    (tmp_path / "sound").mkdir()
    source = add_sound(clip, tmp_path / "sound" / "walk.mkv")
    annotate_video("results", source, "out.mp4", STYLE)
    assert sound_of("out.mp4") == sound_of(source) != []
    assert len(read_clip("out.mp4")) == 10
    annotate_video("results", source, "silent.mp4", STYLE, sound=False)
    with av.open("silent.mp4") as container:
        assert not container.streams.audio


def test_all_tracks_of_sound_are_copied(clip, tmp_path):
    infer(clip)
    (tmp_path / "sound").mkdir()
    one = add_sound(clip, tmp_path / "one.mkv")
    path = tmp_path / "sound" / "walk.mkv"
    with av.open(str(one)) as source, av.open(str(path), "w") as out:
        video, sound = source.streams
        copies = {0: [out.add_stream_from_template(video)], 1: []}
        for language in ("ger", "fre"):
            copies[1].append(out.add_stream_from_template(sound))
            copies[1][-1].metadata["language"] = language
        for packet in source.demux(video, sound):
            if packet.dts is not None:
                for stream in copies[packet.stream.index]:
                    packet.stream = stream
                    out.mux(packet)
    for name in ("out.mkv", "out.mp4"):
        annotate_video("results", path, name, STYLE)
        with av.open(name) as made:
            assert [one.language for one in made.streams.audio] == ["ger", "fre"]
        assert sound_of(name, 0) == sound_of(name, 1) == sound_of(one) != []


@needs_libx264
@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
@pytest.mark.parametrize("colors", [1, 5, 9])
def test_pixels_are_meant_as_in_the_source(tmp_path, monkeypatch, name, colors):
    monkeypatch.chdir(tmp_path)
    look = {"colorspace": colors, "color_primaries": colors, "color_trc": 1}
    path = write_video(
        "walk.mp4", count=2, codec="libx264", sample_aspect_ratio=Fraction(16, 11), **look
    )
    infer(path)
    annotate_video("results", path, name)
    with av.open(name) as made:
        stream = made.streams.video[0]
        assert stream.sample_aspect_ratio == Fraction(16, 11)
        assert {key: getattr(stream.codec_context, key) for key in look} == look


def test_pixels_of_a_turned_video_are_turned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_video(tmp_path / "walk.mp4", count=2, sample_aspect_ratio=Fraction(4, 3))
    note_matrix(path, (0, 1, -1, 0))
    infer("walk.mp4")
    annotate_video("results", "walk.mp4", "out.mkv")
    with av.open("out.mkv") as made:
        stream = made.streams.video[0]
        assert (stream.height, stream.width) == (WIDTH, HEIGHT)
        assert stream.sample_aspect_ratio == Fraction(3, 4)


def test_frames_without_results_and_frames_that_are_lost(clip):
    infer(clip, excerpt=Excerpt(stride=3))
    with av.open(clip) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    for number in (0, 4, 9):
        start, size = places[number]
        with open(clip, "r+b") as file:
            # A block of Matroska has a header before the picture.
            content = file.read()
            inner = content.index(b"\xff\xd8", start, start + size)
            file.seek(inner)
            file.write(bytes(start + size - inner))
    told = [frame for frame in read_clip_frames(clip, range(10)) if isinstance(frame, ImageError)]
    assert len(told) == 3
    assert annotate_video("results", clip, "out.mkv", STYLE) == 4
    frames = list(read_clip_frames("out.mkv", range(10)))
    assert len(frames) == 10
    assert np.abs(frames[4].astype(int) - frames[3]).mean() < 4
    assert np.abs(frames[5].astype(int) - picture(5)).mean() < 8  # Not a third one: as it was.


@needs_libx264
def test_no_frame_is_lost_where_the_file_has_no_times_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_video("walk.avi", count=12, codec="libx264", max_b_frames=3)
    infer(path)
    assert annotate_video("results", path, "out.mkv", STYLE) == 12
    frames = [frame.astype(int) for frame in read_clip_frames("out.mkv", range(12))]
    for number, frame in enumerate(frames):
        drawn = draw(picture(number), BarEstimator()([picture(number)]), STYLE)
        assert np.abs(frame - drawn).mean() < 14, number


@needs_libx264
def test_frames_without_times_have_the_rate_that_the_file_states(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_video(tmp_path / "walk.ts", count=12, codec="libx264", rate=50)
    without_times(path, range(12))
    infer("walk.ts")
    said = []
    assert annotate_video("results", "walk.ts", "out.mkv", STYLE, report=said.append) == 12
    assert [read_clip("out.mkv").time(n) for n in (1, 11)] == pytest.approx([0.02, 0.22], abs=1e-3)
    assert said == [
        "walk.ts: the times of its frames are not known; it is drawn at 50 frames a second, as it "
        "states"
    ]


def test_an_odd_size(clip, monkeypatch):
    monkeypatch.setattr("rmpe.annotation.upright", lambda frame: _cut(frame))
    monkeypatch.setattr("rmpe.annotation._drawn", lambda image, *_: image)
    infer(clip)
    annotate_video("results", clip, "out.mp4")
    (frame,) = read_clip_frames("out.mp4", [0])
    assert frame.shape == (HEIGHT - 1, WIDTH - 3, 3)


def _cut(frame):
    return np.ascontiguousarray(frame.to_ndarray(format="rgb24")[:-1, :-3])


def test_coco_names_frames_without_their_video(clip):
    infer(clip, formats=("jsonl", "coco-annotations"))
    source = "results/coco-annotations.json"
    assert main(["convert", source, "--to", "jsonl", "--out", "flat"]) == 0
    entries = [json.loads(line) for line in open("flat/results.jsonl")]
    assert entries[3]["file"] == "walk_000003.jpg"
    assert annotate_video("flat", clip, "out.mkv", STYLE) == 10
    (frame,) = read_clip_frames("out.mkv", [3])
    drawn = draw(picture(3), BarEstimator()([picture(3)]), STYLE)
    assert np.abs(frame.astype(int) - drawn).mean() < 14
    assert np.abs(frame.astype(int) - drawn).mean() < np.abs(picture(3).astype(int) - drawn).mean()
    os.remove(clip)
    write_video("walk.mkv", count=6, codec="mjpeg", pix_fmt="yuvj420p")
    with pytest.raises(ResultsError, match="4 of the records there, such as walk_000006.jpg, are"):
        annotate_video("flat", clip, "new.mkv", STYLE)


def test_results_of_another_video_of_that_name_are_told(clip, capsys):
    infer(clip)
    os.remove(clip)
    write_video("walk.mkv", count=6, codec="mjpeg", pix_fmt="yuvj420p")
    message = (
        "walk.mkv: it must be the video that results is of, but 4 of the records there, such as "
        "walk.mkv/walk_000006.jpg, are of none of its frames, walk_000000.jpg to walk_000005.jpg"
    )
    assert main(["draw", "results", clip, "--out", "out.mkv"]) == 2
    assert message in capsys.readouterr().err
    assert not os.path.exists("out.mkv")


def test_results_of_an_address_are_not_of_a_file_of_its_name(clip):
    infer(clip)
    content = Path("results/results.jsonl").read_text()
    address = "http://example.org/walk.mkv/walk.mkv_"
    Path("results/results.jsonl").write_text(content.replace("walk.mkv/walk_", address))
    message = (
        "walk.mkv: it must be the video that results is of, but 10 of the records there, such as "
        f"{address}000000.jpg, are of none of its frames"
    )
    with pytest.raises(ResultsError, match=message):
        annotate_video("results", clip, "out.mkv", STYLE)


def test_what_cannot_be_done_leaves_no_file(clip, tmp_path):
    infer(clip)
    write_video("other.mkv", count=3)
    with pytest.raises(
        ResultsError, match="results must hold results of the video other.mkv, got none"
    ):
        annotate_video("results", "other.mkv", "out.mp4")
    with pytest.raises(OutputError, match="--out must end in .mp4, .m4v, .mov, .mkv, got out.txt"):
        annotate_video("results", clip, "out.txt")
    with pytest.raises(OutputError, match="--out must be another file than the video"):
        annotate_video("results", clip, "./walk.mkv")
    with pytest.raises(OutputError, match="cannot write nowhere/out.mp4: there is no such folder"):
        annotate_video("results", clip, "nowhere/out.mp4")
    os.mkfifo("pipe.mp4")
    with pytest.raises(OutputError, match="cannot write pipe.mp4: it is not a file"):
        annotate_video("results", clip, "pipe.mp4")
    assert stat.S_ISFIFO(os.stat("pipe.mp4").st_mode)
    os.unlink("pipe.mp4")
    (tmp_path / "walk.mkv").unlink()
    write_video("walk.mkv", count=10, width=32)
    with pytest.raises(ResultsError, match="walk_000000.jpg: the frame must be 64 x 48 pixels"):
        annotate_video("results", clip, "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.mkv", "results", "walk.mkv"]


@pytest.mark.parametrize("command", ["infer", "track", "convert"])
def test_joints_are_those_of_every_other_drawing(clip, monkeypatch, command):
    """By the score of the network's card, which nobody has to repeat."""

    class FaintEstimator(BarEstimator):
        drawn_score = 0.15

        def __call__(self, images):
            return replace(super().__call__(images), drawn_score=self.drawn_score)

    drawn = []

    def note(people, style):
        drawn.append(drawn_joints(people, style))
        return drawn[-1]

    def noted():
        found = [joints.tolist() for joints in drawn]
        drawn.clear()
        return found

    monkeypatch.setattr("rmpe.outputs.drawing.drawn_joints", note)
    run([clip], "results", FaintEstimator, settings={}, batch_size=1, workers=1)
    of_infer = noted()
    for number in range(10):
        FaintEstimator()([picture(number)])[0].plot(picture(number))
    of_plot = noted()
    if command == "track":
        track_results("results", "others")
    elif command == "convert":
        convert_results("results", "others", ["jsonl"])
    annotate_video("results" if command == "infer" else "others", clip, "out.mkv")
    of_draw = noted()
    assert of_infer == of_plot == of_draw
    # Which is not what they are without the card's.
    os.remove("results/run.json")
    annotate_video("results", clip, "other.mkv")
    assert sum(map(np.count_nonzero, noted())) < sum(map(np.count_nonzero, of_draw))


def test_on_the_command_line(clip, capsys):
    infer(clip)
    arguments = ["draw", "results", clip, "--out", "out.mp4"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == ["frames with results  10", "video  out.mp4"]
    assert main(arguments) == 2
    assert "out.mp4 is there already: choose --overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--blur-faces", "--no-sound", "--quiet"]) == 0
    assert main(["draw", "results", clip, "--out", f"{'y' * 300}.mp4"]) == 2
    assert "File name too long" in capsys.readouterr().err
    assert main(["draw", "results", "gone.mp4", "--out", "new.mp4"]) == 2
    assert "gone.mp4: this video cannot be read: No such file" in capsys.readouterr().err
