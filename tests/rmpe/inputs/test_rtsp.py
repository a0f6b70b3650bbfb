"""A stream from a real RTSP server of this machine: played, read slowly, dropped, resumed.

Needs: pip install aio-rtsp-toolkit
"""

import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from rmpe.inputs.frames import read_frames
from rmpe.inputs.images import ImageError
from rmpe.inputs.live import Connection

pytest.importorskip("av")
pytest.importorskip("aio_rtsp_toolkit", reason="the RTSP server: pip install aio-rtsp-toolkit")
from .test_video import bar, write_video  # noqa: E402

SERVE = """
import asyncio, sys
from aio_rtsp_toolkit import server
asyncio.run(server.serve(sys.argv[1], host="127.0.0.1", port=int(sys.argv[2])))
"""
PATIENT = Connection(retries=8, wait=0.1, timeout=10.0)


class Server:
    """A process that serves a folder; it can be killed, and started again at the same address."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.folder), str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def address(self, plays):
        """Of the video, played so often; 0: for ever."""
        return f"rtsp://127.0.0.1:{self.port}/walk.mp4?play_count={plays}"


@pytest.fixture
def server(tmp_path):
    write_video(tmp_path / "walk.mp4", count=30, codec="libx264")
    running = Server(tmp_path)
    yield running
    running.kill()


def bars(frames):
    """The picture of each frame; a bar of 14 fills the image."""
    return [min(bar(frame.image), 14) for frame in frames]


def test_frames_come_as_they_are_even_where_they_are_read_slowly(server):
    with closing(read_frames(server.address(0), connection=PATIENT)) as source:
        frames = []
        for frame in source:
            frames.append(frame)
            if len(frames) == 45:
                break
            time.sleep(0.05 if 5 < len(frames) < 15 else 0)  # Slower than 30 a second.
    assert [frame.index for frame in frames] == list(range(45))
    times = [frame.time for frame in frames]
    assert times[0] == 0
    assert times == sorted(times)
    assert bars(frames[:30]) == [min(number, 14) for number in range(30)]


def test_a_stream_that_drops_is_resumed_when_the_server_is_back(server):
    said = []

    def report(line):
        said.append(line)
        if len(said) == 1:  # The connection is lost; the next tries find nobody.
            assert server.process.poll() is not None
        if len(said) == 2:
            server.start()

    source = read_frames(server.address(0), connection=PATIENT, report=report)
    with closing(source):
        before = [next(source) for _ in range(10)]
        server.kill()
        after = [frame for _, frame in zip(range(60), source, strict=False)]
    assert len(said) >= 2
    assert "lost after" in said[0]
    frames = before + after
    assert [frame.index for frame in frames] == list(range(70))
    # What is played after the drop begins anew, with the first picture.
    assert bars(frames).count(0) >= 2


def test_a_server_that_stays_away_is_given_up(server):
    connection = Connection(retries=1, wait=0.05, timeout=5.0)
    source = read_frames(server.address(1), connection=connection)
    with closing(source):
        next(source)
        server.kill()
        with pytest.raises(ImageError, match=r"^rtsp://127.*: lost after \d+ frames, 2 tries: "):
            list(source)
