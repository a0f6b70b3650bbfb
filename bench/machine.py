"""What a measurement depends on besides the code."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

__all__ = ["PROCESSOR", "machine"]

PROCESSOR = ("processor", "cores", "vectors")  # what ratios depend on most

_PACKAGES = ("numpy", "opencv-python-headless", "torchvision", "kornia", "kornia_rs", "onnxruntime")


def machine() -> dict[str, str]:
    """The processor and the versions of what was measured."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        **{name: _version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    found = {key.strip(): value.strip() for key, _, value in (s.partition(":") for s in lines)}
    family, model = found.get("cpu family", "?"), found.get("model", "?")
    return f"{found.get('model name', platform.machine())} (family {family}, model {model})"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
