"""Videos: frames by their timestamps, upright, and what is damaged by its number."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rmpe.inputs.clip import Excerpt, frame_number, is_video, video_of
from rmpe.inputs.images import ImageError
from rmpe.inputs.prefetch import read_batches, read_images
from rmpe.inputs.video import expand_videos, read_clip, read_clip_frames

from .encode import encode

av = pytest.importorskip("av")
HEIGHT, WIDTH = 48, 64
needs_libx264 = pytest.mark.skipif(
    "libx264" not in av.codecs_available, reason="this PyAV has no libx264"
)


def picture(number):
    """A bright bar on the left, wider from frame to frame."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, : 8 + 4 * number] = 200
    return pixels


def bar(pixels):
    """The number of the frame, by its bar."""
    return round(((np.asarray(pixels)[..., 1] > 100).sum(1).mean() - 8) / 4)


def write_video(path, count=10, codec="mpeg4", stamps=None, noisy=False, rate=25, **options):
    """Write `picture` 0, 1, ..., at frames a second or at the times given, in 1/100 s."""
    noise = np.random.default_rng(0).integers(0, 40 if noisy else 1, (HEIGHT, WIDTH, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 100)
        for name, value in options.items():
            setattr(stream.codec_context, name, value)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number) + noise, format="rgb24")
            if stamps is not None:
                frame.pts, frame.time_base = stamps[number], Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def bars(path, indices):
    return [
        None if isinstance(frame, ImageError) else bar(frame)
        for frame in read_clip_frames(path, indices)
    ]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"max_b_frames": 2}),
        ("a.avi", "mpeg4", {"max_b_frames": 2}),
        ("a.mkv", "mpeg4", {}),
        ("a.webm", "libvpx-vp9", {}),
        ("a.mov", "mjpeg", {}),
        ("a.h264", "libx264", {"max_b_frames": 2}),  # Without any times.
    ],
)
def test_frames_in_the_order_in_which_they_are_seen(tmp_path, name, codec, options):
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    if codec == "mjpeg":
        options = {"pix_fmt": "yuvj420p"}
    path = write_video(tmp_path / name, codec=codec, **options)
    clip = read_clip(path)
    assert len(clip) == 10
    assert bars(path, range(10)) == list(range(10))
    assert bars(path, [0, 3, 4, 9]) == [0, 3, 4, 9]
    if name.endswith(".h264"):
        assert clip.time(3) is None
        with pytest.raises(ImageError, match="a.h264: start and end need the times of frames"):
            clip.select(Excerpt(start=0.1))
    else:
        assert [clip.time(n) for n in (0, 1, 9)] == pytest.approx([0, 0.04, 0.36])
    (frame,) = read_clip_frames(path, [0])
    assert (frame.shape, frame.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)


@needs_libx264
@pytest.mark.parametrize("between", [2, 3])
def test_avi_has_no_times_of_h264_with_frames_out_of_order(tmp_path, between):
    path = write_video(tmp_path / "a.avi", 30, "libx264", max_b_frames=between, gop_size=6)
    with av.open(str(path)) as container:
        stamps = [frame.pts for frame in container.decode(video=0)]
    assert stamps != sorted(stamps)
    clip = read_clip(path)
    assert [clip.time(n) for n in (0, 1, 29)] == pytest.approx([0, 0.04, 29 * 0.04])
    assert clip.select(Excerpt(start=0.1, end=0.2)) == [3, 4]
    shown = [round(np.count_nonzero(f[..., 1] > 100) / HEIGHT) for f in whole(path, 30)]
    assert shown == [min(8 + 4 * n, WIDTH) for n in range(30)]
    # One that is lost, which others build upon, does not change the numbers of those far behind.
    spoil(path, 3, lambda data: bytes(len(data)))
    found = bars(path, range(12))
    assert found.count(None) == 1
    assert (found[0], found[6:]) == (0, [6, 7, 8, 9, 10, 11])


def whole(path, count):
    frames = list(read_clip_frames(path, range(count)))
    assert not any(isinstance(frame, ImageError) for frame in frames)
    return frames


def without_times(path, numbers):
    """Take the times of some packets out of a transport stream."""
    content = bytearray(path.read_bytes())
    places = [found.start() for found in re.finditer(b"\x00\x00\x01\xe0", bytes(content))]
    for number in numbers:
        assert content[places[number] + 7] & 0x80
        content[places[number] + 7] = 0  # What the header has, and not how long it is.
    path.write_bytes(content)


@needs_libx264
@pytest.mark.parametrize("between", [0, 2])
def test_packets_without_times_take_none_from_the_others(tmp_path, between):
    path = write_video(tmp_path / "a.ts", 12, "libx264", rate=24, max_b_frames=between)
    without_times(path, [4, 5])
    with av.open(str(path)) as container:
        assert [p.pts for p in container.demux(video=0) if p.size].count(None) == 2
    clip = read_clip(path)
    assert [clip.time(n) for n in range(12)] == pytest.approx([n / 24 for n in range(12)], abs=1e-4)
    assert bars(path, range(12)) == list(range(12))
    without_times(path, set(range(12)) - {4, 5})
    clip = read_clip(path)
    assert (clip.time(5), clip.rate) == (None, 24)
    assert bars(path, range(12)) == list(range(12))


