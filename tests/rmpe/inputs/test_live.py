"""Streams from a real server of this machine: whole, slow, dropped, silent, gone."""

import io
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from rmpe.inputs.frames import read_frames
from rmpe.inputs.images import ImageError
from rmpe.inputs.live import Connection, read_live

av = pytest.importorskip("av")
from .test_video import bar, needs_libx264, picture, spoil, write_video  # noqa: E402

QUICK = Connection(retries=2, wait=0.01, timeout=5.0)


class Server(ThreadingHTTPServer):
    """Serves a video, as `behavior` has it at each request; without its size if it `is_live`."""

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.is_live = content, False
        self.kind = "video/x-matroska"
        self.requests = []
        self.behavior = []
        self.over = threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/walk.mkv"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send(self, content):
        if self.server.is_live:
            content = b"%x\r\n%s\r\n" % (len(content), content)
        self.wfile.write(content)
        self.wfile.flush()

    def do_GET(self):
        server, content = self.server, self.server.content
        server.requests.append(self.path)
        behavior = server.behavior.pop(0) if server.behavior else "whole"
        if behavior in ("gone", "away"):
            self.send_error(404 if behavior == "gone" else 503)
            return
        self.send_response(200)
        self.send_header("Content-Type", server.kind)
        if server.is_live:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if behavior == "silent":
            server.over.wait(20)
            return
        if behavior == "little":
            self.send(content[: len(content) // 2])
            server.over.wait(20)
            return
        half = len(content) // 2
        end = half if behavior == "dropped" else len(content)
        step = len(content) // 10 if behavior == "slow" else len(content)
        for start in range(0, end, step):
            self.send(content[start : min(start + step, end)])
            if behavior == "slow":
                time.sleep(0.02)
        if server.is_live and end == len(content):
            self.send(b"")
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    path = write_video(tmp_path / "walk.mkv", count=30, codec="mjpeg", pix_fmt="yuvj420p")
    with Server(path.read_bytes()) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


def bars(frames):
    """The picture of each frame; a bar of 14 fills the image."""
    return [min(bar(frame.image), 14) for frame in frames]


WHOLE = [min(number, 14) for number in range(30)]


@pytest.mark.parametrize("behavior", ["whole", "slow"])
def test_a_stream_that_comes_to_its_end(server, behavior):
    server.behavior = [behavior]
    frames = list(read_frames(server.address, connection=QUICK))
    assert bars(frames) == WHOLE
    assert [frame.index for frame in frames] == list(range(30))
    times = [frame.time for frame in frames]
    assert times[0] == 0
    assert times == sorted(times)
    assert len(server.requests) == 1


def test_a_file_that_drops_goes_on_where_it_was(server):
    server.behavior = ["dropped", "away", "whole"]
    said = []
    frames = list(read_frames(server.address, connection=QUICK, report=said.append))
    assert bars(frames) == WHOLE
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.time for frame in frames] == pytest.approx([n / 25 for n in range(30)])
    assert len(server.requests) == 3
    assert [line.rpartition("; ")[2] for line in said] == ["try 1 of 2", "try 2 of 2"]
    found = re.fullmatch(r"(.*): lost after (\d+) frames: .*", said[0])
    assert found[1] == server.address
    assert 5 < int(found[2]) < 30


def live(content):
    """The content as a live stream has it: nobody knows how long it will be."""
    file = io.BytesIO()
    options = {"live": "1"}
    with av.open(io.BytesIO(content)) as source:
        with av.open(file, "w", "matroska", options=options) as container:
            stream = container.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    container.mux(packet)
    return file.getvalue()


def test_a_stream_that_drops_is_connected_again(server):
    server.content, server.is_live = live(server.content), True
    server.behavior = ["little", "away", "whole"]
    said = []
    connection = Connection(retries=2, wait=0.01, timeout=0.5)
    frames = list(read_frames(server.address, connection=connection, report=said.append))
    first = len(frames) - 30
    assert 5 < first < 30
    assert bars(frames) == WHOLE[:first] + WHOLE
    assert [frame.index for frame in frames] == list(range(first + 30))
    assert said[0] == (
        f"{server.address}: lost after {first} frames: nothing came for 0.5 s; try 1 of 2"
    )
    times = np.array([frame.time for frame in frames])
    assert times[:first] == pytest.approx(np.arange(first) / 25)
    # It was away for longer than the frames had lasted that came at once.
    assert times[first] >= max(times[first - 1], 0.5)
    assert times[first:] - times[first] == pytest.approx(np.arange(30) / 25)


@pytest.mark.parametrize("is_live", [False, True])
def test_times_are_those_of_the_stream_however_it_comes(server, tmp_path, is_live):
    stamps = [0, 4, 8, 50, 54, 90, 91, 120, 300, 301]
    content = write_video(tmp_path / "a.mkv", stamps=stamps).read_bytes()
    server.content, server.is_live = live(content) if is_live else content, is_live
    server.behavior = ["slow"]
    times = [frame.time for frame in read_frames(server.address, connection=QUICK)]
    assert times == pytest.approx(np.array(stamps) / 100, abs=2e-3)


@needs_libx264
def test_times_of_avi_go_on_where_it_has_none_of_showing_a_frame(server, tmp_path):
    path = write_video(tmp_path / "a.avi", 12, "libx264", max_b_frames=3)
    server.content, server.kind = path.read_bytes(), "video/x-msvideo"
    frames = list(read_live(server.address, QUICK))
    assert [bar(image) for image, _ in frames] == list(range(12))
    assert [time for _, time in frames] == pytest.approx([n / 25 for n in range(12)])


def jpegs(count):
    pictures = []
    for number in range(count):
        file = io.BytesIO()
        Image.fromarray(picture(number)).save(file, "JPEG")
        pictures.append(file.getvalue())
    return pictures


def test_pictures_without_times_have_those_at_which_they_came(server):
    part = b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"
    server.content = b"".join(part % (len(one), one) for one in jpegs(14))
    server.kind, server.is_live = "multipart/x-mixed-replace; boundary=next", True
    began = time.monotonic()
    frames = []
    for frame in read_frames(server.address, connection=QUICK):
        frames.append(frame)
        time.sleep(0.01)
    took = time.monotonic() - began
    assert bars(frames) == WHOLE[:14]
    times = [frame.time for frame in frames]
    assert times[0] == 0
    assert all(0.01 <= after - before for before, after in pairwise(times))
    assert times[-1] < took


def test_a_file_without_times_has_none(server):
    server.content, server.kind = b"".join(jpegs(14)), "video/x-motion-jpeg"
    frames = list(read_frames(server.address.replace(".mkv", ".mjpg"), connection=QUICK))
    assert bars(frames) == WHOLE[:14]
    assert {frame.time for frame in frames} == {None}


def test_a_damaged_frame_of_a_stream_is_one_row_and_told(server, tmp_path):
    path = tmp_path / "walk.mkv"
    spoil(path, 4, lambda data: data[:300] + bytes(len(data) - 300))
    server.content = path.read_bytes()
    said = []
    frames = list(read_frames(server.address, connection=QUICK, report=said.append))
    assert [frame.index for frame in frames] == [*range(4), *range(5, 30)]
    assert [frame.time for frame in frames] == pytest.approx([f.index / 25 for f in frames])
    assert said == [f"{server.address}: frame 4 cannot be decoded"]


def test_tries_have_a_limit(server):
    server.behavior = ["dropped", "away", "away", "away"]
    frames = read_frames(server.address, connection=QUICK)
    with pytest.raises(ImageError, match=r"walk.mkv: lost after \d+ frames, 3 tries: .*5XX"):
        list(frames)
    assert len(server.requests) == 4 - 1


def test_what_a_server_does_not_have_is_asked_for_once(server):
    server.behavior = ["gone"]
    with pytest.raises(ImageError, match="walk.mkv: lost after 0 frames: .*404"):
        list(read_frames(server.address, connection=QUICK))
    assert len(server.requests) == 1


def test_a_little_before_silence_is_no_success(server):
    waits = []
    server.behavior = ["little"] * 9
    connection = Connection(retries=2, wait=0.5, timeout=0.5)
    with pytest.raises(ImageError, match="frames, 3 tries: nothing came for 0.5 s"):
        list(read_live(server.address, connection, pause=waits.append))
    assert len(server.requests) == 3
    assert waits == [0.5, 1]


def test_a_server_that_says_nothing_is_given_up(server):
    server.behavior = ["silent"]
    began = time.monotonic()
    frames = read_frames(server.address, connection=Connection(retries=0, timeout=0.3))
    with pytest.raises(ImageError, match="lost after 0 frames, 1 try: nothing came for 0.3 s"):
        next(frames)
    assert time.monotonic() - began < 15


def test_a_consumer_that_is_slow_or_leaves(server):
    frames = read_frames(server.address, connection=QUICK)
    assert bar(next(frames).image) == 0
    time.sleep(0.2)
    assert bar(next(frames).image) == 1
    frames.close()


def test_a_camera_that_is_not_there():
    with pytest.raises(ImageError, match="camera 87: there is no /dev/video87; cameras here: "):
        read_frames(87)


def test_passwords_are_not_told():
    said = []
    frames = read_frames(
        "http://me:secret@127.0.0.1:9/x?token=hidden",
        connection=Connection(retries=1, wait=0),
        report=said.append,
    )
    with pytest.raises(ImageError) as caught:
        next(frames)
    assert "secret" not in str(caught.value) + said[0]
    assert "hidden" not in str(caught.value) + said[0]
    assert "http://127.0.0.1:9/x" in said[0]


def test_a_stream_may_be_gone_for_days():
    waits = []
    with pytest.raises(ImageError, match="camera 87: lost after 0 frames, 1201 tries"):
        next(read_live(87, Connection(retries=1200, wait=0.25), pause=waits.append))
    assert waits[:4] == [0.25, 0.5, 1, 2] and set(waits[7:]) == {30.0} and len(waits) == 1200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"retries": -1}, "retries must be at least 0, got -1"),
        ({"retries": "2"}, "retries must be a whole number, got '2'"),
        ({"retries": 2.5}, "retries must be a whole number, got 2.5"),
        ({"wait": None}, "wait must be a number, got None"),
        ({"wait": 10**400}, "wait must be at least 0, in seconds"),
        ({"timeout": True}, "timeout must be a number, got True"),
        ({"timeout": float("nan")}, "timeout must be above 0"),
        ({"wait": -0.1}, "wait must be at least 0"),
        ({"timeout": 0}, "timeout must be above 0"),
    ],
)
def test_connections_that_are_none(fields, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Connection(**fields)
