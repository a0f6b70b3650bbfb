"""Sessions of onnxruntime: opened for a device, and kept for the process that uses them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError
from .file_kinds import describe_file
from .forks import leave_to_the_parent
from .providers import PROVIDERS, check_provider_name
from .telemetry import import_onnxruntime

__all__ = [
    "LOG_NOTHING_BUT_FATAL",
    "Chosen",
    "Sessions",
    "choose_provider",
    "open_session",
]

# Errors come as exceptions; the library would print them as well, as they stand in the file.
LOG_NOTHING_BUT_FATAL = 4

# The part of onnxruntime that computes, by its name there, and its options.
Chosen = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Sessions:
    """What one process runs a network with."""

    process: int
    threads: int
    single: Any  # Runs on one thread.
    wide: Any  # Runs on all of them.
    pool: ThreadPoolExecutor


def choose_provider(device: torch.device, name: str | None = None) -> Chosen:
    """Choose the part of onnxruntime that computes.

    Parameters
    ----------
    device : torch.device
        Where the tensors are.
    name : str, optional
        One of `rmpe.networks.providers.PROVIDERS`; that of the device, unless given.

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
    provider = check_provider_name(name)
    onnxruntime = import_onnxruntime()
    installed = onnxruntime.get_available_providers()
    if provider.library_name not in installed:
        raise ModelError(
            f"the installed onnxruntime {onnxruntime.__version__} cannot use {provider.title}: it "
            f"has {' and '.join(map(_short_name, installed))}; replace it by {provider.package} "
            f"(pip uninstall onnxruntime; pip install {provider.package}), or choose the "
            f"{'device and the provider' if provider.device == 'cuda' else 'provider'} cpu"
        )
    if device.type != provider.device:
        raise ModelError(
            f"device must be {provider.device} for the provider {name}, got {device}; choose the "
            f"device {provider.device}, or another provider"
        )
    return provider.library_name, {
        "device_id": device.index or 0
    } if provider.device == "cuda" else {}


def _short_name(library_name: str) -> str:
    """What users call a part of onnxruntime, which has more than `PROVIDERS`."""
    names = {row.library_name: name for name, row in PROVIDERS.items()}
    return names.get(library_name, library_name)


def open_session(path: Path, content: bytes, provider: Chosen, threads: int) -> Any:
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
        what = describe_file(path)
        reason = str(error) if what is None else f"it is {what}"
        raise ModelError(f"onnxruntime cannot load {path}: {reason}") from error
    leave_to_the_parent(session)
    if session.get_providers()[0] != provider[0]:
        title = next(row.title for row in PROVIDERS.values() if row.library_name == provider[0])
        raise ModelError(
            f"onnxruntime cannot run {path} on {title}: libraries that it needs are missing, or of "
            "another version"
        )
    return session
