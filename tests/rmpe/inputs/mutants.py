"""Damaged image files by the thousand: ``python -m tests.rmpe.inputs.mutants --help``."""

from __future__ import annotations

import argparse
import collections
import faulthandler
import os
import random
import resource
import struct
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
from PIL import Image

from rmpe.inputs.images import ImageError, decode_image

from .encode import encode, exif, png, tiff

# A decoder that works longer than this on a small file hangs.
SECONDS = 5
NUMBERS = (0, 1, 2, 127, 128, 255, 256, 4096, 65535, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def originals() -> dict[str, bytes]:
    """Small whole files: each format, and in it each kind of pixels and of compression."""
    y, x = np.mgrid[0:24, 0:32]
    smooth = np.stack([8 * x, 10 * y, 255 - 4 * x - 5 * y], -1).astype(np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    mixed = np.hstack([smooth, noise])
    color = Image.fromarray(mixed)
    alpha = Image.fromarray(np.dstack([mixed, mixed[:, :, 0]]))
    deep = mixed[:, :, 0].astype(np.uint16) * 257
    tags = exif([(0x0112, 3, [6]), (0x010F, 2, [b"C"] * 9), (0x011A, 5, [72, 1])])
    pages = {"save_all": True, "append_images": [color.rotate(180)]}
    files = {
        "JPEG": encode(color, "JPEG", exif=tags),
        "JPEG, progressive": encode(color, "JPEG", progressive=True, optimize=True),
        "JPEG, CMYK": encode(color.convert("CMYK"), "JPEG", restart_marker_blocks=2),
        "MPO": encode(color, "MPO", **pages),
        "PNG": encode(color, "PNG", exif=tags, dpi=(72, 72)),
        "PNG, palette": encode(color.quantize(16), "PNG", transparency=bytes(range(16))),
        "PNG, 16 bits": png(deep.astype(int), 16, transparent=7),
        "PNG, 16 bits of color": png(mixed.astype(int) * 257, 16, transparent=[1, 2, 3]),
        "APNG": encode(alpha, "PNG", save_all=True, append_images=[alpha.rotate(180)]),
        "WEBP": encode(color, "WEBP", exif=tags),
        "WEBP, lossless": encode(alpha, "WEBP", lossless=True),
        "WEBP, animated": encode(alpha, "WEBP", save_all=True, append_images=[alpha.rotate(180)]),
        "TIFF": encode(color, "TIFF", exif=tags),
        "TIFF, 12 bits": tiff(mixed.tobytes(), width=64, height=24, bits=[12], photometric=1),
        "BMP": encode(color, "BMP"),
        "BMP, palette": encode(color.quantize(16), "BMP"),
        "GIF": encode(color.quantize(200), "GIF", **pages),
        "PPM": encode(color, "PPM"),
        "PPM, 12 bits": b"P5 64 24 4095 " + (deep >> 4).astype(">u2").tobytes(),
        "PPM, text": b"P3 16 24 255 " + b" ".join(b"%d" % level for level in mixed.ravel()[:1152]),
        "JPEG2000": encode(color, "JPEG2000"),
        "JPEG2000, stream": encode(alpha, "JPEG2000", no_jp2=True, tile_size=(16, 16)),
        "AVIF": encode(color, "AVIF", speed=10, exif=tags),
        "AVIF, animated": encode(color, "AVIF", speed=10, **pages),
    }
    for compression in ("tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate"):
        files[f"TIFF, {compression}"] = encode(color, "TIFF", compression=compression)
    files["TIFF, group4"] = encode(color.convert("1"), "TIFF", compression="group4")
    if find_spec("pillow_heif") is not None:
        decode_image(files["PNG"])  # That registers it.
        files["HEIF"] = encode(color, "HEIF", exif=tags)
    return files


def mutate(contents: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Damage a file in one to four places."""
    mutant = bytearray(contents)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        # Headers are where a file tells sizes and offsets.
        end = len(mutant) if chance.random() < 0.5 else min(len(mutant), 200)
        at = chance.randrange(max(1, end))
        kind = chance.randrange(9)
        if kind == 0:
            mutant[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1 and at < len(mutant):
            mutant[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            code = chance.choice(("<H", ">H", "<L", ">L"))
            number = chance.choice(NUMBERS) % 256 ** struct.calcsize(code)
            mutant[at : at + struct.calcsize(code)] = struct.pack(code, number)
        elif kind == 3:
            del mutant[at : at + chance.randrange(1, 64)]
        elif kind == 4:
            mutant[at:at] = chance.randbytes(chance.randrange(1, 16))
        elif kind == 5:
            mutant[at:at] = mutant[at : at + chance.randrange(1, 300)]
        elif kind == 6:
            del mutant[at:]
        elif kind == 7:
            mutant[at : at + 20] = bytes([chance.choice((0, 255))]) * 20
        else:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            mutant[at:] = other[start:]
    damaged = bytes(mutant)
    # Decoders of PNG look at the rest of a chunk only where its checksum is right.
    return with_checksums(damaged) if chance.random() < 0.7 else damaged


def with_checksums(contents: bytes) -> bytes:
    """Mend the checksums of a PNG file; others stay as they are."""
    if contents[:8] != b"\x89PNG\r\n\x1a\n":
        return contents
    parts, at = [contents[:8]], 8
    while at + 12 <= len(contents):
        end = at + 8 + int.from_bytes(contents[at : at + 4], "big")
        parts.append(contents[at:end])
        if end + 4 > len(contents):
            break
        parts.append(struct.pack(">L", zlib.crc32(contents[at + 4 : end])))
        at = end + 4
    return b"".join(parts)


def mutants(seed: int, names: list[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Damaged files of all kinds in turn, without end, always the same for a seed."""
    files = originals()
    chance = random.Random(seed)
    others = list(files.values())
    while True:
        for name in names or files:
            yield name, mutate(files[name], others, chance)


def outcome(contents: bytes, decode: Callable[[bytes], np.ndarray] = decode_image) -> str:
    """Decode a file; say what came of it, and raise where that is neither image nor `ImageError`."""
    started = time.process_time()  # The machine may have other work.
    try:
        image = decode(contents)
    except ImageError as error:
        assert "\n" not in str(error) and str(error).isprintable(), repr(error)
        result = "ImageError"
    else:
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        assert image.size > 0 and image.flags.c_contiguous and image.flags.writeable
        result = "image"
    seconds = time.process_time() - started
    assert seconds < SECONDS, f"{seconds:.1f} s"
    return result


def main() -> None:
    """Decode mutants, and count what came of them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="mutants (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", type=float, default=4, help="GiB of address space")
    parser.add_argument("--keep", default=".", help="folder for those that fail")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    limit = int(arguments.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    slowest = collections.defaultdict(float)
    failures = 0
    for number, (name, contents) in zip(
        range(arguments.count), mutants(arguments.seed), strict=False
    ):
        faulthandler.dump_traceback_later(60, exit=True)
        started = time.process_time()
        path = os.path.join(arguments.keep, "mutant-under-test")
        with open(path, "wb") as file:  # There after a crash.
            file.write(contents)
        try:
            counts[name][outcome(contents)] += 1
        except Exception as error:
            failures += 1
            counts[name][type(error).__name__] += 1
            os.replace(path, os.path.join(arguments.keep, f"failed-{arguments.seed}-{number}"))
            print(f"{name}, {number}: {error!r}", flush=True)
        slowest[name] = max(slowest[name], time.process_time() - started)
        if number % 10000 == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(f"{number} done, {failures} failed, peak {peak} MiB", flush=True)
    faulthandler.cancel_dump_traceback_later()
    for name, counted in counts.items():
        print(f"{name:24} {dict(counted)}, slowest {slowest[name]:.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    total = sum((counted for counted in counts.values()), collections.Counter())
    print(f"all: {dict(total)}, peak {peak} MiB")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
