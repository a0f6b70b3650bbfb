"""Frames of any source: in order, read ahead a little, left out where they cannot be read."""

import math
import os
import threading

import numpy as np
import pytest
import torch

from rmpe.inputs.clip import Excerpt
from rmpe.inputs.frames import Frame, read_frames
from rmpe.inputs.images import ImageError
from rmpe.inputs.live import Connection
from rmpe.inputs.raw import RawVideo

from .encode import encode
from .test_video import bar, write_video


def save_image(path, color):
    path.write_bytes(encode(np.full((4, 6, 3), color, np.uint8), "PNG"))


@pytest.fixture
def folder(tmp_path):
    for number in (10, 2, 7):
        save_image(tmp_path / f"{number}.png", number)
    return tmp_path


def grays(frames):
    return [(frame.index, int(np.asarray(frame.image)[0, 0, 0])) for frame in frames]


def test_what_would_have_no_effect_is_refused(folder):
    options = [
        ({"excerpt": Excerpt(stride=2)}, "excerpt must be left out: it is for videos, cameras, ad"),
        ({"connection": Connection(wait=3)}, "connection must be left out: it is for cameras and"),
        ({"raw": RawVideo(2, 2)}, "raw must be left out: it is for standard input, and source is"),
    ]
    photograph = folder / "2.png"
    for source in (folder, photograph, [photograph], [], np.zeros((1, 4, 6, 3), np.uint8)):
        for option, message in options:
            with pytest.raises(ValueError, match=message):
                read_frames(source, **option)
    with pytest.raises(ValueError, match="connection must be left out"):
        read_frames("-", connection=Connection(retries=1))
    with pytest.raises(ValueError, match='raw must be left out: .* source is not "-"'):
        read_frames("rtsp://10.0.0.7/door", raw=RawVideo(2, 2))
    for timeless in (None, RawVideo(2, 2)):
        with pytest.raises(ValueError, match="excerpt must have no start and no end: images on"):
            read_frames("-", excerpt=Excerpt(end=3), raw=timeless)


def test_a_folder_in_natural_order(folder):
    frames = list(read_frames(folder))
    assert grays(frames) == [(0, 2), (1, 7), (2, 10)]
    assert [frame.name for frame in frames] == [str(folder / f"{n}.png") for n in (2, 7, 10)]


@pytest.mark.parametrize("as_list", [False, True])
def test_a_file_that_is_broken_is_an_error_or_left_out(folder, as_list):
    (folder / "7.png").write_bytes(b"broken")
    source = [folder / f"{n}.png" for n in (2, 7, 10)] if as_list else folder
    frames = read_frames(source)
    assert next(frames).index == 0
    with pytest.raises(ImageError, match="7.png: not an image"):
        next(frames)
    said = []
    assert grays(read_frames(source, report=said.append)) == [(0, 2), (2, 10)]
    assert len(said) == 1
    assert "7.png: not an image" in said[0]


@pytest.mark.parametrize("make", [np.array, torch.tensor, list, iter])
def test_arrays_one_after_the_other(make):
    images = [np.full((4, 6, 3), gray, np.uint8) for gray in range(3)]
    source = make(images) if make in (list, iter) else make(np.array(images))
    assert grays(read_frames(source)) == [(0, 0), (1, 1), (2, 2)]


def test_one_array():
    assert grays(read_frames(np.full((4, 6, 3), 9, np.uint8))) == [(0, 9)]


def test_bgr_is_turned_and_files_are_not(folder):
    bgr = np.zeros((4, 6, 3), np.uint8)
    bgr[..., 0] = 200
    for image in (bgr, torch.from_numpy(bgr)):
        (frame,) = read_frames([image], channels="bgr")
        assert np.asarray(frame.image)[0, 0].tolist() == [0, 0, 200]
    save_image(folder / "2.png", (200, 0, 0))
    (frame,) = read_frames([folder / "2.png"], channels="bgr")
    assert frame.image[0, 0].tolist() == [200, 0, 0]


def test_only_what_is_asked_for_is_taken():
    taken = []

    def camera():
        for number in range(100):
            taken.append(number)
            yield np.zeros((4, 6, 3), np.uint8)

    frames = read_frames(camera())
    next(frames)
    next(frames)
    assert taken == [0, 1]


