"""Images and raw frames one behind the other in a stream of bytes, however it is cut in pieces."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rmpe.inputs.images import ImageError, decode_image
from rmpe.inputs.raw import RawVideo, read_raw
from rmpe.inputs.series import read_series

from ...fuzz import fuzz
from ..mutation import damaged
from .test_video import write_video


def encoded(gray, kind, **options):
    """A small picture of one gray, with a corner."""
    pixels = np.full((24, 32, 3), gray, np.uint8)
    pixels[:8, :8] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def reader(content, piece):
    """Gives a stream a few bytes at a time, as a pipe may."""
    file = io.BytesIO(content)
    return lambda most: file.read(min(most, piece))


def grays(content, piece=1 << 16):
    """The gray of each image that is read; None where there is an error."""
    return [
        None if isinstance(image, ImageError) else int(image[20, 20, 0])
        for image, _ in read_series(reader(content, piece), lambda: True)
    ]


KINDS = ["JPEG", "PNG", "PPM", "BMP", "WEBP"]


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "quality": 95}),
        ("PNG", {}),
        ("PPM", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_many_images(kind, options, piece):
    content = b"".join(encoded(gray, kind, **options) for gray in (40, 90, 140))
    assert grays(content, piece) == pytest.approx([40, 90, 140], abs=1)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "jpeg"}),  # There is a JPEG image inside.
        ("GIF", {}),
        ("JPEG2000", {}),
    ],
)
def test_one_image_is_that_of_its_file(kind, options):
    content = encoded(90, kind, **options)
    ((image, time),) = read_series(reader(content, 100))
    assert time is None
    assert (image == decode_image(content)).all()


def test_kinds_may_change():
    content = encoded(40, "PNG") + encoded(90, "PPM") + encoded(140, "BMP")
    assert grays(content) == [40, 90, 140]


def test_what_lies_between_images_is_passed_over():
    lines = b"\r\n--next\r\nContent-Type: image/jpeg\r\n\r\n"
    content = lines + lines.join(encoded(gray, "PNG") for gray in (40, 90)) + b"\0" * 20_000
    assert grays(content, 50) == [40, 90]


def test_an_image_within_an_image_is_no_other():
    inner = encoded(10, "JPEG")
    outer = encoded(90, "JPEG")
    exif = b"Exif\0\0" + inner  # Where a thumbnail is.
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    assert grays(outer[:2] + segment + outer[2:] + outer) == pytest.approx([90, 90], abs=1)


def test_the_further_pictures_of_a_phone_are_no_frames():
    file = io.BytesIO()
    pictures = [Image.new("RGB", (32, 24), (gray,) * 3) for gray in (40, 10, 20)]
    pictures[0].save(file, "MPO", save_all=True, append_images=pictures[1:])
    content = file.getvalue() + encoded(90, "JPEG")
    assert grays(content) == pytest.approx([40, 90], abs=1)


def test_a_damaged_number_of_further_pictures_costs_no_other():
    file = io.BytesIO()
    first, second = (Image.new("RGB", (32, 24), (gray,) * 3) for gray in (40, 10))
    first.save(file, "MPO", save_all=True, append_images=[second])
    content = bytearray(file.getvalue())
    number = content.index(b"\x01\xb0\x04\0\x01\0\0\0") + 8
    assert content[number] == 2
    content[number + 2] = 1
    assert grays(bytes(content) + encoded(90, "JPEG"))[-1] == pytest.approx(90, abs=1)


def test_an_image_that_says_that_it_has_no_bytes_is_found_once():
    assert grays(b"BM" + bytes(100) + encoded(90, "PNG")) == [None, 90]


def test_a_size_of_thousands_of_digits():
    assert grays(b"P5 " + b"9" * 5000 + b" 1 255 " + bytes(100)) == [None]


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_image_may_be_cut_off(kind):
    last = encoded(90, kind)
    content = encoded(40, kind) + last[: len(last) // 2]
    assert grays(content) == [pytest.approx(40, abs=1), None]


@pytest.mark.parametrize("piece", [7, 1 << 16])
@pytest.mark.parametrize("part", [0.3, 0.5, 0.75])
@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_cut_off_costs_none_after_it(kind, part, piece):
    first, cut, third, last = (encoded(gray, kind) for gray in (40, 90, 140, 190))
    content = first + cut[: int(len(cut) * part)] + third + last
    found = grays(content, piece)
    assert len(found) == 4
    assert [found[0], *found[2:]] == pytest.approx([40, 140, 190], abs=1)


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_cut_off_in_its_last_bytes_costs_none_after_it(kind, piece):
    whole = encoded(90, kind)
    for missing in range(1, 50):
        content = whole[:-missing] + encoded(140, kind) + encoded(190, kind)
        cut, *others = grays(content, piece)
        assert others == pytest.approx([140, 190], abs=1), missing
        # All pixels of a PNG file come before its last 12 bytes, of a JPEG file before its last 2.
        assert cut is None or (kind, cut) in (("PNG", 90), ("JPEG", 90)), missing


@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_cut_off_may_be_followed_by_another_kind(kind, other):
    whole = encoded(90, kind)
    for missing in (*range(1, 40), len(whole) // 2):
        content = whole[:-missing] + encoded(40, other) + encoded(140, "JPEG")
        assert grays(content)[1:] == pytest.approx([40, 140], abs=1), missing
        last = whole[:-missing] + encoded(40, other)
        assert grays(last)[1:] == pytest.approx([40], abs=1), missing


def test_a_damaged_image_costs_no_other():
    images = [bytearray(encoded(gray, "JPEG")) for gray in (40, 90, 140)]
    middle = len(images[1]) - 60
    images[1][middle : middle + 2] = b"\xff\xd9"  # It seems to end there.
    found = grays(b"".join(map(bytes, images)))
    assert len(found) == 3
    assert [found[0], found[2]] == pytest.approx([40, 140], abs=1)


@pytest.mark.parametrize("content", [b"no image at all", bytes(9000), b"P6 9"])
def test_no_image(content):
    ((error, _),) = read_series(reader(content, 100))
    assert isinstance(error, ImageError)


@pytest.mark.parametrize("end", ["mp4", "mov", "mkv", "webm", "avi", "flv", "ts", "mpg"])
def test_a_video_is_no_image(tmp_path, end):
    av = pytest.importorskip("av")
    codec = {"webm": "libvpx", "mpg": "mpeg1video", "flv": "flv", "ts": "mpeg2video"}.get(end)
    if codec not in {None, *av.codecs_available}:
        pytest.skip(f"this PyAV has no {codec}")
    content = write_video(tmp_path / f"a.{end}", codec=codec or "mpeg4").read_bytes()
    reads = []

    def read(most):
        reads.append(most)
        return content[:most] if len(reads) == 1 else pytest.fail("it is read on")

    ((error, _),) = read_series(read)
    assert str(error).startswith("standard input holds a video, and not images: name its file, or")


def test_nothing():
    assert list(read_series(reader(b"", 1))) == []
    assert list(read_raw(reader(b"", 1), RawVideo(2, 2))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_does_not_wait_for_the_next(kind):
    first, reads = encoded(90, kind), []

    def read(most):
        reads.append(most)
        assert len(reads) < 2, "it asks for more"
        return first

    image, _ = next(read_series(read))
    assert image.shape == (24, 32, 3)


def test_bytes_that_may_begin_the_next_image_are_waited_for_a_moment():
    """Nothing else comes, so it is whole."""
    whole = encoded(90, "PPM")[:-1] + b"P"
    asked = []
    frames = read_series(reader(whole, 1 << 16), lambda: asked.append(1))
    assert next(frames)[0].shape == (24, 32, 3)
    assert len(asked) == 1


STREAM = b"".join(encoded(90, kind) for kind in ("PNG", "PPM", "BMP", "WEBP", "MPO", "JPEG"))


@fuzz(300)
@given(damaged(STREAM), st.sampled_from([5, 100, 1 << 16]))
def test_damaged_streams_give_images_and_image_errors_and_end(content, piece):
    outcomes = [outcome for outcome, _ in read_series(reader(content, piece))]
    # Each takes at least a byte.
    assert len(outcomes) <= len(content)
    for outcome in outcomes:
        assert isinstance(outcome, ImageError) or outcome.dtype == np.uint8


def test_memory_holds_one_image():
    class Endless:
        given = 0

        def read(self, most):
            self.given += 1
            return (image * 100)[:most]

    image, source = encoded(40, "PPM"), Endless()
    frames = read_series(source.read)
    for number in range(1, 50):
        next(frames)
        assert source.given * 65536 < number * len(image) + 3 * 65536


@pytest.mark.parametrize("piece", [1, 100, 1 << 16])
def test_raw_frames(piece):
    frames = np.arange(3 * 2 * 4 * 3, dtype=np.uint8).reshape(3, 2, 4, 3)
    read = reader(frames.tobytes(), piece)
    found = list(read_raw(read, RawVideo(4, 2, 25.0)))
    assert [time for _, time in found] == [0, 0.04, 0.08]
    assert np.array_equal([image for image, _ in found], frames)
    swapped = read_raw(reader(frames.tobytes(), piece), RawVideo(4, 2, pixels="bgr24"))
    for (image, time), frame in zip(swapped, frames, strict=True):
        assert time is None
        assert np.array_equal(image, frame[:, :, ::-1])
        assert image.flags.c_contiguous and image.flags.writeable


def test_raw_frames_of_another_size():
    (first, _), (error, time) = read_raw(reader(bytes(40), 9), RawVideo(4, 2, 10.0))
    assert first.shape == (2, 4, 3)
    assert time == 0.1
    assert str(error) == (
        "the input ends in frame 1, after 16 of 24 bytes; are frames of 4x2 pixels right?"
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0, 2), "width must be at least 1, got 0"),
        ((2, "2"), "height must be a whole number, got '2'"),
        ((2, 2, 0), "rate must be above 0, in frames a second, got 0"),
        ((2, 2, None, "yuv420p"), "pixels must be one of rgb24, bgr24, got 'yuv420p'"),
        ((1 << 20, 1 << 20), "width x height must be at most 178956970 pixels, got 1048576x"),
    ],
)
def test_raw_frames_that_are_none(values, message):
    with pytest.raises((TypeError, ValueError), match=message):
        RawVideo(*values)
