"""What pixels the files of each format give."""

import struct

import cv2
import numpy as np
import PIL
import pytest
from PIL import Image

from rmpe.inputs import conversions, pnm
from rmpe.inputs.find import find_images
from rmpe.inputs.images import ImageError, decode_image, read_image

from .encode import encode, exif, packed, png, tiff

# By EXIF orientation, a stored picture turned upright.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def gray(levels):
    """What gray levels are in RGB."""
    return np.repeat(np.asarray(levels)[:, :, None], 3, axis=2)


def orientation(number):
    tags = Image.Exif()
    tags[0x0112] = number
    return tags


def test_lossless_formats_give_the_pixels(pixels):
    for file_format in ("PNG", "BMP", "TIFF", "PPM"):
        image = decode_image(encode(pixels, file_format))
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous
        assert image.flags.writeable
        np.testing.assert_array_equal(image, pixels)
    image = decode_image(encode(pixels, "WEBP", lossless=True))
    np.testing.assert_array_equal(image, pixels)
    image = decode_image(encode(pixels, "JPEG2000", irreversible=False))
    np.testing.assert_array_equal(image, pixels)


def test_jpeg_equals_opencv_bit_for_bit(data_dir):
    for path in find_images([data_dir / "coco-mini" / "images"])[:8]:
        expected = cv2.imread(str(path), cv2.IMREAD_COLOR)[:, :, ::-1]
        np.testing.assert_array_equal(read_image(path), expected)


def test_one_pixel():
    np.testing.assert_array_equal(
        decode_image(encode(np.full((1, 1, 3), 7, np.uint8), "PNG")), [[[7, 7, 7]]]
    )


@pytest.mark.parametrize("number", UPRIGHT)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation_is_applied(pixels, file_format, number):
    plain = decode_image(encode(pixels, file_format))
    turned = decode_image(encode(pixels, file_format, exif=orientation(number)))
    np.testing.assert_array_equal(turned, UPRIGHT[number](plain))
    assert turned.flags.c_contiguous


@pytest.mark.parametrize("rows", [1, 7, 39, 40, 1000])
@pytest.mark.parametrize("number", UPRIGHT)
def test_large_images_are_put_together_from_bands(pixels, monkeypatch, number, rows):
    monkeypatch.setattr(conversions, "_BAND_PIXELS", rows * pixels.shape[1])
    image = decode_image(encode(pixels, "PNG", exif=orientation(number)))
    np.testing.assert_array_equal(image, UPRIGHT[number](pixels))
    image = decode_image(encode(pixels[:, :, 0], "TIFF", exif=orientation(number)))
    np.testing.assert_array_equal(image, UPRIGHT[number](gray(pixels[:, :, 0])))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("number", UPRIGHT)
@pytest.mark.parametrize("kind", ["L", "P", "I;16", "CMYK", "RGBA", "RGB", "1"])
def test_tiff_files_with_orientation(kind, number, order):
    """Uncompressed in one strip: such a file Pillow maps into memory, where it has a name."""
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    color = np.dstack([levels, levels + 1, levels + 2])
    fields = [(0x0112, 3, [number])]
    bits, photometric = {
        "1": ([1], 1), "L": ([8], 1), "P": ([8], 3), "I;16": ([16], 1), "CMYK": ([8] * 4, 5),
        "RGBA": ([8] * 4, 2), "RGB": ([8] * 3, 2),
    }[kind]  # fmt: skip
    samples, expected = levels.tobytes(), gray(levels)
    if kind == "1":
        samples, expected = packed((levels > 99).astype(int), 1), gray(255 * (levels > 99))
    if kind == "P":  # The table of colors: all red levels, green ones, blue ones, of 16 bits.
        table = [level * 257 for shift in range(3) for level in np.roll(np.arange(256), shift)]
        fields.append((320, 3, table))
        expected = np.dstack([levels, levels - 1, levels - 2])  # modulo 256
    if kind == "I;16":
        samples = levels.astype({"<": "<u2", ">": ">u2"}[order]) << 8
        samples = samples.astype({"<": "<u2", ">": ">u2"}[order]).tobytes()
    if kind == "CMYK":  # Ink, and no black.
        samples = np.dstack([255 - color, np.zeros_like(levels)]).tobytes()
        expected = color
    if kind == "RGB":
        samples, expected = color.tobytes(), color
    if kind == "RGBA":
        samples, expected = np.dstack([color, np.full_like(levels, 255)]).tobytes(), color
        fields.append((338, 3, [2]))
    contents = tiff(samples, width=3, height=2, bits=bits, photometric=photometric, order=order,
                    fields=fields)  # fmt: skip
    np.testing.assert_array_equal(decode_image(contents), UPRIGHT[number](expected))