def test_times_of_a_video_of_variable_rate(tmp_path):
    stamps = [0, 4, 8, 50, 54, 90, 91, 120, 300, 301]
    clip = read_clip(write_video(tmp_path / "a.mkv", stamps=stamps))
    times = [clip.time(n) for n in range(10)]
    np.testing.assert_allclose(times, np.array(stamps) / 100, atol=2e-3)
    assert clip.select(Excerpt(start=0.5, end=1.2)) == [3, 4, 5, 6]
    assert clip.select(Excerpt(stride=4)) == [0, 4, 8]
    assert clip.select(Excerpt(start=0.5, stride=3)) == [3, 6, 9]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start": -1}, "start must be at least 0"),
        ({"start": float("nan")}, "start must be at least 0"),
        ({"start": 3, "end": 3}, "end must be after start, which is 3, got 3"),
        ({"stride": 0}, "stride must be at least 1, got 0"),
        ({"stride": "2"}, "stride must be a whole number, got '2'"),
        ({"stride": 10**5000}, "stride must be below 2\\^63"),
        ({"start": "1:30"}, "start must be a number, got '1:30'"),
        ({"end": "2"}, "end must be a number, got '2'"),
        ({"end": [2]}, r"end must be a number, got \[2\]"),
    ],
)
def test_excerpts_that_are_none(fields, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Excerpt(**fields)


def note_matrix(path, matrix):
    """Have an MP4 file note how its pictures are turned."""
    content = bytearray(path.read_bytes())
    a, b, c, d = (int(value * 65536) for value in matrix)
    place = content.index(b"tkhd") + 4 + 40
    values = (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    content[place : place + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in values)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((1, 0, 0, 1), lambda pixels: pixels),
        # Clockwise by 90 degrees, as phones held upright have it.
        ((0, 1, -1, 0), lambda pixels: np.rot90(pixels, 3)),
        ((-1, 0, 0, -1), lambda pixels: np.rot90(pixels, 2)),
        ((0, -1, 1, 0), lambda pixels: np.rot90(pixels)),
        # Mirrored, as by the camera at the front.
        ((-1, 0, 0, 1), lambda pixels: pixels[:, ::-1]),
        ((1, 0, 0, -1), lambda pixels: pixels[::-1]),
        ((0, 1, 1, 0), lambda pixels: pixels.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2)),
        # By less than 45 degrees: as it is.
        ((0.9, 0.4, -0.4, 0.9), lambda pixels: pixels),
    ],
)
def test_rotation_that_the_file_notes(tmp_path, monkeypatch, matrix, turn):
    stored = picture(5)
    stored[: HEIGHT // 3] = 120  # Above and below differ, too.
    monkeypatch.setattr(f"{__name__}.picture", lambda number: stored)
    path = write_video(tmp_path / "a.mp4")
    note_matrix(path, matrix)
    (frame,) = read_clip_frames(path, [5])
    expected = turn(stored)
    assert frame.shape == expected.shape
    assert np.abs(frame.astype(int) - expected).mean() < 15
    assert frame.flags.c_contiguous


def test_rotation_that_pictures_note_one_by_one(tmp_path):
    """In EXIF, which PyAV does not know."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Clockwise by 90 degrees.
    pictures = [encode(picture(number), "JPEG", exif=exif) for number in range(3)]
    (tmp_path / "a.mjpeg").write_bytes(b"".join(pictures))
    frames = list(read_clip_frames(tmp_path / "a.mjpeg", range(3)))
    for number, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - np.rot90(picture(number), 3)).mean() < 15


def spoil(path, number, change):
    """Change the bytes of a frame, of which there stay as many."""
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    start, size = places[number]
    changed = change(bytes(content[start : start + size]))
    assert len(changed) == size
    content[start : start + size] = changed
    path.write_bytes(content)


def with_noise(data):
    """Put noise in place of the second half of some bytes."""
    half = len(data) // 2
    other = np.random.default_rng(1).integers(0, 256, len(data) - half, np.uint8)
    return data[:half] + other.tobytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: bytes(len(data)),
        lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
        with_noise,
    ],
    ids=["gone", "half", "noise"],
)
@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4", "libx264"])
def test_frames_that_are_damaged_are_missed_by_their_numbers(tmp_path, codec, change):
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    pixels = {"pix_fmt": "yuvj420p"} if codec == "mjpeg" else {}
    # Each frame is by itself, as what is left of a damage shows in those behind it.
    options = {"gop_size": 1, "bit_rate": 8_000_000, "noisy": True}
    path = write_video(tmp_path / "a.mov", codec=codec, **options, **pixels)
    for number in (2, 7):
        spoil(path, number, change)
    assert bars(path, range(10)) == [0, 1, None, 3, 4, 5, 6, None, 8, 9]
    (error,) = read_clip_frames(path, [7])
    assert str(error) == f"{path}: frame 7 cannot be decoded"


def test_a_video_that_is_cut_off(tmp_path):
    path = write_video(tmp_path / "a.mkv", codec="mjpeg", pix_fmt="yuvj420p")
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    whole = path.read_bytes()
    path.write_bytes(whole[: places[5] + 3])
    count = len(read_clip(path))
    assert 5 <= count <= 6
    assert bars(path, range(10)) == [0, 1, 2, 3, 4, *[None] * 5]


def test_what_is_no_video(tmp_path):
    with pytest.raises(ImageError, match="gone.mp4: this video cannot be read: No such file"):
        read_clip(tmp_path / "gone.mp4")
    (tmp_path / "text.mp4").write_text("no video at all")
    with pytest.raises(ImageError, match="text.mp4: this video cannot be read: Invalid data"):
        read_clip(tmp_path / "text.mp4")
    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ImageError, match="sound.mkv: it holds no video"):
        read_clip(tmp_path / "sound.mkv")
    assert [type(one) for one in read_clip_frames(tmp_path / "gone.mp4", [0, 1])] == [
        ImageError
    ] * 2


def test_paths_of_frames(tmp_path):
    path = write_video(tmp_path / "walk.mp4", count=3)
    assert is_video(path)
    (tmp_path / "folder.mp4").mkdir()
    assert not is_video(tmp_path / "folder.mp4")
    assert not is_video(tmp_path / "gone.mp4")
    (frame,) = read_clip(path).paths([2])
    assert frame == path / "walk_000002.jpg"
    assert (video_of(frame), frame_number(frame)) == (path, 2)
    assert video_of(Path("photos/walk_000002.jpg")) is None


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_photographs_and_videos_are_read_ahead_in_order(tmp_path, batch_size):
    path = write_video(tmp_path / "a.mkv")
    for name in ("x.png", "y.png"):
        (tmp_path / name).write_bytes(encode(picture(11), "PNG"))
    frames = read_clip(path).paths([0, 2, 4, 6])
    paths = [tmp_path / "x.png", *frames, tmp_path / "y.png", *read_clip(path).paths([9])]
    found = [one for batch in read_batches(paths, batch_size=batch_size) for one in batch]
    assert [one for one, _ in found] == paths
    assert [bar(image) for _, image in found] == [11, 0, 2, 4, 6, 11, 9]


def test_frames_of_a_video_in_any_order(tmp_path):
    clip = read_clip(write_video(tmp_path / "a.mkv"))
    found = list(read_images(clip.paths([4, 6, 6, 1, 2])))
    assert [frame_number(path) for path, _ in found] == [4, 6, 6, 1, 2]
    assert [bar(image) for _, image in found] == [4, 6, 6, 1, 2]


def test_reading_can_end_early(tmp_path):
    path = write_video(tmp_path / "a.mkv", count=40)
    batches = read_batches(read_clip(path).paths(range(40)), batch_size=2)
    assert len(next(batches)) == 2
    batches.close()


def test_without_pyav_the_remedy_is_named(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mkv", count=2)
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(ImageError, match="a.mkv: videos are read after: pip install 'av>=14.2'"):
        read_clip(path)


def test_what_a_file_says_of_itself_need_not_be_utf_8(tmp_path):
    path = tmp_path / "walk.mkv"
    write_video(path, count=3)
    content = path.read_bytes()
    assert b"Lavf" in content
    path.write_bytes(content.replace(b"Lavf", b"\xfcber"))
    with pytest.raises(UnicodeDecodeError):
        av.open(str(path))
    frames = list(read_clip_frames(path, range(3)))
    assert [frame.shape for frame in frames] == [(HEIGHT, WIDTH, 3)] * 3


def test_an_excerpt_beyond_the_end_is_named(tmp_path):
    path = tmp_path / "walk.mkv"
    write_video(path, count=3)
    lines = []
    assert expand_videos([path], Excerpt(start=5), lines.append) == ([], {})
    assert lines == [f"{path}: no frame is from start to end, its last is at 0.08 s"]


def test_paths_below_a_video_that_are_no_frames_are_named(tmp_path):
    path = write_video(tmp_path / "walk.mkv", count=3)
    names = ("walk_000001.jpg", "cover.jpg", "walk_.jpg", "walk_000099.jpg", f"walk_{'9' * 99}.jpg")
    outcomes = list(read_images([path / name for name in names]))
    assert [found.name for found, _ in outcomes] == list(names)
    assert outcomes[0][1].shape == (HEIGHT, WIDTH, 3)
    assert all(isinstance(outcome, ImageError) for _, outcome in outcomes[1:])
