"""The ops and their rivals beside busy programs, and with less than a processor's time.

    python -m bench.load --write            measure all: bench/results/PROCESSOR/load.json
    python -m bench.load --compare          measure again; fails where a ratio fell far below that
    python -m bench.load --only decode      measure some, and print them

Each case is one op: by its torch front, by its numpy front, on one thread, and what people use
without this package. They take turns, a few calls each, in one process, and equal shares of the
time. The busy programs are processes that compute without end, each held to one core; see
`bench.loads`.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

import rmpe_ext.numpy
from bench.group import NATIVE, settle, threads
from bench.load_cases import Case, cases
from bench.loads import BUSY, LOADS, LimitRefusedError
from bench.machine import committed_file, is_same_processor, machine, results_file
from bench.memory import keep_freed_memory

RESULTS = "load.json"
NUMPY, ALONE = "numpy front", "native, 1 thread"
TURN = 5e-3  # seconds that the calls of a turn take
MOST_CALLS = 50  # in a turn
RESAMPLES = 300  # of the turns, for intervals

# By how much a ratio may fall. Of the slowest hundredth of the calls there are few.
TOLERANCES = {"times as fast as the rival": 0.25, "p99 of one thread over ours": 0.5}

Row = dict[str, float]


def runs_of(case: Case) -> dict[str, tuple[int, Callable[..., Any]]]:
    """How many threads a run may take, and its call, by its name."""
    count, native = case.group.threads, case.group.runs[NATIVE]
    runs = {NATIVE: (count, native), ALONE: (1, native)}
    if case.on_arrays is not None:
        runs[NUMPY] = (count, case.on_arrays)
    return {**runs, case.rival: (count, case.group.runs[case.rival])}


def measure(case: Case, seconds: float) -> dict[str, Row]:
    """Of each run of a case: what `summary` says of its calls, in turns of equal shares of time."""
    inputs = case.group.inputs()
    runs = runs_of(case)
    turns: dict[str, list[list[float]]] = {name: [] for name in runs}
    spent = dict.fromkeys(runs, 0.0)
    calls: dict[str, int] = {}
    gc.collect()
    gc.disable()
    try:
        end = time.perf_counter() + seconds
        while not all(turns.values()) or time.perf_counter() < end:
            # Whose turns took the least: a slow rival does not leave few calls for all others.
            name = min(spent, key=lambda run: spent[run])
            count, call = runs[name]
            began = time.perf_counter()
            with threads(count):
                rmpe_ext.numpy.set_num_threads(count)
                settle(call, inputs)
                if name not in calls:
                    calls[name] = calls_in_a_turn(call, inputs)
                turns[name].append([])
                for _ in range(calls[name]):
                    begin = time.perf_counter()
                    call(*inputs)
                    turns[name][-1].append(time.perf_counter() - begin)
            spent[name] += time.perf_counter() - began
    finally:
        gc.enable()
    return {name: summary(samples) for name, samples in turns.items()}


def calls_in_a_turn(call: Callable[..., Any], inputs: tuple[Any, ...]) -> int:
    """How many calls take a turn's time, by the shortest of a few."""
    shortest = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        call(*inputs)
        shortest = min(shortest, time.perf_counter() - begin)
    return max(1, min(MOST_CALLS, int(TURN / shortest)))


def summary(turns: Sequence[Sequence[float]]) -> Row:
    """Of the seconds of each call, turn by turn; in microseconds.

    ``median_low`` to ``median_high`` and the like hold the value with a probability of 95 %, by the
    bootstrap over turns: calls of one turn are alike. Of a single turn they are the value itself.
    """
    parts = [1e6 * np.array(turn) for turn in turns]
    every = np.concatenate(parts)
    row = {
        "median": float(np.median(every)),
        "p99": slowest_hundredth(every),
        "mean": float(every.mean()),
    }
    chosen = np.random.default_rng(0).integers(0, len(parts), (RESAMPLES, len(parts)))
    again = [np.concatenate([parts[i] for i in rows]) for rows in chosen]
    for kind, value_of in (("median", np.median), ("p99", slowest_hundredth)):
        low, high = np.percentile([value_of(values) for values in again], (2.5, 97.5))
        row |= {f"{kind}_low": float(low), f"{kind}_high": float(high)}
    return {name: round(value, 1) for name, value in row.items()} | {"calls": len(every)}


