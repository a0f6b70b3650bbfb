"""JPEG files that hold more than one picture, as phones write them (CIPA DC-007)."""

from __future__ import annotations

from typing import Literal

__all__ = ["further_pictures"]

# The segment that lists the pictures of a file, and the tags of their number and of
# the list, with the bytes of an entry.
_PICTURES, _NUMBER_OF_PICTURES, _LIST_OF_PICTURES, _LISTED = b"MPF\0", 0xB001, 0xB002, 16


def further_pictures(encoded: bytes) -> int:
    """How many pictures a JPEG file holds behind its first; 0 where the list is damaged."""
    at = encoded.find(_PICTURES, 0, 1 << 20)
    if at < 0 or not (encoded.startswith(b"\xff\xd8") and encoded.endswith(b"\xff\xd9")):
        return 0  # Behind one that is cut off come the pictures of others.
    tiff = encoded[at + len(_PICTURES) :]
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"
    table = int.from_bytes(tiff[4:8], order)
    entries = int.from_bytes(tiff[table : table + 2], order)
    number = listed = 0
    for entry in range(table + 2, table + 2 + 12 * min(entries, 64), 12):
        tag = int.from_bytes(tiff[entry : entry + 2], order)
        if tag == _NUMBER_OF_PICTURES:
            number = int.from_bytes(tiff[entry + 8 : entry + 12], order)
        elif tag == _LIST_OF_PICTURES:
            listed = int.from_bytes(tiff[entry + 4 : entry + 8], order)
    # A wrong number would cost as many of the images that follow.
    return max(0, number - 1) if listed == _LISTED * number <= len(tiff) else 0