def test_sources_that_are_none(tmp_path):
    with pytest.raises(TypeError, match="source must be a path or give one image .* got float"):
        read_frames(7.5)
    with pytest.raises(ValueError, match="channels must be one of rgb, bgr, got 'gbr'"):
        read_frames([], channels="gbr")
    with pytest.raises(ImageError, match="no such file"):
        read_frames(tmp_path / "gone")


def test_a_list_may_hold_folders_and_patterns(folder):
    source = [folder / "10.png", folder, str(folder / "*[27].png"), folder / "10.png"]
    expected = list(enumerate([10, 2, 7, 10, 2, 7, 10]))
    assert grays(read_frames(source)) == expected
    assert grays(read_frames(iter(source))) == expected
    assert [frame.video for frame in read_frames(source)] == [""] * 7


def test_files_that_list_paths(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "list.txt").write_text("10.png\n\n2.png\n")
    assert grays(read_frames("@list.txt")) == [(0, 10), (1, 2)]
    for make in (list, iter):
        source = make(["7.png", "@list.txt"])
        assert grays(read_frames(source)) == [(0, 7), (1, 10), (2, 2)]
    monkeypatch.setattr("sys.stdin", (folder / "list.txt").open())
    assert grays(read_frames("@-")) == [(0, 10), (1, 2)]
    with pytest.raises(ImageError, match="@gone: this list cannot be read: No such file"):
        read_frames("@gone")
    save_image(folder / "@7.png", 70)
    assert grays(read_frames("@7.png")) == [(0, 70)]


@pytest.mark.parametrize("make", [list, iter])
def test_paths_of_a_list_that_lead_nowhere_are_errors_or_left_out(folder, make):
    source = [folder / "2.png", folder / "gone.png", f"{folder}/gone*", folder / "7.png"]
    said = []
    assert grays(read_frames(make(source), report=said.append)) == [(0, 2), (2, 7)]
    assert sorted(line.rpartition(": ")[2] for line in said) == [
        "no image matches this pattern",
        "no such file",
    ]
    with pytest.raises(ImageError, match="no such file|no image matches"):
        list(read_frames(make(source)))


def test_paths_and_arrays_may_be_mixed(folder):
    source = [np.full((4, 6, 3), 9, np.uint8), folder / "2.png", folder]
    assert grays(read_frames(source)) == [(0, 9), (1, 2), (2, 2), (3, 7), (4, 10)]


@pytest.fixture
def videos(tmp_path, monkeypatch):
    """Two videos, of 3 and 5 frames, whose pictures are told by `bar`."""
    pytest.importorskip("av")
    monkeypatch.chdir(tmp_path)
    return [write_video("walk.mkv", count=3), write_video("run.mkv", count=5)]


@pytest.mark.parametrize("make", [list, tuple, iter])
def test_videos_one_after_the_other(videos, make):
    frames = list(read_frames(make(videos)))
    assert [bar(frame.image) for frame in frames] == [0, 1, 2, 0, 1, 2, 3, 4]
    assert [frame.index for frame in frames] == list(range(8))
    assert [frame.video for frame in frames] == ["walk.mkv"] * 3 + ["run.mkv"] * 5
    assert [frame.time for frame in frames] == pytest.approx(
        [0, 0.04, 0.08, 0, 0.04, 0.08, 0.12, 0.16]
    )
    assert frames[4].name == "run.mkv/run_000001.jpg"


@pytest.mark.parametrize("make", [list, iter])
def test_a_video_that_is_named_twice_comes_twice(videos, make):
    frames = list(read_frames(make([videos[0], videos[0], videos[1]])))
    assert [bar(frame.image) for frame in frames] == [0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 4]
    assert [frame.index for frame in frames] == list(range(11))
    (first, again) = read_frames([videos[0]] * 2, excerpt=Excerpt(stride=9))
    assert (bar(first.image), bar(again.image), again.time) == (0, 0, 0)


def test_an_excerpt_of_each_video(videos):
    frames = read_frames(videos, excerpt=Excerpt(start=0.04, stride=2))
    assert [(frame.index, bar(frame.image)) for frame in frames] == [(0, 1), (1, 1), (2, 3)]