def test_tiff_files_with_orientation_read_from_disk(tmp_path):
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    Image.fromarray(levels).save(tmp_path / "scan.tiff", exif=orientation(6))
    np.testing.assert_array_equal(read_image(tmp_path / "scan.tiff"), gray(np.rot90(levels, -1)))


def test_compressed_tiff_files_with_orientation(pixels):
    for number, turned in UPRIGHT.items():
        contents = encode(pixels, "TIFF", exif=orientation(number), compression="tiff_lzw")
        np.testing.assert_array_equal(decode_image(contents), turned(pixels))


def test_gray_becomes_rgb(pixels):
    image = decode_image(encode(pixels[:, :, 0], "PNG"))
    np.testing.assert_array_equal(image, gray(pixels[:, :, 0]))


def test_palette_becomes_rgb():
    picture = Image.new("P", (3, 2), 1)
    picture.putpalette([0, 0, 0, 10, 200, 30])
    np.testing.assert_array_equal(
        decode_image(encode(picture, "PNG")), np.full((2, 3, 3), (10, 200, 30))
    )


@pytest.mark.parametrize("white_is_zero", [False, True])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
def test_gray_tiff_files_of_any_depth(bits, order, white_is_zero):
    known = (bits, order, white_is_zero) not in [
        (12, "<", True), (12, ">", False), (12, ">", True), (16, ">", True),
    ]  # fmt: skip
    most = 2**bits - 1
    samples = np.array([[0, most // 4, most // 2, most - most // 4, most], [1] * 5])
    data = packed(samples, bits)
    if bits == 16:
        data = samples.astype({"<": "<u2", ">": ">u2"}[order]).tobytes()
    contents = tiff(data, width=5, height=2, bits=[bits], order=order,
                    photometric=0 if white_is_zero else 1)  # fmt: skip
    levels = samples >> (bits - 8) if bits > 8 else samples * (255 // most)
    expected = 255 - levels if white_is_zero else levels
    if known:
        np.testing.assert_array_equal(decode_image(contents), gray(expected))
    else:
        with pytest.raises(
            ImageError, match="looks like TIFF, but is .* of a kind that is not read"
        ):
            decode_image(contents)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_files_whose_colors_are_apart(pixels, channels, bits, order):
    """Planar, uncompressed: Pillow takes samples of 16 bits for some of 8 there."""
    picture = np.dstack([pixels, np.full((40, 60), 255)])[:, :, :channels].astype(np.uint16)
    stored = (picture << 8 | 0x55).astype(f"{order}u2") if bits == 16 else picture.astype(np.uint8)
    contents = tiff(
        stored.transpose(2, 0, 1).tobytes(), width=60, height=40, bits=[bits] * channels,
        photometric=2, order=order, strips=channels,
        fields=[(284, 3, [2])] + [(338, 3, [2])] * (channels == 4),
    )  # fmt: skip
    np.testing.assert_array_equal(decode_image(contents), pixels)


def test_tiff_files_of_gray_and_transparency_apart_are_refused():
    """Where they are compressed, Pillow makes something else of them."""
    contents = tiff(bytes(12), width=3, height=2, bits=[8, 8], photometric=1, strips=2,
                    fields=[(284, 3, [2]), (338, 3, [2])])  # fmt: skip
    with pytest.raises(ImageError, match="gray and transparency that are stored apart"):
        decode_image(contents)


@pytest.mark.parametrize("kind", [b"P5", b"P6", b"P2", b"P3"])
@pytest.mark.parametrize("most", [1, 3, 15, 100, 254, 255, 256, 1023, 4095, 65534, 65535])
def test_pnm_files_of_any_depth(kind, most):
    channels = 3 if kind in (b"P6", b"P3") else 1
    samples = np.linspace(0, most, 4 * 2 * channels).astype(int).reshape(2, 4, channels)
    if kind in (b"P2", b"P3"):
        data = " ".join(map(str, samples.ravel())).encode()
    else:
        data = samples.astype(">u2" if most > 255 else "u1").tobytes()
    image = decode_image(kind + b"\n# a comment\n4 2\n%d\n" % most + data)
    assert image.shape == (2, 4, 3)
    exact = np.broadcast_to(samples, image.shape) * (255 / most)
    assert np.abs(image - exact).max() <= 1
    assert image[0, 0].tolist() == [0] * 3 if channels == 1 else image[0, 0, 0] == 0
    assert image[-1, -1, -1] == 255


def test_pnm_files_with_samples_above_the_greatest_are_white():
    assert decode_image(b"P5 2 1 100 " + bytes([50, 200]))[0, :, 0].tolist() == [128, 255]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 1 << 18])
def test_comments_between_the_samples_of_pnm_text(monkeypatch, block):
    """As Pillow has it, a comment takes the end of its line with it."""
    monkeypatch.setattr(pnm, "_BLOCK", block)
    image = decode_image(b"P2 3 2 255\n1#a\n2 #\r3\t4# 9 #9\r\n 5\n\n6 70# the end")
    assert image[:, :, 0].tolist() == [[12, 3, 4], [5, 6, 70]]
    image = decode_image(b"P1 3 2\n1 0#1\n1# 0 #\r0 0\n11 0 and more")
    assert image[:, :, 2].tolist() == [[0, 255, 0], [255, 255, 0]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"P2 2 2 255\n1 2 3", "image file is truncated"),
        (b"P2 2 2 255\n1 2 3 # 4", "image file is truncated"),
        (b"P2 8999 8999 255\n1 2 3", "image file is truncated"),
        (b"P1 2 2\n1 0 1", "image file is truncated"),
        (b"P2 2 2 255\n   \n   ", "image file is truncated"),
        (b"P3 1 1 255\n1 2 256", "its text has a number above 255, the greatest"),
        (b"P2 2 1 255\n1 9999999999 ", "its text has a number above 255, the greatest"),
        (b"P2 2 1 255\n1 " + b"9" * 99, "its text has a number that is too long"),
        (b"P2 2 1 255\n1 -2", "its text must hold only whole numbers"),
        (b"P2 2 1 255\n1 2e1 ", "its text must hold only whole numbers"),
        (b"P1 2 2\n1 0 2 1", "its text must hold only 0 and 1"),
    ],
)
def test_pnm_text_that_holds_no_samples(text, problem):
    with pytest.raises(ImageError, match=f"^cannot be read: {problem}$"):
        decode_image(text)


