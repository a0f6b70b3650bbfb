"""What a file is that was taken for a network: by its first bytes, else by the end of its name."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

__all__ = ["describe_content", "describe_file"]

_TENSORFLOW = "a TensorFlow network: convert it to ONNX (the package tf2onnx does)"
_TEXT = "a text, and no network"
_ARCHIVE = "an archive: unpack it, and give the network in it"
_BEGINNINGS = {
    b"version https://git-lfs": "a Git LFS pointer: get the file itself (git lfs pull)",
    b"<!DOCTYPE": "a web page: get the file itself, by its download link",
    b"<!doctype": "a web page: get the file itself, by its download link",
    b"<html": "a web page: get the file itself, by its download link",
    b"\x89HDF\r\n": "an HDF5 file, as Keras writes it: convert the network to ONNX",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": _ARCHIVE,
}
_ENDINGS = {
    ".pbtxt": _TENSORFLOW,
    ".tflite": _TENSORFLOW,
    ".h5": "a Keras network: convert it to ONNX",
    ".keras": "a Keras network: convert it to ONNX",
    ".caffemodel": "a Caffe network: convert it to ONNX",
    ".prototxt": "a Caffe network: convert it to ONNX",
    ".t7": "a Torch7 network: convert it to ONNX",
    ".weights": "a Darknet network: convert it to ONNX",
    ".cfg": "a Darknet network: convert it to ONNX",
    ".engine": "a TensorRT engine: give the ONNX file that it was made of",
    ".plan": "a TensorRT engine: give the ONNX file that it was made of",
    ".xml": "an OpenVINO network: give the ONNX file that it was made of",
    ".mlmodel": "a Core ML network: give the network that it was made of",
    ".npz": "arrays of numpy: save the network as ONNX, or as a state dict",
    ".pkl": "a pickle: save the network's state dict, by torch.save or as safetensors",
    ".zip": _ARCHIVE,
    ".gz": _ARCHIVE,
    ".7z": _ARCHIVE,
    **dict.fromkeys((".md", ".txt", ".rst", ".html", ".json", ".yaml", ".yml", ".py"), _TEXT),
}
_SCRIPT = (
    "a TorchScript program: save its state dict (torch.jit.load it where you trust it), or the "
    "network as ONNX"
)


def describe_file(path: str | os.PathLike[str]) -> str | None:
    """Say what a file is that holds no network, and what to do; None for any other.

    The file need not be there: its name may tell.

    Examples
    --------
    >>> describe_file("model.tflite")
    'a TensorFlow network: convert it to ONNX (the package tf2onnx does)'
    """
    path = Path(path)
    if os.path.isdir(path):  # Unlike Path.is_dir, it takes names that are too long.
        return "a folder: give the file in it"
    return describe_content(path) or _ENDINGS.get(path.suffix.lower())


def describe_content(path: Path) -> str | None:
    """Say likewise what a file is by what is in it; None also where it is not there."""
    try:
        if not os.path.isfile(path):
            return None
        with path.open("rb") as stream:
            first = stream.read(64)
    except OSError:
        return None
    if first.startswith(b"PK") and _is_script(path):
        return _SCRIPT
    first = first.lstrip()
    return next((what for begin, what in _BEGINNINGS.items() if first.startswith(begin)), None)


def _is_script(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except Exception:  # zipfile raises anything.
        return False