def test_a_frame_of_a_video_has_a_path(videos):
    for path in ("walk.mkv/walk_000002.jpg", b"walk.mkv/walk_000002.jpg"):
        (frame,) = read_frames([path])
        assert bar(frame.image) == 2


def test_a_video_of_a_list_that_cannot_be_read(videos):
    open("text.mp4", "w").close()
    said = []
    frames = list(read_frames([videos[0], "text.mp4", videos[1]], report=said.append))
    assert len(frames) == 8
    assert len(said) == 1
    assert said[0].startswith("text.mp4: this video cannot be read")


@pytest.mark.parametrize("source", ["-", "camera:87", "0", "rtsp://me:secret@127.0.0.1:9/x"])
def test_what_does_not_wait_must_be_the_only_source(folder, monkeypatch, source):
    monkeypatch.chdir(folder)
    for several in ([source, "2.png"], ["2.png", source]):
        with pytest.raises(ImageError, match="must be the only input") as caught:
            read_frames(several)
        assert "secret" not in str(caught.value)
    frames = read_frames(iter(["2.png", source]))
    next(frames)
    with pytest.raises(ImageError, match="must be the only source: its frames do not wait"):
        next(frames)


@pytest.fixture
def piped(tmp_path, monkeypatch):
    """Lets bytes come in through standard input."""

    def pipe(content):
        (tmp_path / "piped").write_bytes(content)
        monkeypatch.setattr("sys.stdin", (tmp_path / "piped").open())

    return pipe


@pytest.mark.parametrize("source", ["-", ["-"]])
def test_images_on_standard_input(piped, source):
    pictures = [encode(np.full((4, 6, 3), gray, np.uint8), "PNG") for gray in (5, 6, 7)]
    piped(b"".join(pictures))
    frames = list(read_frames(source))
    assert grays(frames) == [(0, 5), (1, 6), (2, 7)]
    assert [(frame.time, frame.name) for frame in frames] == [(None, "")] * 3
    piped(b"".join(pictures))
    assert grays(read_frames(source, excerpt=Excerpt(stride=2))) == [(0, 5), (1, 7)]
    piped(pictures[0] + pictures[1][:-40] + pictures[2])
    said = []
    assert grays(read_frames(source, report=said.append)) == [(0, 5), (2, 7)]
    assert len(said) == 1


def test_an_image_on_standard_input_does_not_wait_for_the_next(monkeypatch):
    """Also where its last byte may be the first of another."""
    reading, writing = os.pipe()
    end = threading.Timer(30, os.close, [writing])
    with open(reading) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        os.write(writing, encode(np.full((4, 6, 3), ord("P"), np.uint8), "PPM"))
        end.start()
        frame = next(read_frames("-"))
        assert end.is_alive()
        end.cancel()
        os.close(writing)
    assert frame.image[3, 5].tolist() == [ord("P")] * 3


def test_raw_frames_on_standard_input(piped):
    piped(bytes(range(10)) * 12)
    video = RawVideo(2, 2, 10.0)
    frames = list(read_frames("-", raw=video, excerpt=Excerpt(start=0.2, end=0.8, stride=3)))
    assert [(frame.index, frame.time) for frame in frames] == [(0, 0.2), (1, 0.5)]
    assert frames[0].image.shape == (2, 2, 3)


def test_standard_input_that_is_none(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ImageError, match="-: there is no standard input"):
        read_frames("-")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"index": 0.5}, TypeError, "index must be a whole number, got 0.5"),
        ({"index": -1}, ValueError, "index must be at least 0, got -1"),
        ({"name": None}, TypeError, "name must be text, got None"),
        ({"video": 5}, TypeError, "video must be text, got 5"),
        ({"time": "1"}, TypeError, "time must be a number, got '1'"),
        ({"time": 1j}, TypeError, "time must be a number, got 1j"),
        ({"time": True}, TypeError, "time must be a number, got True"),
        ({"time": math.nan}, ValueError, "time must be a finite number of seconds, or None, got"),
    ],
)
def test_a_frame_that_cannot_be(change, error, message):
    with pytest.raises(error, match=message):
        Frame(**{"image": np.zeros((2, 2, 3), np.uint8), "index": 0, **change})
