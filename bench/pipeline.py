"""Photographs a second of ``rmpe infer``, by the split of its threads, beside busy programs.

    python -m bench.pipeline                print the tables
    python -m bench.pipeline --write        and keep them: bench/results/PROCESSOR/pipeline.json

What ``rmpe infer --threshold 0.4`` does with 79 photographs, files and drawings included, with the
networks loaded. A split is the threads of the networks and of the ops, which take turns, and the
background threads that read photographs, of which there are as many that draw. The processors' time
for a photograph tells waiting from working: it does not depend on the busy programs much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.end_to_end import DATA, DETECTOR, LOADS, MODELS, POSE, THRESHOLD
from bench.loads import BUSY, busy
from bench.machine import machine, results_file
from rmpe_ext.processors import usable_processors

RESULTS = "pipeline.json"
PHOTOGRAPHS = 79
ROUNDS = 3
# What the loop itself waits for; the other stages compute.
WAITING = ("read", "draw", "write")


def splits(processors: int) -> dict[str, tuple[int, int]]:
    """Threads of the networks, and of reading, by the name of the split; the default first."""
    found = {
        "the default": (processors, min(4, processors)),
        "one reads": (processors, 1),
        "one less computes": (max(1, processors - 1), 1),
        "one computes, others read": (1, min(4, processors)),
        "one of each": (1, 1),
        "twice as many read": (processors, 2 * processors),
    }
    different: dict[tuple[int, int], str] = {}
    for name, split in found.items():
        different.setdefault(split, name)
    return {name: split for split, name in different.items()}


def measure_here(threads: int, workers: int, paths: list[Path]) -> dict[str, Any]:
    """What this process measures: medians of rounds, after one that warms up."""
    import torch

    from rmpe import PoseEstimator
    from rmpe.run import run

    torch.set_num_threads(threads)
    estimator = PoseEstimator(DETECTOR, POSE, models_dir=MODELS, threshold=THRESHOLD)
    rounds = []
    for _ in range(1 + ROUNDS):
        estimator.timer.seconds.clear()
        with tempfile.TemporaryDirectory() as folder:
            begin, computed = time.perf_counter(), time.process_time()
            tally = run(paths, folder, lambda: estimator, settings={}, workers=workers)
            seconds = time.perf_counter() - begin
            computed = time.process_time() - computed
        if tally.images != len(paths):
            raise RuntimeError(f"{len(paths)} photographs, of which {tally.images} were done")
        rounds.append((seconds, computed, dict(tally.stages)))
    rounds = sorted(rounds[1:], key=lambda found: found[0])
    _, _, stages = rounds[ROUNDS // 2]  # of one round, so that they add up
    return {
        "photographs a second": round(len(paths) / rounds[ROUNDS // 2][0], 2),
        "ms of processors": round(
            1e3 * statistics.median(found[1] for found in rounds) / len(paths), 1
        ),
        "seconds": round(rounds[ROUNDS // 2][0], 3),
        "stages": {name: round(seconds, 3) for name, seconds in stages.items()},
    }


def measure(threads: int, workers: int, paths: list[Path]) -> dict[str, Any]:
    """What a process of its own measures."""
    command = [sys.executable, "-m", "bench.pipeline", "--split", str(threads), str(workers)]
    result = subprocess.run(
        [*command, *map(str, paths)], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def photographs() -> list[Path]:
    paths = sorted((DATA / "coco-people" / "images").glob("*.jpg"))[:PHOTOGRAPHS]
    if len(paths) < PHOTOGRAPHS or not MODELS.is_dir():
        raise SystemExit(
            f"python -m bench.pipeline: {PHOTOGRAPHS} photographs are to be in "
            f"{DATA / 'coco-people' / 'images'} and networks in {MODELS}: point RMPE_DATA and "
            "RMPE_MODELS at them"
        )
    return paths


def measure_all(paths: list[Path], processors: int) -> dict[str, Any]:
    """The results of all splits beside all loads; says each as it is there."""
    load_average = os.getloadavg()[0]  # of all other programs
    rows: dict[str, dict[str, Any]] = {}
    for name, (threads, workers) in splits(processors).items():
        rows[name] = {"threads": threads, "workers": workers, "loads": {}}
        for load in LOADS:
            with busy(BUSY[load]):
                found = rows[name]["loads"][load] = measure(threads, workers, paths)
            print(
                f"{threads} compute, {workers} read ({name}), busy programs: {load}: "
                f"{found['photographs a second']} photographs a second, "
                f"{found['ms of processors']} ms of processors for each, "
                f"{found['seconds']} s: {shares(found['stages'])}",
                flush=True,
            )
    return {"machine": machine(), "load_average": round(load_average, 1), "splits": rows}


def shares(stages: dict[str, float]) -> str:
    """The seconds of each stage, longest first; of reading, drawing and writing, the waiting."""
    ordered = sorted(stages.items(), key=lambda stage: -stage[1])
    return ", ".join(
        f"{'wait for ' if name in WAITING else ''}{name} {seconds:.2f}" for name, seconds in ordered
    )


def main() -> None:
    """Print the rows, and write them where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument(
        "--split", type=int, nargs=2, metavar=("COMPUTE", "READ"),
        help="measure one split of threads on PATHS, in this process, as JSON",
    )  # fmt: skip
    parser.add_argument("paths", type=Path, nargs="*", help="of that one")
    options = parser.parse_args()
    if (options.split is None) != (not options.paths):
        parser.error("--split and paths must be given together")
    if options.split is not None:
        print(json.dumps(measure_here(*options.split, options.paths)))
        return
    result = measure_all(photographs(), usable_processors())
    if options.write:
        results_file(RESULTS).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
