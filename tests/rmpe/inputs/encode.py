"""Files that Pillow does not write, and bytes of those that it does."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

# EXIF and TIFF: the struct code of a field's type, by its number.
TYPES = {1: "B", 2: "s", 3: "H", 4: "L", 5: "LL", 6: "b", 7: "B", 8: "h", 9: "l", 10: "ll",
         11: "f", 12: "d"}  # fmt: skip


def encode(picture, file_format, **options):
    """Bytes of an image file with a picture, an array or an image of Pillow."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def directory(fields, order="<", offset=8):
    """A TIFF directory at `offset`, of (tag, type, values), with its values after it."""
    entries, data = b"", b""
    after = offset + 2 + 12 * len(fields) + 4
    for tag, kind, values in sorted(fields):
        count = len(values) // len(TYPES[kind])
        value = struct.pack(order + TYPES[kind] * count, *values)
        if len(value) > 4:
            value, data = struct.pack(order + "L", after + len(data)), data + value
        entries += struct.pack(order + "HHL", tag, kind, count) + value.ljust(4, b"\0")
    return struct.pack(order + "H", len(fields)) + entries + bytes(4) + data


def exif(fields, order="<"):
    """An EXIF block, without the marker that JPEG puts before it."""
    return (
        {"<": b"II*\0", ">": b"MM\0*"}[order]
        + struct.pack(order + "L", 8)
        + directory(fields, order)
    )


def tiff(samples, *, width, height, bits, photometric, order="<", fields=(), strips=1):
    """An uncompressed TIFF file whose bytes are `samples`, in strips of the same size."""
    size = len(samples) // strips
    known = {256: (4, [width]), 257: (4, [height]), 258: (3, bits), 259: (3, [1]),
             262: (3, [photometric]), 273: (4, [0] * strips), 277: (3, [len(bits)]),
             278: (4, [height]), 279: (4, [size] * strips)}  # fmt: skip
    known |= {tag: (kind, values) for tag, kind, values in fields}
    start = 8 + len(directory([(tag, *field) for tag, field in known.items()], order))
    known[273] = 4, [start + strip * size for strip in range(strips)]
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "L", 8)
    return head + directory([(tag, *field) for tag, field in known.items()], order) + samples


def packed(samples, bits):
    """Samples of some bits as bytes, rows beginning at a new one, the highest bit first."""
    rows = (samples[..., None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(rows.reshape(len(samples), -1).astype(np.uint8), axis=1).tobytes()


def png(samples, bits, *, transparent=None, before=(), after=()):
    """A PNG file of (H, W) gray or (H, W, 3) color with a transparent color and other chunks."""

    def chunk(kind, data):
        return (
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        )

    height, width = samples.shape[:2]
    rows = [b"\0" + packed(row.reshape(1, -1), bits) for row in samples]
    color = 2 if samples.ndim == 3 else 0
    parts = [chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, bits, color, 0, 0, 0))]
    if transparent is not None:
        levels = np.atleast_1d(transparent)
        parts.append(chunk(b"tRNS", struct.pack(f">{len(levels)}H", *levels)))
    parts += [chunk(*pair) for pair in before]
    parts.append(chunk(b"IDAT", zlib.compress(b"".join(rows))))
    parts += [chunk(*pair) for pair in after]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")
