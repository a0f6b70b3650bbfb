"""PNM files that Pillow decodes in Python: text, and binary ones whose greatest level is odd."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from .conversions import bands

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

__all__ = ["decode_pnm", "is_slow"]

_TRUNCATED = "image file is truncated"
# Bytes of text that are turned into numbers at a time.
_BLOCK = 1 << 18
_COMMENT = re.compile(rb"#[^\r\n]*[\r\n]?")
_NUMBERS = re.compile(rb"[0-9\s]*")
_SPACES, _DIGITS = b" \t\n\v\f\r", b"0123456789"
# Digits of a number, as Pillow has it; leading zeros count.
_MOST_DIGITS = 10


def is_slow(image: ImageFile) -> bool:
    """Say whether Pillow would decode an opened image of format PPM in Python."""
    codec = image.tile[0].codec_name
    return codec == "ppm_plain" or (codec == "ppm" and image.mode in ("L", "I", "RGB"))


def decode_pnm(image: ImageFile, contents: bytes) -> npt.NDArray[np.uint8]:
    """Decode such an image.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
        Opened, not loaded.
    contents : bytes
        Of its file.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, RGB. Levels of up to 8 bits are scaled to 0..255; of more, the upper 8
        bits are taken, as in files of other formats. Levels above the greatest are white.

    Raises
    ------
    ValueError
        The file is truncated, or its text holds other than whole numbers up to the greatest level.
    """
    tile = image.tile[0]
    shape = (image.height, image.width, 3 if image.mode == "RGB" else 1)
    if tile.codec_name == "ppm_plain":
        return _from_text(image, contents, shape)
    _, most = cast("tuple[str, int]", tile.args)
    levels = _levels(most)
    dtype = np.dtype(">u2" if most > 255 else "u1")
    if len(contents) - tile.offset < math.prod(shape) * dtype.itemsize:
        raise ValueError(_TRUNCATED)
    samples = np.frombuffer(contents, dtype, math.prod(shape), tile.offset).reshape(shape)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top, bottom in bands(*image.size):
        pixels[top:bottom] = levels[np.minimum(samples[top:bottom], most)]
    return pixels


def _levels(most: int) -> npt.NDArray[np.uint8]:
    """What each level is with 8 bits."""
    levels = np.arange(most + 1)
    levels = levels * 256 // (most + 1) if most > 255 else (levels * 255 + most // 2) // most
    return levels.astype(np.uint8)


def _from_text(
    image: ImageFile, contents: bytes, shape: tuple[int, int, int]
) -> npt.NDArray[np.uint8]:
    tile = image.tile[0]
    text = _without_comments(contents, tile.offset)
    if image.mode == "1":
        blocks, most, levels = _bits(text), 1, np.array([255, 0], np.uint8)
    else:
        _, most = cast("tuple[str, int]", tile.args)
        blocks, levels = _numbers(text), _levels(most)
    count = math.prod(shape)
    # Each number takes at least a byte.
    if len(contents) - tile.offset < count:
        raise ValueError(_TRUNCATED)
    samples, filled = np.empty(count, np.uint8), 0
    for block in blocks:
        part = block[: count - filled]
        if (part > most).any():
            raise ValueError(f"its text has a number above {most}, the greatest")
        samples[filled : filled + len(part)] = levels[part]
        filled += len(part)
        if filled == count:
            break
    if filled < count:
        raise ValueError(_TRUNCATED)
    samples = samples.reshape(shape)
    return samples if shape[2] == 3 else np.repeat(samples, 3, axis=2)


def _without_comments(contents: bytes, start: int) -> Iterator[bytes]:
    """Give the text from some byte on, a block at a time; a comment takes the end of its line."""
    in_comment = False
    for begin in range(start, len(contents), _BLOCK):
        block = contents[begin : begin + _BLOCK]
        if in_comment:
            block = b"#" + block
        if b"#" not in block:
            yield block
            continue
        last_line = block[max(block.rfind(b"\n"), block.rfind(b"\r")) + 1 :]
        in_comment = b"#" in last_line
        yield _COMMENT.sub(b"", block)


def _bits(text: Iterator[bytes]) -> Iterator[npt.NDArray[np.int64]]:
    for block in text:
        digits = block.translate(None, _SPACES)
        rest = digits.lstrip(b"01")
        bits = np.frombuffer(digits, np.uint8, len(digits) - len(rest))
        yield bits.astype(np.int64) - ord("0")
        if rest:
            raise ValueError("its text must hold only 0 and 1")


def _numbers(text: Iterator[bytes]) -> Iterator[npt.NDArray[np.int64]]:
    rest = b""
    for block in text:
        whole = (rest + block).rstrip(_DIGITS)
        rest = (rest + block)[len(whole) :]
        yield from _parsed(whole)
        if len(rest) > _MOST_DIGITS:
            raise ValueError("its text has a number that is too long")
    yield from _parsed(rest)


def _parsed(text: bytes) -> Iterator[npt.NDArray[np.int64]]:
    """Give the numbers up to the first thing that is none: after the pixels anything may come."""
    found = _NUMBERS.match(text)
    end = 0 if found is None else found.end()
    numbers = text if end == len(text) else text[:end].rstrip(_DIGITS)
    if numbers.strip():  # Else numpy finds one.
        # What is greater than int64 holds becomes the greatest that it does.
        yield np.fromstring(numbers, np.int64, sep=" ")
    if end < len(text):
        raise ValueError("its text must hold only whole numbers")
