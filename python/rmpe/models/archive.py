"""Networks that come packed: a zip archive with one ONNX file, as OpenMMLab publishes them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

__all__ = ["unpack_network"]

_CHUNK = 1 << 20
# Weights hardly shrink; what does by more is made to fill a disk.
_MOST_SHRUNK = 100
_MOST_MEMBERS = 1000


def unpack_network(archive: Path, target: BinaryIO, most_bytes: int) -> None:
    """Write the only ONNX file of a zip archive into a file, whatever its name there is.

    Parameters
    ----------
    archive : Path
    target : file
        Open for writing.
    most_bytes : int
        How large it may be.

    Raises
    ------
    ValueError
        Where it is no zip archive, or damaged, holds no or several ONNX files, a name that leads
        out of it, or a file that is too large or suspiciously small for what it says to hold.
    OSError
        Where the target cannot be written.
    """
    for chunk in _read_network(archive, most_bytes):
        target.write(chunk)


def _read_network(archive: Path, most_bytes: int) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(archive) as opened:
            member = _find_network(opened, most_bytes)
            with opened.open(member) as stream:
                left = member.file_size
                while chunk := stream.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise ValueError(f"{member.filename} is larger than the archive says")
                    yield chunk
    except ValueError:
        raise
    except Exception as error:  # zipfile raises anything.
        raise ValueError(f"it is no zip archive, or damaged: {error}") from None


def _find_network(archive: zipfile.ZipFile, most_bytes: int) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > _MOST_MEMBERS:
        raise ValueError(f"the archive must hold at most {_MOST_MEMBERS} files, got {len(members)}")
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise ValueError(f"the archive holds a name that leads out of it: {member.filename!r}")
    found = [member for member in members if member.filename.lower().endswith(".onnx")]
    if len(found) != 1:
        names = ", ".join(member.filename for member in found[:4]) or "none"
        raise ValueError(f"the archive must hold one ONNX file, got {names}")
    (member,) = found
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{member.filename} must be stored or deflated")
    if member.file_size > most_bytes:
        raise ValueError(f"{member.filename} must have at most {most_bytes} bytes unpacked")
    if member.file_size > _MOST_SHRUNK * max(member.compress_size, 1):
        raise ValueError(
            f"{member.filename} unpacks to {member.file_size // max(member.compress_size, 1)} "
            f"times its size; weights do so to at most {_MOST_SHRUNK} times"
        )
    return member
