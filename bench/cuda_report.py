"""What the compiler gives each CUDA kernel: registers, stack, spills; a Markdown table.

    python bench/cuda_report.py > docs/cuda_resources.md

Needs nvcc on the PATH and no GPU.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "csrc"
ARCHITECTURES = ("sm_75", "sm_90", "sm_100", "sm_120")
# As setup.py compiles them.
FLAGS = re.findall("^-.*", (SOURCES / "nvcc_flags.txt").read_text(), re.MULTILINE)
KERNEL = re.compile(
    r"Compiling entry function '(?P<name>\w+)'.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, "
    r"(?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers",
    re.DOTALL,
)


def resources(source: Path, architecture: str) -> dict[str, re.Match[str]]:
    """What ptxas says of each kernel of a file, by the kernel's mangled name."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["nvcc", *FLAGS, f"-I{SOURCES}", f"-arch={architecture}", "-Xptxas=-v", "-cubin"]
        command += [str(source), "-o", f"{folder}/cubin"]
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{run.stderr}")
    return {match["name"]: match for match in KERNEL.finditer(run.stderr)}


def demangled(names: list[str]) -> list[str]:
    """``crop_kernel<float>`` for each mangled name: without its namespace and parameters."""
    full = subprocess.run(
        ["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    short = [name.replace("(anonymous namespace)::", "").replace("rmpe::", "") for name in full]
    return [re.search(r"(\w+_kernel(?:<.*?>)?)\(", name)[1] for name in short]


def main() -> None:
    version = subprocess.check_output(["nvcc", "--version"], text=True)
    print("# What the compiler gives each CUDA kernel\n")
    print(
        f"Registers for each thread and, where there are any, `+n` bytes of stack and `!n` bytes "
        f"of spills, by nvcc {re.search(r'release ([0-9.]+)', version)[1]}; written by "
        f"`make cuda-report`. Shared memory is dynamic: the launch gives it, so it is not here.\n\n"
        "The stack of `crop_matrices_kernel` is that of CUDA's sine for large angles. Spills are "
        "accepted in kernels of float64, up to 16 bytes a thread.\n"
    )
    print(f"| kernel | {' | '.join(ARCHITECTURES)} |")
    print(f"|---|{'---|' * len(ARCHITECTURES)}")
    for source in sorted((SOURCES / "cuda").glob("*.cu")):
        rows: dict[str, list[str]] = defaultdict(list)
        for architecture in ARCHITECTURES:
            found = resources(source, architecture)
            for name, kernel in zip(demangled(list(found)), found.values(), strict=True):
                spills = int(kernel["stores"]) + int(kernel["loads"])
                rows[name].append(
                    kernel["registers"]
                    + (f" +{kernel['stack']}" if int(kernel["stack"]) else "")
                    + (f" !{spills}" if spills else "")
                )
        for name in sorted(rows):
            print(f"| `{name}` | {' | '.join(rows[name])} |")


if __name__ == "__main__":
    main()
