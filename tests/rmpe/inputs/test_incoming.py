"""Frames that come by themselves: held up to a limit, dropped or waited for, and let go."""

import threading
import time

import numpy as np
import pytest

from rmpe.inputs.clip import Excerpt
from rmpe.inputs.images import ImageError
from rmpe.inputs.incoming import Incoming
from rmpe.inputs.unrepeatable import unrepeatable

ALL = Excerpt()


def frame(number):
    return np.full((4, 5, 3), number % 256, np.uint8)


class Source:
    """Gives frames 0, 1, ... at 10 a second by their times, as fast as they are asked for."""

    def __init__(self, count, error=None):
        self.given = 0
        self.closed = threading.Event()
        self.count, self.error = count, error

    def frames(self):
        try:
            for number in range(self.count):
                self.given += 1
                yield frame(number), number / 10
            if self.error is not None:
                raise self.error
        finally:
            self.closed.set()


def settle(source, given):
    """Wait until the thread has taken so many frames, and see that it takes no more."""
    for _ in range(1000):
        if source.given >= given:
            break
        time.sleep(0.01)
    time.sleep(0.05)


def indices(incoming, most=1):
    incoming.start()
    found = []
    while taken := incoming.take(most):
        found += [one.index for one in taken]
    return found


@pytest.mark.parametrize("most", [1, 3, 100])
def test_every_frame_of_a_source_that_waits(most):
    incoming = Incoming(Source(40).frames(), ALL, loses=False, look_ahead=4)
    assert indices(incoming, most) == list(range(40))
    assert incoming.lost == 0


def test_a_source_waits_for_a_slow_consumer():
    source = Source(1000)
    incoming = Incoming(source.frames(), ALL, loses=False, look_ahead=4)
    incoming.start()
    settle(source, 5)
    # Four are held, and one is in the thread's hand.
    assert source.given == 5
    assert [one.index for one in incoming.take(2)] == [0, 1]
    settle(source, 7)
    assert source.given == 7
    incoming.close()
    assert source.closed.wait(60)


def test_a_camera_drops_the_oldest_for_a_slow_consumer():
    source = Source(1000)
    incoming = Incoming(source.frames(), ALL, loses=True, look_ahead=4)
    incoming.start()
    assert source.closed.wait(60)
    found = [one.index for one in incoming.take(100)]
    assert found == [996, 997, 998, 999]
    assert incoming.lost == 996
    assert incoming.take(1) == []


def test_bytes_have_a_limit():
    source = Source(10)
    incoming = Incoming(source.frames(), ALL, loses=False, look_ahead_bytes=2 * 60)
    incoming.start()
    settle(source, 3)
    assert source.given == 3
    incoming.close()
    larger = Incoming(Source(3).frames(), ALL, loses=False, look_ahead_bytes=1)
    assert indices(larger) == [0, 1, 2]


@pytest.mark.parametrize(
    ("excerpt", "expected"),
    [
        (Excerpt(stride=3), [0, 3, 6, 9]),
        (Excerpt(start=0.35), [4, 5, 6, 7, 8, 9]),
        (Excerpt(start=0.2, end=0.7, stride=2), [2, 4, 6]),
        (Excerpt(end=0.3), [0, 1, 2]),
    ],
)
def test_excerpts(excerpt, expected):
    source = Source(10)
    assert indices(Incoming(source.frames(), excerpt, loses=False)) == expected
    assert source.closed.is_set()


def test_an_excerpt_by_times_of_frames_without_any_is_an_error():
    def timeless():
        yield frame(0), None

    for excerpt in (Excerpt(start=1), Excerpt(end=1)):
        incoming = Incoming(timeless(), excerpt, loses=False)
        incoming.start()
        with pytest.raises(
            ImageError, match="start and end need the times of frames, which frame 0"
        ):
            incoming.take(1)
    assert indices(Incoming(timeless(), Excerpt(stride=2), loses=False)) == [0]


def test_an_error_comes_after_the_frames():
    incoming = Incoming(Source(2, ImageError("lost")).frames(), ALL, loses=False)
    incoming.start()
    assert len(incoming.take(1) + incoming.take(1)) == 2
    with pytest.raises(ImageError, match="lost"):
        incoming.take(1)


def test_waiting_ends_when_somebody_says_so():
    over = threading.Event()

    def silent():
        over.wait(20)
        yield frame(0), 0.0

    incoming = Incoming(silent(), ALL, loses=True)
    incoming.start()
    asked = []
    assert incoming.take(1, lambda: len(asked) >= 2 or asked.append(1)) == []
    over.set()
    assert incoming.wait_for_first()
    assert len(incoming.take(1)) == 1


def test_a_pause_ends_when_nobody_takes_any_more():
    incoming = Incoming(Source(0).frames(), ALL, loses=True)
    began = time.monotonic()
    threading.Timer(0.05, incoming.close).start()
    incoming.pause(100)
    assert time.monotonic() - began < 50


@pytest.mark.parametrize(
    ("text", "name", "folder", "stem"),
    [
        ("0", "camera 0", "camera0", "camera0"),
        ("camera:12", "camera 12", "camera12", "camera12"),
        ("-", "standard input", "stdin", "stdin"),
        ("rtsp://me:pw@h:554/a/b?key=1", "rtsp://h:554/a/b", "rtsp://h:554/a/b", "b"),
        ("http://h/", "http://h/", "http://h", "h"),
        ("http://h/walk.mp4", "http://h/walk.mp4", "http://h/walk.mp4", "walk.mp4"),
        ("http://h/ü b.mkv", "http://h/ü b.mkv", "http://h/ü b.mkv", "_b.mkv"),
    ],
)
def test_names(text, name, folder, stem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = unrepeatable([text])
    assert (found.name, found.folder, found.stem) == (name, folder, stem)


def test_a_file_whose_name_is_a_number_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0").write_bytes(b"")
    assert unrepeatable(["0"]) is None
    assert unrepeatable(["camera:0"]).source == 0


def test_company_is_refused():
    with pytest.raises(ImageError, match="^camera 0 must be the only input: "):
        unrepeatable(["photos/", "camera:0"])
