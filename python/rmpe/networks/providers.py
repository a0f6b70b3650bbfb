"""What computes ONNX files: the parts of onnxruntime, by the names that users give them."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ModelError
from ..toml_table import show

__all__ = ["PROVIDERS", "Provider", "check_provider_name"]


@dataclass(frozen=True)
class Provider:
    """A row of the table.

    Attributes
    ----------
    library_name
        What onnxruntime calls it.
    device
        Kind of the devices on which it takes and gives tensors: ``"cpu"`` or ``"cuda"``.
    package
        That has it.
    title
        For messages.
    """

    library_name: str
    device: str
    package: str
    title: str


PROVIDERS = {
    "cpu": Provider("CPUExecutionProvider", "cpu", "onnxruntime", "the CPU"),
    "cuda": Provider("CUDAExecutionProvider", "cuda", "onnxruntime-gpu", "CUDA"),
    "tensorrt": Provider("TensorrtExecutionProvider", "cuda", "onnxruntime-gpu", "TensorRT"),
    "openvino": Provider("OpenVINOExecutionProvider", "cpu", "onnxruntime-openvino", "OpenVINO"),
}


def check_provider_name(name: object) -> Provider:
    """Return the row of a name.

    Raises
    ------
    rmpe.ModelError
        Where there is none.

    Examples
    --------
    >>> check_provider_name("openvino").package
    'onnxruntime-openvino'
    """
    if not isinstance(name, str) or name not in PROVIDERS:
        raise ModelError(f"provider must be one of {', '.join(PROVIDERS)}, got {show(name)}")
    return PROVIDERS[name]
