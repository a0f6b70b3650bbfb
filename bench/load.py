"""The ops and their rivals beside busy programs: medians and 99th percentiles.

    python -m bench.load --write            measure all cases: bench/results/load.json
    python -m bench.load --only decode      measure some, and print them

Each case is one op: by its torch front, by its numpy front, on one thread, and what people use
without this package. They take turns, a few calls each, in one process; the busy programs are
processes that compute without end, each held to one core.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rmpe_ext.numpy
from bench import (
    test_affine_sample,
    test_box_nms,
    test_crop,
    test_decode,
    test_decode_simcc,
    test_oks_nms,
    test_pose_nms,
    test_soft_argmax,
)
from bench.baselines.box_nms import THRESHOLD as THRESHOLD_OF_BOXES
from bench.baselines.crop import MEAN, STD
from bench.baselines.oks_nms import THRESHOLD
from bench.group import NATIVE, Group, threads
from bench.machine import machine
from bench.memory import keep_freed_memory

RESULTS = Path(__file__).parent / "results" / "load.json"
NUMPY, ALONE = "numpy front", "native, 1 thread"
LOADS = {"none": 0, "one": 1, "one a core": os.cpu_count() or 1}  # busy programs
CALLS = 4  # in a turn
ENDLESS = "import os\nos.sched_setaffinity(0, {%d})\nwhile True: pass"

ops = rmpe_ext.numpy


@dataclass(frozen=True)
class Case:
    """A group of the suite: its op on arrays, and which of its runs is the rival."""

    group: Group
    on_arrays: Callable[..., Any] | None  # None: the op of arrays has no gradient
    rival: str


def crop(image, matrices, regions, size):
    return ops.crop(image[None], matrices.numpy(), size, mean=MEAN, std=STD)


def affine_sample(input, theta, size):
    return ops.affine_sample(input.numpy(), theta.numpy(), size)


def decode(convention):
    return lambda maps, matrices: ops.decode(
        maps.numpy(), convention=convention, matrices=matrices.numpy()
    )


def soft_argmax(maps, beta):
    return ops.soft_argmax(maps.numpy(), beta=beta)


def decode_simcc(x, y):
    return ops.decode_simcc(x.numpy(), y.numpy())


def pose_nms(keypoints, scores, boxes, image_index):
    return ops.pose_nms(keypoints.numpy(), scores.numpy(), boxes.numpy(), preset="alphapose",
                        image_index=image_index.numpy())  # fmt: skip


def oks_nms(keypoints, scores, areas, image_index):
    return ops.oks_nms(keypoints.numpy(), scores.numpy(), areas.numpy(), threshold=THRESHOLD,
                       image_index=image_index.numpy())  # fmt: skip


def box_nms(boxes, scores, image_index):
    return ops.box_nms(boxes.numpy(), scores.numpy(), THRESHOLD_OF_BOXES,
                       image_index=image_index.numpy())  # fmt: skip


def cases() -> Iterator[Case]:
    sampled = "F.affine_grid and F.grid_sample"
    for group in (*test_crop.GROUPS[:2], test_crop.UPRIGHT_32, test_crop.ROTATED_32):
        yield Case(group, crop, "cv2.warpAffine alone, 8 bits")
    for group in test_affine_sample.FORWARD.values():
        yield Case(group, affine_sample, sampled)
    yield Case(test_affine_sample.BACKWARD["upright"], None, sampled)
    for group in (test_decode.GROUPS[1], test_decode.MANY["hrnet"]):
        yield Case(group, decode("hrnet"), "numpy.argmax alone")
    yield Case(test_decode.MANY["dark"], decode("dark"), "numpy, a person at a time")
    yield Case(test_soft_argmax.FORWARD, soft_argmax, "torch.softmax")
    yield Case(test_decode_simcc.GROUPS[2], decode_simcc, "numpy argmax")
    yield Case(test_pose_nms.ONE[60], pose_nms, "PyTorch, one against the rest")
    yield Case(test_pose_nms.MANY[1300], pose_nms, "reference")
    yield Case(test_oks_nms.GROUPS[-2], oks_nms, "reference")
    yield Case(test_box_nms.GROUPS[-1], box_nms, "torchvision batched_nms")


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that compute without end, one to a core."""
    with ExitStack() as stack:
        for core in range(count):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", ENDLESS % core]))
            stack.callback(process.kill)
        if count:
            time.sleep(0.3)  # they have begun
        yield


def runs_of(case: Case) -> dict[str, tuple[int, Callable[..., Any]]]:
    """How many threads a run may take, and its call, by its name."""
    count, native = case.group.threads, case.group.runs[NATIVE]
    runs = {NATIVE: (count, native), ALONE: (1, native)}
    if case.on_arrays is not None:
        runs[NUMPY] = (count, case.on_arrays)
    return {**runs, case.rival: (count, case.group.runs[case.rival])}


def measure(case: Case, seconds: float) -> dict[str, dict[str, float]]:
    """Of each run of a case: median, 99th percentile and number of the calls, in turns."""
    inputs = case.group.inputs()
    runs = runs_of(case)
    times: dict[str, list[float]] = {name: [] for name in runs}
    gc.collect()
    gc.disable()
    try:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for name, (count, call) in runs.items():
                with threads(count):
                    ops.set_num_threads(count)
                    call(*inputs)  # untimed: the other's threads may still spin
                    for _ in range(CALLS):
                        begin = time.perf_counter()
                        call(*inputs)
                        times[name].append(time.perf_counter() - begin)
    finally:
        gc.enable()
    return {name: summary(samples) for name, samples in times.items()}


def summary(seconds: list[float]) -> dict[str, float]:
    microseconds = sorted(1e6 * second for second in seconds)
    return {
        "median": round(statistics.median(microseconds), 1),
        "p99": round(microseconds[int(0.99 * (len(microseconds) - 1))], 1),
        "calls": len(microseconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="to bench/results/load.json")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="for a case and load (default: 3)"
    )
    options = parser.parse_args()
    keep_freed_memory()
    chosen = [case for case in cases() if options.only in case.group.name]
    load_average = os.getloadavg()[0]  # of all other programs
    groups: dict[str, dict[str, Any]] = {case.group.name: {} for case in chosen}
    for load, count in LOADS.items():
        with busy(count):
            for case in chosen:
                rows = groups[case.group.name][load] = measure(case, options.seconds)
                texts = (
                    f"{run} {row['median']:.0f} ({row['p99']:.0f})" for run, row in rows.items()
                )
                print(f"{load}: {case.group.name}: {', '.join(texts)} us", flush=True)
    if options.write:
        result = {
            "machine": machine(),
            "load_average": round(load_average, 1),
            "unit": "microseconds",
            "groups": groups,
        }
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
