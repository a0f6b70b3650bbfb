"""Say what is installed and what it can use: the facts a bug report needs."""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from .networks.telemetry import import_onnxruntime

# What is imported, and what for.
_PACKAGES = {
    "torch": "required",
    "numpy": "required",
    "cv2": "drawing, input of networks",
    "onnxruntime": "ONNX networks",
    "torchvision": "SSD networks in PyTorch",
    "PIL": "reading images",
    "tqdm": "progress bar",
    "pycocotools": "rmpe evaluate",
}

# The rungs of the ladder that vectorized code is compiled for.
_INSTRUCTION_SETS = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512vl", "avx512_bf16",
    "amx_tile", "asimd", "sve",
)  # fmt: skip

_CPU_INFO = Path("/proc/cpuinfo")


def diagnose() -> dict[str, dict[str, str]]:
    """Collect the facts; what is missing or fails is a fact too and raises nothing.

    Returns
    -------
    dict
        For each section (``versions``, ``rmpe_ext``, ``cpu``, ``cuda``), names and
        what was found.
    """
    return {
        "versions": _versions(),
        "rmpe_ext": _guarded("library", _native_library)
        | _guarded("numpy library", _numpy_library),
        "cpu": _guarded("threads", _cpu),
        "cuda": _guarded("devices", _cuda),
    }


def format_report(report: dict[str, dict[str, str]]) -> str:
    """Lay out what `diagnose` found as text for people.

    Examples
    --------
    >>> print(format_report({"cpu": {"cores": "2", "threads": "1"}}))
    cpu
      cores    2
      threads  1
    """
    width = max(len(name) for section in report.values() for name in section)
    lines = []
    for title, section in report.items():
        lines.append(title)
        lines += [f"  {name:<{width}}  {found}" for name, found in section.items()]
    return "\n".join(lines)


def _versions() -> dict[str, str]:
    from . import __version__

    found = {
        "rmpe": f"{__version__} ({Path(__file__).parent})",
        "python": f"{platform.python_version()} ({platform.platform()})",
    }
    for package, purpose in _PACKAGES.items():
        try:
            # onnxruntime through the one place that switches its telemetry off.
            onnx = package == "onnxruntime"
            module = import_onnxruntime() if onnx else importlib.import_module(package)
        except ModuleNotFoundError:
            found[package] = f"not installed ({purpose})"
        except Exception as error:  # A broken package may raise anything.
            found[package] = f"does not import: {_first_line(error)} ({purpose})"
        else:
            found[package] = getattr(module, "__version__", "") or metadata.version(package)
    try:
        providers = import_onnxruntime().get_available_providers()
        found["onnxruntime"] += f" ({', '.join(providers)})"
    except Exception:  # Said above already.
        pass
    return found


def _native_library() -> dict[str, str]:
    import rmpe_ext

    backend = rmpe_ext.backend()
    found = {"kernels": backend.mode, "library": str(backend.library or "none")}
    if backend.reason:
        found["reason"] = backend.reason
    found["cuda library"] = str(backend.cuda_library or f"none: {backend.cuda_reason}")
    return found


def _numpy_library() -> dict[str, str]:
    from rmpe_ext.numpy._library import library

    return {"numpy library": str(library.__file__)}


def _cpu() -> dict[str, str]:
    import torch

    from rmpe_ext.processors import usable_processors

    flags, model = _cpu_flags()
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": f"{usable_processors()} usable of {os.cpu_count()}",
        "threads": f"{torch.get_num_threads()} (torch)",
        "instructions": ", ".join(name for name in _INSTRUCTION_SETS if name in flags) or "unknown",
        "torch uses": torch.backends.cpu.get_cpu_capability(),
    }


def _cpu_flags() -> tuple[set[str], str]:
    """Read Linux's list of instruction sets and the processor's name; elsewhere both are empty."""
    flags: set[str] = set()
    model = ""
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:
        return flags, model
    for line in lines:
        name, _, value = line.partition(":")
        match name.strip():
            case "flags" | "Features":
                flags = set(value.split())
            case "model name":
                model = value.strip()
    return flags, model


def _cuda() -> dict[str, str]:
    import torch

    built = torch.version.cuda
    found = {"torch built for": f"CUDA {built}" if built else "the CPU alone"}
    if not torch.cuda.is_available():
        return found | {"devices": "none that torch can use"}
    for index in range(torch.cuda.device_count()):
        device = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = (
            f"{device.name}, {device.total_memory / 2**30:.0f} GiB, "
            f"compute capability {device.major}.{device.minor}"
        )
    return found


def _guarded(name: str, collect: Callable[[], dict[str, str]]) -> dict[str, str]:
    try:
        return collect()
    except ModuleNotFoundError as error:
        return {name: f"unknown: {error.name} is not installed"}
    except Exception as error:  # A broken installation may raise anything; report it.
        return {name: f"unknown: {type(error).__name__}: {_first_line(error)}"}


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
