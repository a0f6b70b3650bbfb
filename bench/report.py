"""docs/benchmarks.md and docs/benchmarks.png, from the committed results.

python -m bench.report
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
DOCS = ROOT / "docs"
LOAD_RUNS = ("native", "numpy front", "native, 1 thread")
STAGES = ("read", "detect", "crop", "pose", "decode", "nms", "write")


def main() -> None:
    suite = json.loads((RESULTS / "suite.json").read_text())
    pairs = json.loads((RESULTS / "pairs.json").read_text())
    load = json.loads((RESULTS / "load.json").read_text())
    (DOCS / "benchmarks.md").write_text(document(suite, pairs, load))
    plot(pairs["pairs"], DOCS / "benchmarks.png")


def document(suite: dict[str, Any], pairs: dict[str, Any], load: dict[str, Any]) -> str:
    groups = suite["groups"]
    pipelines = {name: runs for name, runs in groups.items() if name.startswith("pipeline")}
    others = {name: runs for name, runs in groups.items() if name not in pipelines}
    bounds = {name: row for name, row in pairs["pairs"].items() if is_memory_bound(row)}
    compared = {name: row for name, row in pairs["pairs"].items() if name not in bounds}
    return "\n".join([
        "# Benchmarks\n",
        "Written by `make bench`; do not edit. The baselines are in `bench/baselines`, and "
        "`tests/bench/test_baselines.py` shows that each does what the op does. Times are medians, "
        "on two threads unless a row says one. `make bench-compare` measures the pairs again and, "
        "on the same processor, fails where a ratio fell; `make instructions-compare` "
        "does so for the instructions of the C++ loops, which callgrind counts. While measuring, "
        "freed memory stays with the process, for the ops and their baselines alike "
        "(`bench/memory.py`).\n",
        "## The machine\n",
        *machine_table(suite["machine"]),
        "\n## Targets\n",
        "An op and a baseline in alternation, in one process: the median, and the first and third "
        "quartile, over the pairs of samples. The baseline of an op's Python function is the bare "
        "op.\n",
        "![How many times as fast as each baseline the ops are](benchmarks.png)\n",
        *pairs_table(compared),
        *explanations(pairs["pairs"]),
        "\n## How far from the memory bound\n",
        "The op, and PyTorch moving the bytes that the op has to move (`bench/memory_bounds.py`), "
        "likewise in alternation. What is above that bound is arithmetic, or bytes that come in no "
        "simple order; the files of `csrc/cpu` begin with what each op computes.\n",
        *memory_bounds_table(bounds),
        "\n## Beside busy programs\n",
        load_introduction(load["machine"], load["load_average"]),
        *load_table(load["groups"]),
        "\n## From photographs to result files\n",
        *pipeline_table(pipelines),
        "\n## Every op\n",
        "Each group is one op on one input; in brackets, how many times as long as the native "
        "op.\n",
        *group_table(others),
        "",
    ])  # fmt: skip


def machine_table(machine: dict[str, str]) -> list[str]:
    return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in machine.items())]


def pairs_table(pairs: dict[str, Any]) -> list[str]:
    lines = [
        "| pair | ours | baseline | measured | quartiles | target |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, row in sorted(pairs.items(), key=lambda item: item[1]["target"] is None):
        measure = row["measure"]
        verdict = {True: ": met", False: ": **missed**", None: ""}[row["met"]]
        target = "" if row["target"] is None else amount(row["target"], measure)
        sign = "" if row["target"] is None else "at least " if "times" in measure else "at most "
        lines.append(
            f"| {name.removesuffix(f', {measure}')} | {duration(row['ours'])} "
            f"| {'' if measure == 'us' else duration(row['baseline'])} "
            f"| {amount(row['median'], measure)} "
            f"| {' to '.join(amount(value, measure) for value in row['quartiles'])} "
            f"| {sign}{target}{verdict} |"
        )
    return lines


def is_memory_bound(row: dict[str, Any]) -> bool:
    return row["measure"] == "times as long"


def memory_bounds_table(pairs: dict[str, Any]) -> list[str]:
    return [
        "| op | native | memory bound | times as long |",
        "|---|---:|---:|---:|",
        *(
            f"| {name.partition(':')[0]} | {duration(row['ours'])} | {duration(row['baseline'])} "
            f"| {factor(row['median'])} |"
            for name, row in pairs.items()
        ),
    ]


def load_introduction(machine: dict[str, str], load_average: float) -> str:
    return (
        "Single calls by `python -m bench.load --write`: the median and, in brackets, the 99th "
        "percentile, with no busy program of the suite's own, with one that keeps one core busy, "
        f"and with one for each core. The machine: {machine['processor']}, {machine['cores']} "
        f"cores, torch {machine['torch']}; the load average before was {load_average}, by other "
        "programs.\n"
    )


def load_table(groups: dict[str, Any]) -> list[str]:
    lines = [
        "| op | busy programs | native | numpy front | native, 1 thread | rival |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, loads in groups.items():
        for i, (load, runs) in enumerate(loads.items()):
            rival = next(run for run in runs if run not in LOAD_RUNS)
            cells = [call_times(runs[run]) if run in runs else "" for run in LOAD_RUNS]
            lines.append(
                f"| {'' if i else name} | {load} | {' | '.join(cells)} "
                f"| {rival}: {call_times(runs[rival])} |"
            )
    return lines


def call_times(row: dict[str, float]) -> str:
    return f"{duration(row['median'])} ({duration(row['p99'])})"


def explanations(pairs: dict[str, Any]) -> list[str]:
    """A paragraph for each target that was missed."""
    missed = [(name, row["reason"]) for name, row in pairs.items() if row["met"] is False]
    return [f"\nMissed: {name}. {reason or 'Not explained yet.'}" for name, reason in missed]


def amount(value: float, measure: str) -> str:
    if measure == "times as fast":
        return factor(value) + "x"
    return f"{value:+.2f} us" if measure == "us more" else duration(value)


def factor(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def pipeline_table(pipelines: dict[str, Any]) -> list[str]:
    lines = [
        f"| run | people | {' | '.join(STAGES)} | crop, decode and nms |",
        f"|---|---:|{'---:|' * (len(STAGES) + 1)}",
    ]
    for name, runs in pipelines.items():
        run = runs["native"]
        stages = [duration(run["stages"][stage]) for stage in STAGES]
        lines.append(
            f"| {name} | {run['people']} | {' | '.join(stages)} | {run['percent_in_the_ops']} % |"
        )
    return lines if pipelines else ["Not measured: the networks were not there."]


def group_table(groups: dict[str, Any]) -> list[str]:
    lines = ["| group | run | median |", "|---|---|---:|"]
    for name, runs in groups.items():
        native = runs.get("native", {}).get("median")
        for i, (run, row) in enumerate(runs.items()):
            times = f" ({factor(row['median'] / native)})" if native and run != "native" else ""
            lines.append(f"| {'' if i else name} | {run} | {duration(row['median'])}{times} |")
    return lines


def duration(microseconds: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.3g} {unit}"
    return f"{microseconds:.3g} us"


def plot(pairs: dict[str, Any], path: Path) -> None:
    """One bar for each pair that has a ratio, its target as a mark."""
    rows = [
        (name.removesuffix(", times as fast"), row)
        for name, row in pairs.items()
        if row["measure"] == "times as fast"
    ][::-1]
    figure, axes = plt.subplots(figsize=(11, 0.3 * len(rows) + 1.2), layout="constrained")
    places = range(len(rows))
    values = [row["median"] for _, row in rows]
    axes.barh(places, values, color="#4878a8", height=0.62)
    for place, (_, row) in zip(places, rows, strict=True):
        weight = "bold" if row["met"] is False else "normal"
        axes.text(1.01, place, factor(row["median"]), transform=axes.get_yaxis_transform(),
                  va="center", fontsize=8, weight=weight)  # fmt: skip
    targets = [(row["target"], place) for place, (_, row) in zip(places, rows, strict=True)
               if row["target"]]  # fmt: skip
    axes.plot(*zip(*targets, strict=True), "|", color="#d04030", markersize=11, markeredgewidth=2,
              label="target")  # fmt: skip
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(places, [name for name, _ in rows], fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, *values) * 0.9, max(values) * 1.5)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("times as fast as the baseline (both may use two threads)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