def test_bilevel_becomes_black_and_white():
    np.testing.assert_array_equal(
        decode_image(encode(Image.new("1", (3, 2), 1), "TIFF")), np.full((2, 3, 3), 255)
    )


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_become_the_upper_eight(tmp_path, shape, suffix):
    values = np.linspace(0, 65535, num=int(np.prod(shape))).astype(np.uint16).reshape(shape)
    path = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(path), values)
    expected = values >> 8
    expected = expected[:, :, ::-1] if expected.ndim == 3 else gray(expected)
    np.testing.assert_array_equal(read_image(path), expected)


def test_sixteen_bits_of_jpeg_2000():
    values = np.linspace(0, 65535, 20).astype(np.uint16).reshape(4, 5)
    contents = encode(values, "JPEG2000", irreversible=False)
    np.testing.assert_array_equal(decode_image(contents), gray(values >> 8))


def test_transparency_is_composited_over_white():
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)
    expected = [[[200, 100, 0], [255, 255, 255], [244, 224, 204]]]
    for file_format in ("PNG", "TIFF"):
        np.testing.assert_array_equal(decode_image(encode(rgba, file_format)), expected)
    image = decode_image(encode(rgba, "WEBP", lossless=True, exact=True))
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("premultiplied", [False, True])
def test_transparent_gray_is_composited_over_white(premultiplied):
    if premultiplied and int(PIL.__version__.split(".")[0]) < 13:
        pytest.skip("Pillow knows premultiplied gray from version 13 on")
    level, alpha = 100, np.array([255, 0, 51])
    stored = np.full(3, level) * alpha // 255 if premultiplied else np.full(3, level)
    samples = np.stack([stored, alpha], 1).astype(np.uint8).tobytes()
    contents = tiff(samples, width=3, height=1, bits=[8, 8], photometric=1,
                    fields=[(338, 3, [1 if premultiplied else 2])])  # fmt: skip
    assert decode_image(contents)[0, :, 0].tolist() == [100, 255, (100 * 51 + 255 * 204) // 255]


def test_transparent_palette_entry_is_white():
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([9, 9, 9, 10, 200, 30])
    picture.putpixel((1, 0), 1)
    for file_format in ("GIF", "PNG"):
        np.testing.assert_array_equal(
            decode_image(encode(picture, file_format, transparency=0)),
            [[[255, 255, 255], [10, 200, 30]]],
        )


@pytest.mark.parametrize("unused_bits", [0, 0x8000])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_transparent_gray_level_of_png_is_white(bits, unused_bits):
    most = 2**bits - 1
    samples = np.array([[0, most, most // 2, 1]], int)
    shown = samples * (255 // most) if bits <= 8 else samples >> 8
    for level in {0, 1, most // 2}:
        # "The least significant bits are used", says the specification.
        told = level | (unused_bits if 1 < bits < 16 else 0)
        expected = np.where(samples == level, 255, shown)
        image = decode_image(png(samples, bits, transparent=told))
        np.testing.assert_array_equal(image, gray(expected))


@pytest.mark.parametrize("bits", [8, 16])
def test_transparent_color_of_png_is_white_and_its_neighbors_are_not(bits, monkeypatch):
    monkeypatch.setattr(conversions, "_BAND_PIXELS", 4)
    color = np.array([0x12, 0x34, 0x56]) if bits == 8 else np.array([0x1234, 0x3456, 0x5678])
    neighbors = [color, color + [0, 0, 1], color - [1, 0, 0], color + [0, 1, 0]]
    samples = np.array([neighbors, neighbors[::-1]])
    expected = samples >> (bits - 8)
    expected[0, 0] = expected[1, 3] = 255
    image = decode_image(png(samples, bits, transparent=color))
    np.testing.assert_array_equal(image, expected)


def test_transparent_color_of_interlaced_png(pixels):
    color = tuple(int(level) for level in pixels[3, 5])
    plain = encode(pixels, "PNG", transparency=color)
    expected = np.where((pixels == color).all(2, keepdims=True), 255, pixels)
    np.testing.assert_array_equal(decode_image(plain), expected)


def test_cmyk_is_converted():
    ink = np.array([[[0, 255, 255, 0], [255, 0, 0, 0], [0, 0, 0, 128]]], np.uint8)
    expected = [[[255, 0, 0], [0, 255, 255], [127, 127, 127]]]
    picture = Image.fromarray(ink, "CMYK")
    np.testing.assert_array_equal(decode_image(encode(picture, "TIFF")), expected)


def test_cmyk_jpeg_is_stored_inverted():
    """As Adobe writes it, and Pillow: 255 is no ink."""
    picture = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    contents = encode(picture, "JPEG", quality=100)
    assert b"Adobe" in contents
    assert np.abs(decode_image(contents) - np.array([255.0, 0, 0])).max() <= 2


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF", "MPO", "AVIF"])
def test_animations_and_pages_give_their_first_picture(file_format):
    frames = [Image.new("RGB", (16, 12), color) for color in ("red", "blue")]
    image = decode_image(encode(frames[0], file_format, save_all=True, append_images=frames[1:]))
    assert image.shape == (12, 16, 3)
    assert np.abs(image - np.array([255.0, 0, 0])).max() <= 4


def test_first_picture_of_an_animation_that_leaves_a_margin():
    """A GIF of 4x3 whose first picture is its pixel at (1, 1); color 0 is transparent."""
    contents = (
        b"GIF89a" + struct.pack("<HHBBB", 4, 3, 0xF0, 0, 0) + bytes([9, 9, 9, 10, 200, 30])
        + b"\x21\xf9\x04\x01\0\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 1, 1, 1, 1, 0)
        + bytes([2, 2, 0b01001100, 0b1, 0]) + b"\x3b"
    )  # fmt: skip
    expected = np.full((3, 4, 3), 255)
    expected[1, 1] = 10, 200, 30
    np.testing.assert_array_equal(decode_image(contents), expected)


@pytest.mark.parametrize(
    ("bits", "sample_format", "picture"),
    [
        (32, 3, np.float32),
        (16, 2, np.int16),
        (32, 2, np.int32),
        (32, 1, np.uint32),
        (8, 2, np.int8),
    ],
)
def test_pixels_without_a_range_are_refused(bits, sample_format, picture):
    contents = tiff(np.ones((1, 2), picture).tobytes(), width=2, height=1, bits=[bits],
                    photometric=1, fields=[(339, 3, [sample_format])])  # fmt: skip
    with pytest.raises(ImageError, match="no agreed range; save it with 8 or 16 bits"):
        decode_image(contents)


def test_raw_photographs_are_refused():
    """They are TIFF files whose first picture is small: the photograph is further down."""
    levels = np.zeros((2, 3), np.uint8).tobytes()
    small, page = [(254, 4, [1])], [(254, 4, [2])]
    for fields, refused in [(small, False), (page, False), ([*small, (330, 4, [8])], True)]:
        contents = tiff(levels, width=3, height=2, bits=[8], photometric=1, fields=fields)
        if refused:
            with pytest.raises(ImageError, match="first picture is a small copy, as in raw"):
                decode_image(contents)
        else:
            assert decode_image(contents).shape == (2, 3, 3)


def test_heif(pixels):
    pytest.importorskip("pillow_heif", reason="HEIF is read where pillow-heif is")
    decode_image(encode(pixels, "PNG"))  # That registers it.
    for number, upright in UPRIGHT.items():
        tags = exif([(0x0112, 3, [number])])
        image = decode_image(encode(pixels, "HEIF", quality=-1, exif=tags))
        assert image.shape == upright(pixels).shape
        assert np.abs(image.astype(int) - upright(pixels)).max() < 8
