"""What a file tells beside its pixels, left out: damage there must not cost the photograph."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

__all__ = ["metadata_that_takes_long", "without_metadata"]

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = {b"II*\0": "<", b"MM\0*": ">"}

# Pillow works up to 2 seconds on each of these: it takes 10 microseconds a chunk of PNG, half of
# one a byte that fills the space before a marker of JPEG, and for each block of EXIF it copies all
# that came before it once more.
_MOST_CHUNKS = 100_000
_MOST_FILL_BYTES = 2_000_000
_MOST_EXIF_BLOCKS = 500

# What the pixels of PNG are made of, which nothing replaces; then what may be left out.
_PIXELS = (b"IHDR", b"IDAT", b"IEND")
_BESIDE_PIXELS = (b"PLTE", b"tRNS", b"eXIf")
_PALETTE = 3
# Bytes of the transparent color, by the type of color.
_TRANSPARENCY = {0: 2, 2: 6}

# Markers of JPEG: scans follow the first; the last has EXIF, or tells how colors are stored.
_SCAN, _COMMENT, _FIRST_APP, _EXIF, _ADOBE, _LAST_APP = 0xDA, 0xFE, 0xE0, 0xE1, 0xEE, 0xEF
_ADOBE_BYTES = 12

# Tags of TIFF that say where the pixels are and what they mean.
_TIFF_PIXELS = {
    *(254, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320),
    *(322, 323, 324, 325, 330, 332, 338, 339, 347, 512, 513, 514, 529, 530, 531, 532),
}
_TIFF_SHORT = 3

# An entry of the list of items in AVIF and HEIF files, up to the item's type.
_EXIF_ITEM = re.compile(rb"(infe.{8,10})Exif", re.DOTALL)


def metadata_that_takes_long(contents: bytes) -> str | None:
    """Say what of a file was made to take long; None where nothing was."""
    if contents.startswith(_PNG) and len(contents) > 12 * _MOST_CHUNKS:
        chunks = sum(1 for _ in zip(range(_MOST_CHUNKS + 1), _chunks(contents), strict=False))
        if chunks > _MOST_CHUNKS:
            return f"more than {_MOST_CHUNKS:,} chunks"
    if contents.startswith(_JPEG):
        if contents.count(b"Exif\0\0") > _MOST_EXIF_BLOCKS:
            return f"more than {_MOST_EXIF_BLOCKS} blocks of EXIF"
        if 2 * contents.count(b"\xff\xff") > _MOST_FILL_BYTES:
            return f"more than {_MOST_FILL_BYTES:,} bytes that fill space"
    return None


def without_metadata(contents: bytes) -> bytes | None:
    """Leave out what a decoder takes apart though the pixels do not need it.

    Parameters
    ----------
    contents : bytes
        Of an image file that Pillow refuses.

    Returns
    -------
    bytes or None
        Those of a JPEG, PNG or TIFF file without its texts, profiles and resolution, and without
        chunks of PNG that are damaged; or of an AVIF or HEIF file without its EXIF block (its
        orientation is elsewhere); None where there is no such thing.
    """
    if contents.startswith(_JPEG):
        bare = _bare_jpeg(contents)
    elif contents.startswith(_PNG):
        bare = _bare_png(contents)
    elif contents[:4] in _TIFF:
        bare = _bare_tiff(contents)
    elif contents[4:8] == b"ftyp":
        # A decoder passes over an item of another type.
        bare = _EXIF_ITEM.sub(rb"\1skip", contents, count=1)
    else:
        return None
    return bare if bare != contents else None


def _bare_jpeg(jpeg: bytes) -> bytes:
    parts, start = [jpeg[:2]], 2
    while jpeg[start : start + 1] == b"\xff":
        marker = jpeg[start + 1 : start + 2]
        if marker == b"\xff":  # One that fills the space before the next.
            start += 1
            continue
        if not marker or marker[0] == _SCAN:
            break
        end = start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big")
        if not _beside_pixels(marker[0], end - start - 4):
            parts.append(jpeg[start:end])
        start = end
    return b"".join([*parts, jpeg[start:]])


def _beside_pixels(marker: int, length: int) -> bool:
    """Whether a segment of JPEG may be left out."""
    if marker == _ADOBE:
        return length < _ADOBE_BYTES  # As decoders do.
    return marker == _COMMENT or (_FIRST_APP <= marker <= _LAST_APP and marker != _EXIF)


def _chunks(png: bytes) -> Iterator[tuple[int, int]]:
    """Where each chunk begins and ends: the length of its data, its type, the data, a checksum."""
    start = len(_PNG)
    while start < len(png):
        end = start + 12 + int.from_bytes(png[start : start + 4], "big")
        yield start, end
        start = end


def _bare_png(png: bytes) -> bytes:
    color = png[25] if len(png) > 25 else _PALETTE
    parts = [_PNG]
    for start, end in _chunks(png):
        kind = png[start + 4 : start + 8]
        if kind in _PIXELS or (
            kind in _BESIDE_PIXELS
            and (kind != b"PLTE" or color == _PALETTE)
            and (kind != b"tRNS" or end - start - 12 >= _TRANSPARENCY.get(color, 0))
            and png[end - 4 : end] == struct.pack(">L", zlib.crc32(png[start + 4 : end - 4]))
        ):
            parts.append(png[start:end])
    return b"".join(parts)


def _bare_tiff(tiff: bytes) -> bytes:
    """Put a number in the place of every value beside the pixels, in the first directory."""
    order = _TIFF[tiff[:4]]
    bare = bytearray(tiff)
    with suppress(struct.error):  # It ends before its directory does.
        (directory,) = struct.unpack_from(order + "L", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            (tag,) = struct.unpack_from(order + "H", tiff, entry)
            if tag not in _TIFF_PIXELS:
                struct.pack_into(order + "HLHH", bare, entry + 2, _TIFF_SHORT, 1, 1, 0)
    return bytes(bare)
