"""Reading one photograph, and saying why it cannot be read."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from rmpe.inputs import images
from rmpe.inputs.images import ImageError, decode_image, read_image, reading_cost
from rmpe.inputs.prefetch import read_images

from .encode import encode, png


def save(pixels, path, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def test_contents_decide_not_the_name(tmp_path, pixels):
    save(pixels, tmp_path / "image.png").rename(tmp_path / "image.jpg")
    np.testing.assert_array_equal(read_image(tmp_path / "image.jpg"), pixels)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.97])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_truncated_jpeg_is_an_error(tmp_path, kept, options):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    path = save(noise, tmp_path / "cut.jpg", **options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(ImageError, match="cut.jpg: cannot be read: .*truncated"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".gif", ".tiff", ".bmp", ".webp", ".ppm"])
def test_truncated_files_of_other_formats_are_errors(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    path = save(noise, tmp_path / f"cut{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(ImageError, match=f"cut{suffix}: "):
        read_image(path)


def test_missing_file(tmp_path):
    with pytest.raises(ImageError, match="gone.jpg: no such file"):
        read_image(tmp_path / "gone.jpg")


def test_folder_is_not_an_image(tmp_path):
    with pytest.raises(ImageError, match="is a folder, not an image"):
        read_image(tmp_path)


def test_link_that_leads_nowhere(tmp_path):
    (tmp_path / "link.jpg").symlink_to("gone.jpg")
    with pytest.raises(ImageError, match="link.jpg: no such file: a link to gone.jpg"):
        read_image(tmp_path / "link.jpg")


def test_link_in_a_circle(tmp_path):
    (tmp_path / "link.jpg").symlink_to("link.jpg")
    with pytest.raises(ImageError, match="link.jpg: cannot be read: Too many levels"):
        read_image(tmp_path / "link.jpg")


def test_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="pipe.jpg: is not a file but a pipe"):
        read_image(tmp_path / "pipe.jpg")
    ((_, outcome),) = read_images([tmp_path / "pipe.jpg"])
    assert isinstance(outcome, ImageError)


def test_empty_file(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match="empty.jpg: the file is empty"):
        read_image(tmp_path / "empty.jpg")


@pytest.mark.parametrize("contents", [b"Dear diary,\n" * 50, b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_other_file_with_the_name_of_an_image(tmp_path, contents):
    (tmp_path / "notes.jpg").write_bytes(contents)
    with pytest.raises(ImageError, match=r"notes.jpg: not an image, or not of a known type \(JPEG"):
        read_image(tmp_path / "notes.jpg")


def test_decompression_bomb(tmp_path, monkeypatch):
    path = save(np.zeros((30, 30), np.uint8), tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(ImageError, match="bomb.png: too large: .*900 pixels"):
        read_image(path)


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".jpg", "folder/" * 1000 + "a.jpg", "a\0.jpg", "\ud800"]
)
def test_names_that_no_file_can_have(name):
    with pytest.raises(ImageError, match="cannot be read: "):
        read_image(name)


def test_names_in_errors_are_printable(tmp_path):
    name = "\x1b]0;owned\x07\nrmpe infer: error: forged.jpg"
    (tmp_path / "link.jpg").symlink_to(name)
    for path, escapes in [(tmp_path / name, 1), (tmp_path / "link.jpg", 1)]:
        with pytest.raises(ImageError) as caught:
            read_image(path)
        assert len(str(caught.value).splitlines()) == 1
        assert str(caught.value).count(r"\x1b]0;owned\x07\nrmpe") == escapes


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = save(np.zeros((2, 2, 3), np.uint8), tmp_path / "closed.png")

    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(ImageError, match="closed.png: cannot be read: Permission denied$"):
        read_image(path)


@pytest.mark.parametrize(("name", "remedy"), [("heic", True), ("mif1", True), ("isom", False)])
def test_heif_without_what_reads_it(monkeypatch, name, remedy):
    monkeypatch.setattr(images, "_formats", lambda: ["JPEG"])
    with pytest.raises(ImageError) as caught:
        decode_image(b"\0\0\0\x18ftyp" + name.encode() + bytes(20))
    assert ("pip install pillow-heif" in str(caught.value)) == remedy


def test_a_damaged_file_is_told_from_one_of_another_type():
    with pytest.raises(
        ImageError, match="looks like TIFF, but is damaged or of a kind that is not"
    ):
        decode_image(b"II*\0" + bytes(40))


@pytest.fixture
def free(monkeypatch):
    """Gives a function that says how much memory is free."""

    def set_free(amount):
        monkeypatch.setattr(images, "free_memory", lambda: amount)

    return set_free


MEGAPIXELS = np.zeros((3000, 4000, 3), np.uint8)


@pytest.mark.parametrize(
    ("file_format", "options", "bytes_per_pixel"),
    [
        ("JPEG", {}, 8),
        ("JPEG", {"progressive": True}, 13),
        ("PNG", {}, 8),
        ("PNG", {"transparency": (1, 2, 3), "compress_level": 1}, 13),
        ("TIFF", {"compression": "tiff_lzw"}, 13),
        ("WEBP", {"method": 0}, 17),
    ],
)
def test_large_images_need_memory(tmp_path, free, file_format, options, bytes_per_pixel):
    path = tmp_path / "large.image"
    path.write_bytes(encode(MEGAPIXELS, file_format, **options))
    needed = 12_000_000 * bytes_per_pixel + 2 * path.stat().st_size + (12 << 20)
    assert reading_cost(path).array == 3 * 12_000_000
    assert reading_cost(path).peak == needed
    free(3 * needed + 3)
    assert read_image(path).shape == MEGAPIXELS.shape
    free(3 * needed - 3)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: too large for the memory that is free: 4000x3000")
    free(None)
    assert read_image(path).shape == MEGAPIXELS.shape


def test_small_images_are_read_however_little_memory_is_free(free):
    free(0)
    assert decode_image(encode(np.zeros((1000, 1000, 3), np.uint8), "PNG")).shape == (1000, 1000, 3)


def test_files_larger_than_memory_are_not_read(tmp_path, free):
    free(1 << 30)
    path = tmp_path / "endless.webp"
    path.write_bytes(encode(np.zeros((4, 4, 3), np.uint8), "WEBP"))
    os.truncate(path, 1 << 40)  # It has no blocks on the disk.
    with pytest.raises(ImageError, match="endless.webp: the file is too large: "):
        read_image(path)


PEAK = """
import resource, sys
from rmpe.inputs.images import read_image
def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
read_image(sys.argv[1])
before = peak()
read_image(sys.argv[2])
print(peak() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux tells the peak")
@pytest.mark.parametrize(
    ("file_format", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "CMYK", {"progressive": True}),
        ("JPEG", "RGB", {"exif": b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0" + bytes(4)}),
        ("PNG", "RGBA", {"compress_level": 1}),
        ("PNG", "P", {"transparency": 0}),
        ("TIFF", "RGB", {"compression": "jpeg", "strip_size": 1 << 30}),
        ("TIFF", "RGBA", {"compression": "tiff_lzw", "strip_size": 1 << 30}),
        ("WEBP", "RGBA", {"method": 0}),
        ("JPEG2000", "RGBA", {}),
        ("AVIF", "RGBA", {"speed": 10, "subsampling": "4:4:4"}),
    ],
)
def test_reading_takes_no_more_memory_than_it_says(tmp_path, file_format, mode, options):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for name, size in [("small", 64), ("large", 1500)]:
        picture = Image.fromarray(noise).resize((size, size)).convert(mode)
        (tmp_path / name).write_bytes(encode(picture, file_format, **options))
    command = [sys.executable, "-c", PEAK, str(tmp_path / "small"), str(tmp_path / "large")]
    taken = int(subprocess.run(command, capture_output=True, check=True).stdout)
    assert taken <= reading_cost(tmp_path / "large").peak


def test_transparent_colors_of_sixteen_bits_take_no_more_memory_than_they_say(tmp_path):
    """That PNG file is decoded twice."""
    samples = np.zeros((1024, 1024, 3), int)
    (tmp_path / "small").write_bytes(png(samples[:9, :9], 16, transparent=[1, 2, 3]))
    (tmp_path / "large").write_bytes(png(samples, 16, transparent=[1, 2, 3]))
    command = [sys.executable, "-c", PEAK, str(tmp_path / "small"), str(tmp_path / "large")]
    taken = int(subprocess.run(command, capture_output=True, check=True).stdout)
    assert taken <= reading_cost(tmp_path / "large").peak


def test_baseline_jpeg_that_is_made_to_take_long():
    """Scans again and again, each of which costs a pass over all pixels."""
    whole = encode(np.full((2000, 2000), 77, np.uint8), "JPEG")
    scan = whole[whole.rindex(b"\xff\xda") : -2][:14] + b"\0"
    with pytest.raises(ImageError, match="made to take long: 2000x2000 pixels, 801 scans"):
        decode_image(whole[:-2] + scan * 800 + b"\xff\xd9")


def test_progressive_jpeg_that_is_made_to_take_long():
    """Scans of no bytes to speak of, each of which costs a pass over all pixels."""
    whole = encode(np.full((2000, 2000), 77, np.uint8), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    assert decode_image(whole[:-2] + last * 20 + b"\xff\xd9").shape == (2000, 2000, 3)
    with pytest.raises(ImageError, match="made to take long: 2000x2000 pixels, [0-9]+ scans"):
        decode_image(whole[:-2] + last * 1000 + b"\xff\xd9")


@pytest.mark.parametrize("contents", [None, "P5", 7, [1, 2], np.zeros(3, np.uint8)])
def test_what_are_no_bytes_is_named(contents):
    with pytest.raises(TypeError, match="contents must be a bytes, got"):
        decode_image(contents)
