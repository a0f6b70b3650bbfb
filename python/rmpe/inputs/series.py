"""Encoded images one behind the other in a stream of bytes, as programs pipe them.

An encoded image ends where its format says so; formats that don't say it are read to the end of the
stream, as one image.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator

import numpy as np
import numpy.typing as npt

from .images import ImageError, decode_image
from .mpo import further_pictures
from .signatures import (
    ALONE,
    LIKELY_STARTS,
    LONGEST_START,
    LONGEST_SURE_START,
    MAY_BEGIN,
    STARTS,
    SURE_STARTS,
    VIDEO,
)

__all__ = ["LARGEST", "Outcome", "Read", "read_series"]

# Gives some bytes, at most so many and at least one; none at the end.
Read = Callable[[int], bytes]
Outcome = npt.NDArray[np.uint8] | ImageError

_CHUNK = 1 << 16
# Bytes of an image, encoded or not.
LARGEST = 1 << 29
# Before the first image, so many bytes at most are passed over.
_PREFACE = 4096
# No image that is read has more digits in its size.
_PNM_HEADER = re.compile(rb"P([56])" + 3 * rb"\s+(?:#[^\n]*\n\s*)*(\d{1,10})" + rb"\s")
# What ends the compressed data of a JPEG scan; FF 00 is a byte of it, D0 to D7 mark places in it.
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_JPEG_BEGIN, _JPEG_END, _JPEG_SCAN = 0xD8, 0xD9, 0xDA
_JPEG_FIRST_APP, _JPEG_LAST_APP = 0xE0, 0xEF
# So many bytes of BMP hold the size of the file and of the picture.
_BMP_START = 26
_NO_VIDEO = (
    "standard input holds a video, and not images: name its file, or pipe its frames, as "
    "ffmpeg -i FILE -f image2pipe -c:v mjpeg - | ... does"
)


def read_series(
    read: Read, is_coming: Callable[[], bool] = lambda: False
) -> Generator[tuple[Outcome, None], None, None]:
    """Decode images that come one behind the other.

    JPEG (as Motion JPEG), PNG, PPM and PGM, BMP and WebP say where they end, so many may come, and
    what lies between them, such as the lines of a multipart stream, is passed over. One that is cut
    off costs no other: the next one goes on where it begins. An image of another format must be
    alone. The further pictures that a JPEG file of a phone holds are left out.

    Parameters
    ----------
    read : callable
        Gives some of the bytes, at most so many as it is asked for; none at the end.
    is_coming : callable
        Tells whether `read` would give some soon. It is asked where an image that seems to be whole
        may have been cut off in its last bytes, and the next one begin in their place.

    Yields
    ------
    image : array (H, W, 3) or ImageError
        As :func:`rmpe.inputs.images.decode_image` gives it; then None, as they have no times.

    Examples
    --------
    >>> import io
    >>> images = io.BytesIO(b"P5 1 1 255 " + bytes([7]) + b"P5 1 1 255 " + bytes([9]))
    >>> [image[0, 0].tolist() for image, _ in read_series(images.read)]
    [[7, 7, 7], [9, 9, 9]]
    """
    data = _Bytes(read, is_coming)
    inside = 0
    if not data.fill(1):
        return
    if data.begins_a_video():
        yield ImageError(_NO_VIDEO), None
        return
    if not data.begins_a_series():
        yield _decoded(data.rest()), None
        return
    while (start := data.skip_to_image()) is not None:
        encoded = data.take(_size(data, start))
        if inside:
            inside -= 1
            continue
        inside = further_pictures(encoded)
        yield _decoded(encoded), None


class _Bytes:
    """What was read and not taken yet."""

    def __init__(self, read: Read, is_coming: Callable[[], bool]) -> None:
        self.held = bytearray()
        # So many bytes are surely of the image with which they begin.
        self.sure = 0
        self._read, self._is_coming = read, is_coming

    def look(self, size: int) -> None:
        """Read until so many bytes are held, or no more come soon."""
        while len(self.held) < size and self._is_coming():
            if not self.fill(len(self.held) + 1):
                return

    def fill(self, size: int) -> bool:
        """Read until so many bytes are held; False where the stream ends before."""
        while len(self.held) < size:
            if not (more := self._read(_CHUNK)):
                return False
            self.held += more
        return True

    def need(self, size: int) -> None:
        """Read until so many bytes are held; raises EOFError where there are not so many."""
        if size > LARGEST or not self.fill(size):
            raise EOFError

    def take(self, size: int) -> bytes:
        """Give the first of the bytes away."""
        taken = bytes(self.held[:size])
        del self.held[:size]
        return taken

    def rest(self) -> bytes:
        """Give all that comes away, up to the largest image."""
        self.fill(LARGEST)
        return self.take(len(self.held))

    def begins_a_video(self) -> bool:
        """Tell whether this is a video, of which the frames are no images."""
        self.fill(LONGEST_START)
        return VIDEO.match(self.held) is not None

    def begins_a_series(self) -> bool:
        """Tell whether an image comes soon, of a format that says where it ends."""
        self.fill(LONGEST_START)
        if ALONE.match(self.held):  # It may hold others.
            return False
        while _find(self.held, 0) is None:
            # No further than it takes: the next bytes may be long in coming.
            if len(self.held) >= _PREFACE or not self.fill(len(self.held) + 1):
                return False
        return True

    def skip_to_image(self) -> Callable[[_Bytes], int] | None:
        """Pass over bytes until an image begins, and give what measures it; None at the end."""
        while True:
            goes_on = self.fill(LONGEST_START)
            if found := _find(self.held, 0):
                position, measure = found
                del self.held[:position]
                return measure
            if not goes_on:
                return None
            del self.held[: len(self.held) - LONGEST_START + 1]


def _find(held: bytearray, start: int) -> tuple[int, Callable[[_Bytes], int]] | None:
    """Find the first image that begins in some bytes."""
    found = STARTS.search(held, start)
    if found is None:
        return None
    return found.start(), _MEASURES[bytes(found.group()[:2])]


def _size(data: _Bytes, measure: Callable[[_Bytes], int]) -> int:
    """Measure the image with which the bytes begin; a damaged one goes on to the next."""
    data.sure = 2
    try:
        # A size of 0, which a damaged one may state, would be found here again and again.
        return max(measure(data), 1)
    except EOFError:
        return _until_next(data)


def _jpeg(data: _Bytes) -> int:
    at = 2
    in_scans = False
    while True:
        data.need(at + 2)
        if data.held[at] != 0xFF:  # Damaged, or the last segment was cut off.
            return _until_next(data)
        marker = data.held[at + 1]
        if marker == _JPEG_END:
            return at + 2
        if marker == _JPEG_BEGIN:  # Of another one: this one was cut off.
            return _start_within(data, at, LIKELY_STARTS) or at
        if marker == 0xFF:
            at += 1
            continue
        data.need(at + 4)
        if not in_scans:  # Between and behind them, what looks like a segment may be of another.
            data.sure = at + 1
        at += 2 + int.from_bytes(data.held[at + 2 : at + 4], "big")
        if not _JPEG_FIRST_APP <= marker <= _JPEG_LAST_APP:  # These may hold images.
            data.need(at + 2)
            if other := _start_within(data, at, LIKELY_STARTS):
                return other
        if marker == _JPEG_SCAN:
            in_scans = True
            at = _end_of_scan(data, at)


def _end_of_scan(data: _Bytes, at: int) -> int:
    while True:
        data.need(at + 2)
        if found := _JPEG_MARKER.search(data.held, at):
            return found.end() - 2
        # The last byte may be the first of a marker.
        at = len(data.held) - 1
        data.need(at + 2)


def _until_next(data: _Bytes) -> int:
    """Find where another image begins behind the bytes that are sure; or the end."""
    at = data.sure
    while True:
        goes_on = at + LONGEST_SURE_START <= LARGEST and data.fill(at + LONGEST_SURE_START)
        if found := LIKELY_STARTS.search(data.held, at):
            return found.start()
        if not goes_on:
            return len(data.held)
        at = len(data.held) - LONGEST_SURE_START + 1


def _start_within(data: _Bytes, end: int, starts: re.Pattern[bytes]) -> int:
    """Find where another image begins behind the bytes that are sure, before an end; or give 0."""
    data.look(end + LONGEST_SURE_START)
    other = starts.search(data.held, data.sure, end + LONGEST_SURE_START)
    return 0 if other is None or other.start() >= end else other.start()


def _known_size(data: _Bytes, size: int, start: bytes) -> int:
    """Measure an image that tells its size; where another one begins within it, it was cut off."""
    if size > LARGEST:
        raise EOFError
    if is_cut := not data.fill(size):
        size = len(data.held)
    else:
        if len(data.held) > size or MAY_BEGIN.search(data.held, size - LONGEST_SURE_START):
            data.look(size + LONGEST_SURE_START)
        # Behind the last bytes of a whole one, nothing comes, or another begins.
        is_cut = len(data.held) > size and STARTS.match(data.held, size) is None
    others = [re.compile(start, re.DOTALL).search(data.held, 2, size)]
    if is_cut:
        others.append(SURE_STARTS.search(data.held, 2))
    return min([size, *(other.start() for other in others if other is not None)])


def _png(data: _Bytes) -> int:
    at = 8
    while True:
        # Of a chunk: the length of its data, its type, the data, a checksum.
        data.need(at + 12)
        kind = bytes(data.held[at + 4 : at + 8])
        if not kind.isalpha():  # The chunk before was cut off.
            return _until_next(data)
        data.sure = at
        at += 12 + int.from_bytes(data.held[at : at + 4], "big")
        data.need(at)
        checksum = zlib.crc32(data.held[data.sure + 4 : at - 4]).to_bytes(4, "big")
        is_whole = data.held[at - 4 : at] == checksum
        # A damaged one ends where it says; in one that was cut off, another image begins.
        if not is_whole and (other := _start_within(data, at, SURE_STARTS)):
            return other
        if kind == b"IEND":
            # Without its checksum, it was cut off there.
            return at if is_whole else _until_next(data)


def _pnm(data: _Bytes) -> int:
    while (header := _PNM_HEADER.match(data.held)) is None:
        if len(data.held) > _PREFACE:
            raise EOFError
        data.need(len(data.held) + 1)
    kind, width, height, most = (int(number) for number in header.groups())
    size = width * height * (3 if kind == 6 else 1) * (2 if most > 255 else 1)
    return _known_size(data, header.end() + size, re.escape(header.group()))


def _bmp(data: _Bytes) -> int:
    data.need(_BMP_START)
    size = int.from_bytes(data.held[2:6], "little")
    return _known_size(data, size, re.escape(bytes(data.held[:_BMP_START])))


def _webp(data: _Bytes) -> int:
    length = int.from_bytes(data.held[4:8], "little")
    return _known_size(data, 8 + length + length % 2, b"RIFF....WEBP")


# By the first two bytes.
_MEASURES: dict[bytes, Callable[[_Bytes], int]] = {
    b"\xff\xd8": _jpeg,
    b"\x89P": _png,
    b"P5": _pnm,
    b"P6": _pnm,
    b"BM": _bmp,
    b"RI": _webp,
}


def _decoded(encoded: bytes) -> Outcome:
    try:
        return decode_image(encoded)
    except ImageError as error:
        return error
