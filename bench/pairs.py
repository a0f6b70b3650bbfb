"""An op and a baseline in alternation, in one process: how many times as fast the op is.

    python -m bench.pairs --write           measure all pairs: bench/results/PROCESSOR/pairs.json
    python -m bench.pairs --compare         measure again; fails where a pair fell far below that

The baseline is what people use without this package, in bench/baselines. What --compare measures on
another processor than that of the committed results is shown, and does not fail.

A machine that is slow for a while is slow for both, so that a ratio holds where seconds do not.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench import (
    test_affine_sample,
    test_box_nms,
    test_call_overhead,
    test_crop,
    test_decode,
    test_decode_simcc,
    test_merge_poses,
    test_nearby_joints_nms,
    test_oks_nms,
    test_pose_nms,
    test_soft_argmax,
)
from bench.group import NATIVE, Group, settle, threads
from bench.machine import committed_file, is_same_processor, machine, results_file
from bench.memory import keep_freed_memory
from bench.memory_bounds import MEMORY_BOUND, MEMORY_BOUNDS

RESULTS = "pairs.json"
SAMPLE = 1e-3  # seconds: what is faster is called again and again for so long
FEWEST, MOST = 9, 300  # pairs of samples
ARGUMENT_CHECKS = "Before the bare op gets the arguments, Python checks them."

# How a pair of medians of one sample, in microseconds, is judged.
MEASURES: dict[str, Callable[[float, float], float]] = {
    "times as fast": lambda ours, baseline: baseline / ours,
    "times as long": lambda ours, baseline: ours / baseline,
    "us more": lambda ours, baseline: ours - baseline,
    "us": lambda ours, baseline: ours,
}


@dataclass(frozen=True)
class Pair:
    """The native op of a group and one of its other runs.

    Attributes
    ----------
    target
        Of the measure: at least so many times as fast, or at most so many microseconds. None where
        the pair is only watched.
    reason
        Why a target that is missed is missed.
    """

    group: Group
    baseline: str
    target: float | None
    measure: str = "times as fast"
    reason: str = ""

    @property
    def name(self) -> str:
        return self.group.name + f": {self.baseline}" * (self.measure != "us")

    @property
    def key(self) -> str:
        """Of its row in the results."""
        return f"{self.name}, {self.measure}"

    def meets(self, value: float) -> bool | None:
        if self.target is None:
            return None
        return value >= self.target if self.measure == "times as fast" else value <= self.target


def pairs() -> Iterator[Pair]:
    """All of them, with the targets that the ops are held to."""
    upright, rotated = test_crop.UPRIGHT_32, test_crop.ROTATED_32
    yield Pair(upright, "cv2.warpAffine and numpy", 9)
    yield Pair(upright, "cv2.warpAffine alone, 8 bits", 1.6)
    yield Pair(rotated, "cv2.warpAffine alone, 8 bits", 1)
    yield Pair(upright, "cv2.resize and blobFromImages", 4)
    yield Pair(upright, "kornia_rs Preprocessor", 5)
    yield Pair(
        upright,
        "F.affine_grid and F.grid_sample",
        30,
        reason="Each value takes three interpolations in float32, of rows that come from beyond "
        "the second-level cache. Both ran on two cores.",
    )
    yield Pair(rotated, "cv2.warpAffine and numpy", None)
    for kind in test_affine_sample.DEGREES:
        yield Pair(test_affine_sample.FORWARD[kind], "F.affine_grid and F.grid_sample", 4)
        yield Pair(test_affine_sample.BACKWARD[kind], "F.affine_grid and F.grid_sample", 2)
    yield Pair(test_decode.MANY["hrnet"], "numpy, a person at a time", 18)
    yield Pair(test_decode.MANY["hrnet"], "torch max, gather, sign", 4)
    yield Pair(test_decode.MANY["hrnet"], "numpy.argmax alone", 1.3)
    yield Pair(test_decode.MANY["dark"], "numpy, a person at a time", 60)
    yield Pair(test_decode.MANY["dark_udp"], "numpy, a person at a time", 60)
    yield Pair(test_pose_nms.ONE[60], "PyTorch loop over pairs", 200)
    yield Pair(test_pose_nms.ONE[60], "PyTorch, one against the rest", None)
    yield Pair(test_pose_nms.MANY[1300], "reference", None)
    yield Pair(test_pose_nms.MANY[1300], "reference", 10_000, "us")
    yield Pair(test_oks_nms.ONE["oks_nms"][60], "numpy loop over pairs", 50)
    yield Pair(test_oks_nms.ONE["oks_nms"][200], "numpy loop over pairs", 200)
    yield Pair(test_oks_nms.ONE["soft_oks_nms"][60], "numpy, one against the rest", None)
    yield Pair(test_nearby_joints_nms.ONE[60], "numpy, all pairs", None)
    yield Pair(test_merge_poses.ONE[60], "numpy, a kept pose at a time", None)
    yield Pair(test_box_nms.THOUSAND, "torchvision nms", None)
    yield Pair(test_soft_argmax.FORWARD, "torch.softmax", None)
    yield Pair(test_decode_simcc.GROUPS[2], "numpy argmax", None)
    for group in MEMORY_BOUNDS:
        yield Pair(group, MEMORY_BOUND, None, "times as long")
    for group in test_call_overhead.CALLS.values():
        yield Pair(group, test_call_overhead.BARE, 5, "us more", ARGUMENT_CHECKS)
    for op in ("decode", "pose_nms"):
        yield Pair(test_call_overhead.CALLS[op], test_call_overhead.BARE, 30, "us")


def sampler(call: Callable[..., Any], inputs: tuple) -> Callable[[], float]:
    """Measures one sample, in microseconds a call, once the call is warm."""
    for _ in range(2):
        call(*inputs)
    begin = time.perf_counter()
    call(*inputs)
    repeats = max(1, round(SAMPLE / (time.perf_counter() - begin)))

    def sample() -> float:
        settle(call, inputs)
        begin = time.perf_counter()
        for _ in range(repeats):
            call(*inputs)
        return (time.perf_counter() - begin) / repeats * 1e6

    return sample


def measure(pair: Pair, seconds: float) -> dict[str, Any]:
    """The row of a pair, of the samples of so many seconds: ours, the baseline's, ours, ..."""
    with threads(pair.group.threads):
        ours = sampler(pair.group.runs[NATIVE], pair.group.inputs())
        baseline = sampler(pair.group.runs[pair.baseline], pair.group.inputs())
        samples: list[tuple[float, float]] = []
        gc.collect()
        gc.disable()
        try:
            end = time.perf_counter() + seconds
            while len(samples) < FEWEST or (time.perf_counter() < end and len(samples) < MOST):
                samples.append((ours(), baseline()))
        finally:
            gc.enable()
    values = [MEASURES[pair.measure](*sample) for sample in samples]
    low, median, high = statistics.quantiles(values, n=4)
    return {
        "ours": round(statistics.median(sample[0] for sample in samples), 3),
        "baseline": round(statistics.median(sample[1] for sample in samples), 3),
        "measure": pair.measure,
        "median": round(median, 3),
        "quartiles": [round(low, 3), round(high, 3)],
        "pairs": len(samples),
        "target": pair.target,
        "met": pair.meets(median),
    }


