"""Frames and what became of them: by errors of packets, marks of frames, and stamps of both."""

import os
from types import SimpleNamespace

import pytest

av = pytest.importorskip("av")
from rmpe.inputs.images import ImageError  # noqa: E402
from rmpe.inputs.pyav import decode, open_file, video_stream  # noqa: E402

from .test_video import bars, write_video  # noqa: E402


class Packet:
    """A packet whose frames, or error, come when it is decoded."""

    def __init__(self, pts, *stamps, error=False, is_corrupt=False, corrupt=()):
        self.pts, self.is_corrupt = pts, is_corrupt
        self.stream = SimpleNamespace(index=0)
        self.frames = [
            SimpleNamespace(pts=one, dts=None, is_corrupt=one in corrupt) for one in stamps
        ]
        self.error = error

    def decode(self):
        if self.error:
            raise av.InvalidDataError(1, "damaged")
        return self.frames


def outcomes(*packets, codec="h264", container_format="mov"):
    """The stamp of each frame, whether it is whole, and whether there is one."""
    stream = SimpleNamespace(index=0, codec_context=SimpleNamespace(name=codec, options={}))
    kind = SimpleNamespace(name=container_format)
    container = SimpleNamespace(demux=lambda streams: iter(packets), format=kind)
    outcomes.options = stream.codec_context.options
    found = []
    for stamp, frame, whole, _ in decode(container, stream):
        outcomes.options = stream.codec_context.options
        found.append((stamp, frame is not None, whole))
    return found


def test_frames_in_the_order_in_which_they_are_seen():
    found = outcomes(Packet(0), Packet(2, 0), Packet(1, 1), Packet(None, 2))
    assert found == [(0, True, True), (1, True, True), (2, True, True)]


def test_a_packet_that_fails_is_a_frame_that_is_missing():
    found = outcomes(Packet(0, 0), Packet(1, error=True), Packet(2, 2), Packet(3, error=True))
    assert found == [(0, True, True), (1, False, False), (2, True, True), (3, False, False)]


def test_a_frame_that_comes_after_an_error_of_its_packet_is_damaged_and_one():
    found = outcomes(Packet(0), Packet(2, 0), Packet(1, error=True), Packet(3, 1, 2, 3))
    assert found == [(0, True, True), (1, False, True), (2, True, True), (3, True, True)]


def test_what_says_that_it_is_damaged():
    packets = [Packet(0, 0), Packet(1, 1, corrupt=[1]), Packet(2, 2, is_corrupt=True)]
    assert outcomes(*packets) == [(0, True, True), (1, False, True), (2, False, True)]
    # Where a transport stream was put behind another, packets seem to be missing.
    found = outcomes(*packets, container_format="mpegts")
    assert found == [(0, True, True), (1, False, True), (2, True, True)]


def test_without_stamps_each_error_is_told_at_once():
    found = outcomes(Packet(None, None), Packet(None, error=True), Packet(None, None))
    assert found == [(None, True, True), (None, False, False), (None, True, True)]


def test_garbage_without_end_is_told_while_it_comes():
    told = []

    class Garbage(Packet):
        def decode(self):
            assert len(told) >= self.pts - 20
            return super().decode()

    stream = SimpleNamespace(index=0, codec_context=SimpleNamespace(name="h264"))
    packets = (Garbage(number, error=True) for number in range(1000))
    kind = SimpleNamespace(name="mov")
    container = SimpleNamespace(demux=lambda streams: packets, format=kind)
    for one in decode(container, stream):
        told.append(one.stamp)
    assert told == list(range(1000))


@pytest.mark.parametrize(("codec", "strict"), [("mjpeg", True), ("hevc", True), ("h264", False)])
def test_decoders_that_hide_damage_are_told_not_to(codec, strict):
    outcomes(Packet(0, 0), codec=codec)
    assert outcomes.options == ({"err_detect": "explode"} if strict else {})


def test_the_cover_of_a_song_is_no_video(tmp_path):
    from PIL import Image

    Image.new("RGB", (16, 16)).save(tmp_path / "cover.jpg")
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container, av.open(str(tmp_path / "cover.jpg")) as cover:
        picture = container.add_stream_from_template(cover.streams.video[0])
        picture.disposition = av.stream.Disposition.attached_pic
        sound = container.add_stream("aac", rate=8000, layout="mono")
        for packet in cover.demux(video=0):
            if packet.size:
                packet.stream = picture
                container.mux(packet)
        container.mux(sound.encode())
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
        with pytest.raises(ImageError, match="song.mp4: it holds no video"):
            video_stream(container, path)


@pytest.mark.parametrize(
    "name",
    ["a:b.mkv", "http:x.mkv", "file:x.mkv", "pipe:0.mkv", "%03d.mkv", "new\nline.mkv", "東 京.mkv",
     os.fsdecode(b"\xff.mkv")],
)  # fmt: skip
def test_any_name_is_that_of_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    os.rename(write_video(tmp_path / "a.mkv", count=3), name)
    assert bars(name, range(3)) == [0, 1, 2]


def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", tmp_path):
        with pytest.raises(ImageError, match="is not a file but a folder, pipe or device"):
            open_file(path)


def test_what_a_file_lacks(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    whole = path.read_bytes()
    index = whole.index(b"moov")
    assert whole.index(b"mdat") < index
    for content, reason in (
        (b"", "the file is empty"),
        (whole[: index - 40], "it was cut off before its index, which such files have at the"),
        (b"no video", "Invalid data found"),
        (bytes(100), "Invalid data found"),
        (b"\xff" * 100, "Invalid data found"),
    ):
        path.write_bytes(content)
        with pytest.raises(ImageError, match=f"a.mp4: this video cannot be read: {reason}"):
            open_file(path)
