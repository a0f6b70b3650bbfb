"""Photographs decoded once, and mapped into memory from then on.

Decoding a JPEG file takes longer than everything else that makes a sample, so that it is done
before the first step. The pixels of a set lie in one file; the processes of one machine share it
through the page cache, and the system may drop pages that are not in use.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np
import torch

from ..inputs.images import ImageError, read_image

__all__ = ["Photographs", "cache_photographs"]

# What a file is called before it is whole.
_PARTIAL = ".partial"


@dataclass(frozen=True, eq=False)
class Photographs:
    """The decoded photographs of a set, each a view of one mapped file.

    Attributes
    ----------
    images
        uint8 (H_i, W_i, 3), RGB; without pixels where a file could not be read.
    scales
        (n,) float64: by how much each was reduced, 1 for not at all.
    problems
        What could not be read, and why.
    """

    images: tuple[torch.Tensor, ...]
    scales: np.ndarray
    problems: tuple[str, ...]


def cache_photographs(
    paths: Sequence[Path],
    folder: Path,
    *,
    longest_side: int,
    progress: Callable[[int], object] | None = None,
) -> Photographs:
    """Decode photographs into a file of ``folder``, or take the one that is there.

    Parameters
    ----------
    paths : sequence of Path
    folder : Path
        Made where it is missing. The file's name depends on the paths, sizes and times of the
        photographs, so that a changed set is decoded anew.
    longest_side : int
        A photograph with a longer side is reduced to it.
    progress : callable, optional
        Called with the number of photographs just decoded.

    Raises
    ------
    OSError
        Where the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder)
    pixels = folder / f"{_fingerprint(paths, longest_side)}.pixels"
    index = pixels.with_suffix(".json")
    if (kept := _Index.read(index, pixels, len(paths))) is None:
        kept = _decode(paths, pixels, longest_side, progress)
        # Last, as it says that the pixels are whole.
        _replace(index, lambda file: file.write(json.dumps(asdict(kept)).encode()))
    # Copy-on-write: nobody writes, but tensors over read-only memory are warned about.
    flat = np.memmap(pixels, np.uint8, mode="c") if kept.bytes else np.empty(0, np.uint8)
    buffer, start = torch.from_numpy(flat), 0
    images: list[torch.Tensor] = []
    for height, width in kept.sizes:
        stop = start + height * width * 3
        images.append(buffer[start:stop].view(height, width, 3))
        start = stop
    return Photographs(tuple(images), np.array(kept.scales), tuple(kept.problems))


@dataclass(frozen=True)
class _Index:
    """What a file of pixels holds: the fields of `Photographs`, and (height, width) of each."""

    sizes: list[tuple[int, int]]
    scales: list[float]
    problems: list[str]

    @property
    def bytes(self) -> int:
        return sum(height * width * 3 for height, width in self.sizes)

    @classmethod
    def read(cls, path: Path, pixels: Path, count: int) -> _Index | None:
        """Read it; None where it is missing or damaged, or its pixels are."""
        try:
            found = cls(**json.loads(path.read_bytes()))
            fits = (
                all(type(s) is int and 0 <= s for h, w in found.sizes for s in (h, w))
                and all((height > 0) == (width > 0) for height, width in found.sizes)
                and all(type(s) is float and 0 < s <= 1 for s in found.scales)
                and all(type(problem) is str for problem in found.problems)
                and len(found.sizes) == len(found.scales) == count
                and found.bytes == (pixels.stat().st_size if found.bytes else 0)
            )
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return found if fits else None


def _fingerprint(paths: Sequence[Path], longest_side: int) -> str:
    digest = hashlib.sha256(str(longest_side).encode())
    for path in paths:
        try:
            found = path.stat()
            entry = f"{path.resolve()}\0{found.st_size}\0{found.st_mtime_ns}\n"
        except OSError:
            entry = f"{path}\0missing\n"
        digest.update(os.fsencode(entry))
    return digest.hexdigest()[:16]


def _decode(
    paths: Sequence[Path],
    pixels: Path,
    longest_side: int,
    progress: Callable[[int], object] | None,
) -> _Index:
    """Write the file of pixels."""
    sizes: list[tuple[int, int]] = []
    scales: list[float] = []
    problems: list[str] = []

    def write(output: IO[bytes]) -> None:
        for path in paths:
            try:
                image, scale = _reduce(read_image(path), longest_side)
            except ImageError as error:
                problems.append(str(error))
                sizes.append((0, 0))
                scales.append(1.0)
            else:
                output.write(np.ascontiguousarray(image).data)
                sizes.append((image.shape[0], image.shape[1]))
                scales.append(scale)
            if progress:
                progress(1)

    _replace(pixels, write)
    return _Index(sizes, scales, problems)


def _replace(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let ``write(file)`` fill a file that then takes its name.

    Several processes may do that at once, and each does it alone, in a file of its own that it
    holds a lock on: what is not locked, a process that was killed has left.
    """
    with _new_partial(path.parent) as output:
        partial = Path(output.name)
        try:
            write(output)
            output.flush()
            os.fsync(output.fileno())
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _new_partial(folder: Path) -> IO[bytes]:
    """Make a file, and lock it."""
    while True:
        output = tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=_PARTIAL, delete=False)
        _lock(output)
        if os.path.exists(output.name):
            return output
        # Another process took it for an abandoned one, before it was locked.
        output.close()


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes left that were killed while they wrote."""
    for path in folder.glob(f".*{_PARTIAL}"):
        with suppress(OSError), path.open("rb") as file:
            if _lock(file):
                path.unlink()


def _lock(file: IO[bytes]) -> bool:
    """Whether this process has the lock of a file now; no, too, where there are no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _reduce(image: np.ndarray, longest_side: int) -> tuple[np.ndarray, float]:
    scale = min(1.0, longest_side / max(image.shape[:2]))
    if scale == 1:
        return image, scale
    import cv2

    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), scale
