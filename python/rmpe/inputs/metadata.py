"""What a file tells beside its pixels, left out: damage there must not cost the photograph."""

from __future__ import annotations

import re

_PNG = b"\x89PNG\r\n\x1a\n"
# What the pixels are made of, and EXIF for their orientation.
_PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND")
# An entry of the list of items in AVIF and HEIF files, up to the item's type.
_EXIF_ITEM = re.compile(rb"(infe.{8,10})Exif", re.DOTALL)


def without_metadata(contents: bytes) -> bytes | None:
    """Leave out what a decoder takes apart though the pixels do not need it.

    Parameters
    ----------
    contents : bytes
        Of an image file that Pillow refuses.

    Returns
    -------
    bytes or None
        Those of a PNG file without its texts, profiles and dates, or of an AVIF or HEIF file
        without its EXIF block (its orientation is elsewhere); None where there is no such thing.
    """
    if contents.startswith(_PNG):
        bare = _essential_chunks(contents)
    elif contents[4:8] == b"ftyp":
        # A decoder passes over an item of another type.
        bare = _EXIF_ITEM.sub(rb"\1skip", contents, count=1)
    else:
        return None
    return bare if bare != contents else None


def _essential_chunks(png: bytes) -> bytes:
    parts, start = [_PNG], len(_PNG)
    while start < len(png):
        # The length of its data, its type, the data, a checksum.
        end = start + 12 + int.from_bytes(png[start : start + 4], "big")
        if png[start + 4 : start + 8] in _PNG_CHUNKS:
            parts.append(png[start:end])
        start = end
    return b"".join(parts)