def write(chosen: list[Pair], seconds: float) -> int:
    rows: dict[str, dict[str, Any]] = {}
    for pair in chosen:
        try:
            row = measure(pair, seconds)
        except ModuleNotFoundError as error:
            print(f"skipped {pair.name}: {error.name} is not installed: make bench installs it")
            continue
        rows[pair.key] = row
        print(describe(pair, row), flush=True)
    results_file(RESULTS).write_text(
        json.dumps({"machine": machine(), "unit": "microseconds", "pairs": rows}, indent=1) + "\n"
    )
    missed = [name for name, row in rows.items() if row["met"] is False]
    print(f"{len(rows)} pairs, {len(missed)} targets missed", *missed, sep="\n  ")
    return 0


def describe(pair: Pair, row: dict[str, Any]) -> str:
    verdict = {None: "", True: f" (target {pair.target}: met)",
               False: f" (target {pair.target}: MISSED)"}[row["met"]]  # fmt: skip
    return f"{row['median']:10.2f} {pair.measure}{verdict}  {pair.name}"


def compare(chosen: list[Pair], seconds: float, tolerance: float) -> int:
    """1 where a ratio fell by more than the tolerance on the same processor, else 0.

    A low ratio is measured up to three times.
    """
    committed = json.loads(committed_file(RESULTS).read_text())
    is_same = is_same_processor(committed["machine"])
    fell, missing = [], []
    for pair in chosen:
        before = committed["pairs"].get(pair.key)
        if pair.measure != "times as fast" or before is None:
            continue
        least = (1 - tolerance) * before["median"]
        try:
            median = best_of_three(pair, seconds, least)
        except ModuleNotFoundError as error:
            print(f"not measured, {error.name} is not installed: {pair.name}", flush=True)
            missing.append(pair.name)
            continue
        print(f"{median:10.2f} was {before['median']:10.2f} times as fast  {pair.name}", flush=True)
        if median < least:
            fell.append(pair.name)
    if missing:
        print(f"not measured: {len(missing)} of {len(chosen)}; make bench installs what they need")
    if fell:
        print(f"more than {tolerance:.0%} below the committed results:", *fell, sep="\n  ")
    if fell and not is_same:
        print("which are of another processor, so that this is no failure")
        return 0
    return 1 if fell else 0


def best_of_three(pair: Pair, seconds: float, enough: float) -> float:
    """The ratio of a pair, measured again up to twice while it is below ``enough``."""
    best = 0.0
    for _ in range(3):
        best = max(best, measure(pair, seconds)["median"])
        if best >= enough:
            break
    return best


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--compare", action="store_true")
    parser.add_argument("--only", default="", help="pairs whose name contains this")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each pair (default: 2)")
    parser.add_argument(
        "--tolerance", type=float, default=0.25, help="by how much a ratio may fall (default: 0.25)"
    )
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write replaces the results of all pairs, so that it takes no --only")
    keep_freed_memory()
    chosen = [pair for pair in pairs() if options.only in pair.name]
    if options.compare:
        return compare(chosen, options.seconds, options.tolerance)
    return write(chosen, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
