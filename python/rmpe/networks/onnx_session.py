"""Sessions of onnxruntime: opened for a device, and kept for the process that uses them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError
from ..toml_table import show
from .forks import leave_to_the_parent
from .telemetry import import_onnxruntime

__all__ = [
    "LOG_NOTHING_BUT_FATAL",
    "PROVIDERS",
    "Provider",
    "Sessions",
    "choose_provider",
    "open_session",
]

# Errors come as exceptions; the library would print them as well, as they stand in the file.
LOG_NOTHING_BUT_FATAL = 4

# The part of onnxruntime that computes, and its options.
Provider = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Sessions:
    """What one process runs a network with."""

    process: int
    threads: int
    single: Any  # Runs on one thread.
    wide: Any  # Runs on all of them.
    pool: ThreadPoolExecutor


# Name -> what onnxruntime calls it, the kind of the devices on which it takes and gives tensors,
# and the package that has it.
PROVIDERS = {
    "cpu": ("CPUExecutionProvider", "cpu", "onnxruntime"),
    "cuda": ("CUDAExecutionProvider", "cuda", "onnxruntime-gpu"),
    "tensorrt": ("TensorrtExecutionProvider", "cuda", "onnxruntime-gpu"),
    "openvino": ("OpenVINOExecutionProvider", "cpu", "onnxruntime-openvino"),
}


def choose_provider(device: torch.device, name: str | None = None) -> Provider:
    """Choose the part of onnxruntime that computes.

    Parameters
    ----------
    device : torch.device
        Where the tensors are.
    name : str, optional
        One of `PROVIDERS`; that of the device, unless given.

    Raises
    ------
    rmpe.ModelError
        Where there is none of that name, the installed onnxruntime has it not, or it computes for
        other devices.
    """
    if name is None:
        if device.type not in ("cpu", "cuda"):
            raise ModelError(f"device of an ONNX network must be cpu or cuda, got {device}")
        name = device.type
    if not isinstance(name, str) or name not in PROVIDERS:
        raise ModelError(f"provider must be one of {', '.join(PROVIDERS)}, got {show(name)}")
    theirs, kind, package = PROVIDERS[name]
    if device.type != kind:
        raise ModelError(f"device must be {kind} for the provider {name}, got {device}")
    onnxruntime = import_onnxruntime()
    if theirs not in onnxruntime.get_available_providers():
        raise ModelError(
            f"the installed onnxruntime {onnxruntime.__version__} cannot use {_title(name)}: "
            f"replace it by {package} (pip uninstall onnxruntime; pip install {package}), or "
            f"choose {'the device' if kind == 'cuda' else 'the provider'} cpu"
        )
    return theirs, {"device_id": device.index or 0} if kind == "cuda" else {}


def _title(name: str) -> str:
    return {"cpu": "the CPU", "cuda": "CUDA", "tensorrt": "TensorRT", "openvino": "OpenVINO"}[name]


def open_session(path: Path, content: bytes, provider: Provider, threads: int) -> Any:
    """Make a session; of what has been read and checked, and not of the file.

    Raises
    ------
    rmpe.ModelError
        Where onnxruntime cannot load it, or would run it elsewhere than on the provider.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = LOG_NOTHING_BUT_FATAL
    # Threads that spin while they wait take the cores from the next step, which is torch's.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        session = onnxruntime.InferenceSession(
            content, options, providers=[provider], enable_fallback=0
        )
    except Exception as error:  # onnxruntime has a class of its own for each kind of failure.
        raise ModelError(f"onnxruntime cannot load {path}: {error}") from error
    leave_to_the_parent(session)
    if session.get_providers()[0] != provider[0]:
        name = next(name for name, row in PROVIDERS.items() if row[0] == provider[0])
        raise ModelError(
            f"onnxruntime cannot run {path} on {_title(name)}: libraries that it needs are "
            "missing, or of another version"
        )
    return session
