"""What a measurement depends on besides the code, and where the results of each machine are.

    python -m bench.machine                 the folder of this machine's results; makes it

The results of each processor have a folder in bench/results, named after it.
"""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

__all__ = [
    "RESULTS",
    "committed_file",
    "folder_name",
    "is_same_processor",
    "machine",
    "results_file",
]

RESULTS = Path(__file__).parent / "results"
_PROCESSOR = ("processor", "cores", "vectors")  # what ratios depend on most

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


def folder_name(machine: dict[str, str]) -> str:
    """The maker, family and model of a processor, and its cores.

    >>> folder_name({"processor": "AMD EPYC (family 25, model 17)", "cores": "2"})
    'amd-25-17-2-cores'
    """
    words = re.findall(r"[a-z0-9_]+", machine["processor"].lower())
    numbers = re.findall(r"(?:family|model) (\d+)", machine["processor"])
    return "-".join([words[0], *numbers, machine["cores"], "cores"])


def results_file(name: str) -> Path:
    """Where this machine's results of a kind are, or will be; its folder is made."""
    path = RESULTS / folder_name(machine()) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def committed_file(name: str) -> Path:
    """The results of a kind to compare with: of this processor, or else of another."""
    path = RESULTS / folder_name(machine()) / name
    candidates = [path, *sorted(RESULTS.glob(f"*/{name}"))]
    for path in candidates:
        if path.exists():
            return path
    raise SystemExit(f"there are no {name} in {RESULTS} to compare with: make bench writes them")


def is_same_processor(committed: dict[str, str]) -> bool:
    """Whether ratios can be held to those of that machine; says what else is different."""
    now = machine()
    for name, value in now.items():
        if committed.get(name) != value:
            print(f"note: {name} is {value}; it was {committed.get(name)}")
    return all(now[name] == committed.get(name) for name in _PROCESSOR)


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


if __name__ == "__main__":
    print(results_file("suite.json").parent)