def slowest_hundredth(values: np.ndarray[Any, Any]) -> float:
    """What 99 of 100 values do not exceed; one that was measured."""
    return float(np.sort(values)[math.ceil(0.99 * len(values)) - 1])


def ratios(case: Case, runs: dict[str, Row]) -> dict[str, float]:
    """What `compare` holds, by the names of `TOLERANCES`; greater is better."""
    values = (
        runs[case.rival]["median"] / runs[NATIVE]["median"],
        runs[ALONE]["p99"] / runs[NATIVE]["p99"],
    )
    return dict(zip(TOLERANCES, values, strict=True))


def measure_all(chosen: Sequence[Case], seconds: float) -> dict[str, Any]:
    """The results of all cases beside all loads; says each as it is there."""
    load_average = os.getloadavg()[0]  # of all other programs
    groups: dict[str, dict[str, dict[str, Row]]] = {case.group.name: {} for case in chosen}
    refused = {}
    for load, enter in LOADS.items():
        with ExitStack() as stack:
            try:
                stack.enter_context(enter())
            except LimitRefusedError as error:
                print(f"{load}: not measured: {error}", flush=True)
                refused[load] = str(error)
                continue
            for case in chosen:
                try:
                    rows = groups[case.group.name][load] = measure(case, seconds)
                except ModuleNotFoundError as error:
                    print(f"{case.group.name}: not measured: {error.name} is not installed")
                    continue
                texts = (
                    f"{run} {row['median']:.0f} ({row['p99']:.0f})" for run, row in rows.items()
                )
                print(f"{load}: {case.group.name}: {', '.join(texts)} us", flush=True)
    return {
        "machine": machine(),
        "load_average": round(load_average, 1),
        "unit": "microseconds",
        "refused": refused,
        "least": {case.group.name: case.least for case in chosen if case.least is not None},
        "groups": groups,
    }


def compare(chosen: Sequence[Case], seconds: float) -> int:
    """1 where a ratio fell, beside any number of busy programs, on the same processor; else 0.

    A low ratio is measured up to three times. Under a limit of time nothing is compared: calls
    there wait for the next period, whoever computes.
    """
    committed = json.loads(committed_file(RESULTS).read_text())
    is_same = is_same_processor(committed["machine"])
    fell = []
    for load in BUSY:
        with LOADS[load]():
            for case in chosen:
                before = committed["groups"].get(case.group.name, {}).get(load)
                if before is None:
                    continue
                then = ratios(case, before)
                try:
                    now = best_of_three(case, seconds, then)
                except ModuleNotFoundError as error:
                    print(f"not measured, {error.name} is not installed: {case.group.name}")
                    continue
                for name, value in now.items():
                    text = f"{load}: {case.group.name}: {value:.2f} {name}, was {then[name]:.2f}"
                    print(text, flush=True)
                    if value < (1 - TOLERANCES[name]) * then[name]:
                        fell.append(text)
    if fell:
        print("far below the committed results:", *fell, sep="\n  ")
    if fell and not is_same:
        print("which are of another processor, so that this is no failure")
        return 0
    return 1 if fell else 0


def best_of_three(case: Case, seconds: float, then: dict[str, float]) -> dict[str, float]:
    """The ratios of a case, measured again up to twice while one of them is too low."""
    best = dict.fromkeys(then, 0.0)
    for _ in range(3):
        now = ratios(case, measure(case, seconds))
        best = {name: max(value, now[name]) for name, value in best.items()}
        if all(best[name] >= (1 - TOLERANCES[name]) * then[name] for name in then):
            break
    return best


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--write", action="store_true")
    action.add_argument("--compare", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="for a case and load (default: %(default)s)"
    )
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write replaces the results of all cases, so that it takes no --only")
    keep_freed_memory()
    chosen = [case for case in cases() if options.only in case.group.name]
    if options.compare:
        return compare(chosen, options.seconds)
    result = measure_all(chosen, options.seconds)
    if options.write:
        results_file(RESULTS).write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
