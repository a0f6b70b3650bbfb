"""Instructions of each loop of the C++ library, counted by callgrind.

    python bench/instructions/count.py --compare     fails where one took over 3 % more than before
    python bench/instructions/count.py --write       makes what it takes now the baseline

Unlike times, counts repeat exactly, whatever else the machine does, but only with one compiler, C
library and choice of vector instructions: under others nothing is compared. Callgrind's processor
has no AVX-512, so the AVX2 clones are counted where the machine would run others. Needs CMake and
valgrind (Debian: apt-get install valgrind).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "instructions"
BASELINE = Path(__file__).with_name("baseline.json")
TOLERANCE = 0.03


def build() -> Path:
    # Without assertions and debug information, as setup.py builds the loops.
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DRMPE_BUILD_TESTS=OFF", "-DRMPE_BUILD_BENCH=ON"]
    # make's environment has a cmake of its own beside Python.
    cmake = shutil.which("cmake", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if cmake is None:
        raise SystemExit("cmake was not found; install it (pip install cmake)")
    run([cmake, "-S", str(ROOT), "-B", str(BUILD), *options])
    run([cmake, "--build", str(BUILD), "--target", "rmpe_instructions", "--parallel", "2"])
    return BUILD / "bench" / "instructions" / "rmpe_instructions"


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def count() -> dict[str, dict]:
    """``environment``: what the counts depend on; ``instructions``: of each loop."""
    program = build()
    with tempfile.TemporaryDirectory() as folder:
        output = run([
            "valgrind", "--tool=callgrind", "--collect-atstart=no",
            f"--callgrind-out-file={folder}/dump", str(program),
        ])  # fmt: skip
        counts = {}
        for dump in Path(folder).iterdir():
            text = dump.read_text()
            name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
            if name and total:
                counts[name[1]] = int(total[1])
    environment = dict(line.split(": ", 1) for line in output.splitlines())
    environment["valgrind"] = run(["valgrind", "--version"]).strip()
    return {"environment": environment, "instructions": dict(sorted(counts.items()))}


def compare(now: dict[str, dict]) -> int:
    baseline = json.loads(BASELINE.read_text())
    different = [
        f"{key} is {now['environment'].get(key)}, the baseline's was {value}"
        for key, value in baseline["environment"].items()
        if now["environment"].get(key) != value
    ]
    if different:
        print("instruction counts not compared:", "; ".join(different))
        return 0
    if now["instructions"].keys() != baseline["instructions"].keys():
        changed = sorted(now["instructions"].keys() ^ baseline["instructions"].keys())
        print("loops without a count now, or in the baseline:", *changed, "(make instructions)")
        return 1
    more = 0
    for name, before in baseline["instructions"].items():
        value = now["instructions"][name]
        exceeds = value > (1 + TOLERANCE) * before
        mark = " TOO MANY" if exceeds else ""
        print(f"{name:24}{value:14,}{value / before - 1:+9.2%}{mark}")
        more += exceeds
    if more:
        print(f"{more} loops take over {TOLERANCE:.0%} more instructions than in {BASELINE.name}; "
              "if that is meant, make instructions")  # fmt: skip
    return 1 if more else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--compare", action="store_true")
    action.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind was not found; install it (Debian: apt-get install valgrind)")
    now = count()
    if options.compare:
        return compare(now)
    BASELINE.write_text(json.dumps(now, indent=1) + "\n")
    print(json.dumps(now, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
