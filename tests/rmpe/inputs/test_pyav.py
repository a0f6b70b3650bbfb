"""Frames and what became of them: by errors of packets, marks of frames, and stamps of both."""

from types import SimpleNamespace

import pytest

av = pytest.importorskip("av")
from rmpe.inputs.images import ImageError  # noqa: E402
from rmpe.inputs.pyav import decode, video_stream  # noqa: E402


class Packet:
    """A packet whose frames, or error, come when it is decoded."""

    def __init__(self, pts, *stamps, error=False, is_corrupt=False, corrupt=()):
        self.pts, self.is_corrupt = pts, is_corrupt
        self.stream = SimpleNamespace(index=0)
        self.frames = [SimpleNamespace(pts=one, is_corrupt=one in corrupt) for one in stamps]
        self.error = error

    def decode(self):
        if self.error:
            raise av.InvalidDataError(1, "damaged")
        return self.frames


def outcomes(*packets, codec="h264"):
    """The stamp of each frame, whether it is whole, and whether there is one."""
    stream = SimpleNamespace(index=0, codec_context=SimpleNamespace(name=codec, options={}))
    container = SimpleNamespace(demux=lambda streams: iter(packets))
    outcomes.options = stream.codec_context.options
    found = []
    for stamp, frame, whole in decode(container, stream):
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


def test_without_stamps_each_error_is_told_at_once():
    found = outcomes(Packet(None, None), Packet(None, error=True), Packet(None, None))
    assert found == [(None, True, True), (None, False, False), (None, True, True)]


def test_garbage_without_end_is_told_while_it_comes():
    found = outcomes(Packet(0, 0), *(Packet(number, error=True) for number in range(1, 100)))
    assert found == [(0, True, True), *((number, False, False) for number in range(1, 100))]
    stream = SimpleNamespace(index=0, codec_context=SimpleNamespace(name="h264"))
    endless = (Packet(number, error=True) for number in range(1 << 60))
    missing = decode(SimpleNamespace(demux=lambda streams: endless), stream)
    assert [next(missing).stamp for _ in range(1000)] == list(range(1000))


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
