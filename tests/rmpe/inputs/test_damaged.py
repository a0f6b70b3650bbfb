"""Damaged files: an image or an `ImageError`, and damage beside the pixels costs nothing."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rmpe.inputs.images import ImageError, decode_image

from ...fuzz import fuzz
from . import mutants
from .encode import TYPES, encode, exif, png, tiff

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning:PIL")

ORIGINALS = mutants.originals()


@pytest.mark.parametrize("name", ORIGINALS)
def test_whole_files_are_images(name):
    assert mutants.outcome(ORIGINALS[name]) == "image"


@pytest.mark.parametrize("name", ORIGINALS)
def test_mutants_are_images_or_image_errors(name):
    for _, (_, mutant) in zip(range(300), mutants.mutants(seed=1, names=[name]), strict=False):
        mutants.outcome(mutant)


@pytest.mark.parametrize("name", ORIGINALS)
def test_files_cut_anywhere_are_images_or_image_errors(name):
    contents = ORIGINALS[name]
    for length in range(0, len(contents), max(1, len(contents) // 150)):
        mutants.outcome(contents[:length])


@fuzz(300)
@given(st.sampled_from(sorted(ORIGINALS)), st.integers(0, 60), st.binary(max_size=200))
def test_any_bytes_are_an_image_or_an_image_error(name, kept, rest):
    mutants.outcome(ORIGINALS[name][:kept] + rest)


# Fields that decoders look at, or that lead to further directories.
FIELDS = {
    "Make": 0x010F, "XResolution": 0x011A, "YResolution": 0x011B, "ResolutionUnit": 0x0128,
    "Software": 0x0131, "SubIFDs": 0x014A, "JPEG": 0x0201, "XMP": 0x02BC, "IPTC": 0x83BB,
    "Photoshop": 0x8649, "ICC profile": 0x8773, "EXIF": 0x8769, "GPS": 0x8825,
    "Interoperability": 0xA005, "unknown": 0xFDE8,
}  # fmt: skip


def odd_values(kind):
    """Values of a type of field: none, one and several, the least and the greatest."""
    code = TYPES[kind]
    bits = 8 * struct.calcsize("<" + code[0])
    if code == "s":
        extremes = b"\0", b"\xff"
    elif code in "fd":
        extremes = -1e30, float("nan")
    elif code[0].islower():
        extremes = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    else:
        extremes = 0, 2**bits - 1
    return [[value] * len(code) * count for value in extremes for count in (0, 1, 2, 5)]


def with_exif(pixels, file_format, fields, order):
    block = exif(fields, order)
    if file_format == "TIFF":
        height, width, _ = pixels.shape
        return tiff(pixels.tobytes(), width=width, height=height, bits=[8] * 3, photometric=2,
                    order=order, fields=fields)  # fmt: skip
    if file_format == "AVIF":
        # The encoder takes no odd ones: it gets others, which make room for these.
        usual = exif([(0x0112, 3, [6]), (0xFDE8, 7, [77] * 200)], order)
        contents = encode(pixels, "AVIF", speed=10, exif=usual)
        start, end = contents.index(usual[:8]), contents.index(bytes([77] * 200)) + 200
        return contents[:start] + block.ljust(end - start, b"\0") + contents[end:]
    return encode(pixels, file_format, exif=b"Exif\0\0" * (file_format == "JPEG") + block)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_fields_of_odd_types_cost_neither_the_image_nor_its_orientation(
    pixels, file_format, field, order
):
    options = {"speed": 10} if file_format == "AVIF" else {}
    upright = np.rot90(decode_image(encode(pixels, file_format, **options)), -1)
    for kind in TYPES:
        for values in odd_values(kind):
            fields = [(0x0112, 3, [6]), (FIELDS[field], kind, values)]
            image = decode_image(with_exif(pixels, file_format, fields, order))
            np.testing.assert_array_equal(image, upright)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_damaged_exif_leaves_the_pixels_as_stored(pixels, file_format):
    options = {"speed": 10} if file_format == "AVIF" else {}
    plain = decode_image(encode(pixels, file_format, **options))
    usual = exif([(0xFDE8, 7, [77] * 20)])
    contents = encode(
        pixels, file_format, exif=b"Exif\0\0" * (file_format == "JPEG") + usual, **options
    )
    for damage in (b"XX*\0\xff\xff\xff\xff", b"II*\0\xff\xff\xff\xff", b"II*\0\x00\x00\x00\x00"):
        damaged = mutants.with_checksums(contents.replace(usual[:8], damage))
        assert damaged != contents
        np.testing.assert_array_equal(decode_image(damaged), plain)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientations_that_there_are_not_leave_the_pixels_as_stored(pixels, value):
    for file_format in ("PNG", "TIFF"):
        image = decode_image(with_exif(pixels, file_format, [(0x0112, 3, [value])], "<"))
        np.testing.assert_array_equal(image, pixels)


@pytest.mark.parametrize(
    "chunk",
    [
        (b"pHYs", struct.pack(">LLB", 0, 0, 1)),
        (b"pHYs", struct.pack(">LLB", 2**32 - 1, 1, 255)),
        (b"pHYs", b"\1"),
        (b"gAMA", b""),
        (b"cHRM", b"\1\2\3"),
        (b"sRGB", b""),
        (b"zTXt", b"name\0\7junk"),
        (b"acTL", bytes(3)),
        (b"fcTL", bytes(3)),
        (b"gAMA", bytes(4)),
        (b"cHRM", bytes(32)),
        (b"sRGB", b"\xff"),
        (b"iCCP", b"name\0\0junk"),
        (b"iCCP", b"name"),
        (b"tEXt", b"\0"),
        (b"zTXt", b"name\0\0junk"),
        (b"iTXt", b"name\0\1\0"),
        (b"tIME", b""),
        (b"zzZz", b"junk"),
    ],
)
def test_odd_chunks_beside_the_pixels_of_png(pixels, chunk):
    for place in ("before", "after"):
        contents = png(pixels.astype(int), 8, **{place: [chunk]})
        np.testing.assert_array_equal(decode_image(contents), pixels)


def test_exif_after_the_pixels_of_png(pixels):
    contents = png(pixels.astype(int), 8, after=[(b"eXIf", exif([(0x0112, 3, [6])]))])
    np.testing.assert_array_equal(decode_image(contents), np.rot90(pixels, -1))


def test_wrong_checksums_beside_the_pixels_of_png(pixels):
    contents = png(pixels.astype(int), 8, before=[(b"tEXt", b"Title\0a street")])
    damaged = contents.replace(b"a street", b"a_street")
    np.testing.assert_array_equal(decode_image(damaged), pixels)


def test_wrong_checksums_of_the_pixels_of_png(pixels):
    contents = bytearray(png(pixels.astype(int), 8, before=[(b"tEXt", b"Title\0a street")]))
    contents[contents.index(b"IDAT") + 30] ^= 1
    with pytest.raises(ImageError, match="cannot be read: broken"):
        decode_image(bytes(contents))


def test_wrong_checksums_of_chunks_that_a_png_file_can_do_without(pixels):
    for kind, data in [(b"eXIf", exif([(0x0112, 3, [6])])), (b"PLTE", b"abcd"), (b"tRNS", b"")]:
        contents = bytearray(png(pixels.astype(int), 8, before=[(kind, data)]))
        contents[contents.index(kind) + 4 + len(data)] ^= 1
        np.testing.assert_array_equal(decode_image(bytes(contents)), pixels)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_color_that_is_cut_off_is_none(pixels, bits):
    color = pixels.astype(int) << (bits - 8)
    for samples, lengths in [(color, range(6)), (color[:, :, 0], range(2))]:
        whole = decode_image(png(samples, bits))
        for length in lengths:
            contents = png(samples, bits, before=[(b"tRNS", bytes(length))])
            np.testing.assert_array_equal(decode_image(contents), whole)


@pytest.mark.parametrize(
    ("marker", "beginning"),
    [
        (0xE0, b"JFIF"),
        (0xE0, b"JFXX\0"),
        (0xE1, b"Exif\0\0"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xE2, b"ICC_PROFILE\0"),
        (0xE2, b"FPXR\0"),
        (0xE2, b"MPF\0"),
        (0xED, b"Photoshop 3.0\0008BIM"),
        (0xEE, b"Adobe"),
        (0xFE, b""),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_odd_segments_beside_the_pixels_of_jpeg(pixels, mode, marker, beginning):
    whole = encode(Image.fromarray(pixels).convert(mode), "JPEG")
    image = decode_image(whole)
    # Adobe's of 12 bytes tells how colors are stored.
    for length in range(7 if beginning == b"Adobe" else 14):
        for fill in (0, 1, 255):
            data = beginning + bytes([fill]) * length
            segment = struct.pack(">BBH", 255, marker, len(data) + 2) + data
            for at in (2, whole.rindex(b"\xff\xda")):
                contents = whole[:at] + b"\xff" + segment + whole[at:]
                np.testing.assert_array_equal(decode_image(contents), image)


@pytest.mark.parametrize("unit", [(296, 3, [2]), (296, 3, [3]), (296, 2, [b"c", b"m"])])
@pytest.mark.parametrize("tag", [282, 283])
def test_resolutions_of_odd_types_do_not_cost_a_tiff_file(pixels, tag, unit):
    for kind in TYPES:
        for values in odd_values(kind):
            contents = with_exif(pixels, "TIFF", [(tag, kind, values), unit], "<")
            np.testing.assert_array_equal(decode_image(contents), pixels)


def test_files_that_are_made_to_take_long_by_what_is_beside_their_pixels(pixels):
    empty = png(pixels.astype(int), 8, before=[(b"zzZz", b"")])
    chunk = empty[33:45]
    jpeg = encode(pixels, "JPEG")
    block = struct.pack(">BBH", 255, 0xE1, 10_000) + b"Exif\0\0" + bytes(9_992)
    for contents, problem in [
        (empty[:33] + chunk * 400_000 + empty[33:], "more than 100,000 chunks"),
        (jpeg[:2] + block * 3000 + jpeg[2:], "more than 500 blocks of EXIF"),
        (jpeg[:2] + b"\xff" * 5_000_000 + jpeg[2:], "more than 2,000,000 bytes that fill space"),
    ]:
        with pytest.raises(ImageError, match=f"^made to take long: it has {problem}$"):
            decode_image(contents)
    np.testing.assert_array_equal(decode_image(empty[:33] + chunk * 10_000 + empty[33:]), pixels)


@pytest.mark.parametrize(
    "contents",
    [
        b"P3 1000 500 255\n" + b"100 " * 1_500_000,
        b"P3 100 100 255\n" + b"#\n" * 3_000_000 + b"1 " * 30_000,
        b"P1 100 100\n" + b"#\n" * 3_000_000 + b"1" * 10_000,
        b"P2 100 100 255\n" + b" " * 6_000_000 + b"1 " * 10_000,
        b"P5\n" + b"#\n" * 3_000_000 + b"100 100 255\n" + b"1" * 10_000,
    ],
    ids=["long", "P3, comments", "P1, comments", "spaces", "comments before the size"],
)
def test_long_text_files_are_read_in_seconds(contents):
    assert mutants.outcome(contents) == "image"


def test_tiff_files_that_lack_strips(pixels):
    """Pillow leaves their pixels black."""
    levels = pixels[:, :, 0]
    for rows, fails in [(40, False), (20, True)]:
        contents = tiff(levels.tobytes(), width=60, height=40, bits=[8], photometric=1,
                        fields=[(278, 4, [rows])])  # fmt: skip
        if fails:
            with pytest.raises(ImageError, match="image file is truncated"):
                decode_image(contents)
        else:
            np.testing.assert_array_equal(decode_image(contents)[:, :, 0], levels)
    contents = tiff(levels.tobytes() * 2, width=60, height=40, bits=[8] * 3, photometric=2,
                    strips=2, fields=[(284, 3, [2])])  # fmt: skip
    with pytest.raises(ImageError, match="image file is truncated"):
        decode_image(contents)
