"""What the document of the benchmarks says of busy programs and of limits, from load.json."""

from __future__ import annotations

from typing import Any

from bench.numbers import duration, factor

__all__ = [
    "FEWEST",
    "LOAD_RUNS",
    "MOST_OF_NUMPY",
    "limits_table",
    "load_introduction",
    "load_table",
    "rival",
]

LOAD_RUNS = ("native", "numpy front", "native, 1 thread")
# How many times as long as its numpy front an op's torch front may take with a busy program on each
# core.
MOST_OF_NUMPY = 1.3
JUDGED = "one a core"  # the load that the targets speak of
FEWEST = 100  # calls; fewer do not tell what the slowest hundredth takes


def rival(runs: dict[str, Any]) -> str:
    """Which of the runs is what people use without this package."""
    return next(run for run in runs if run not in LOAD_RUNS)


def load_introduction() -> str:
    return (
        "Single calls by `python -m bench.load --write`: the median and, in brackets, the 99th "
        f"percentile, or how many calls there were where they were fewer than {FEWEST}; with no "
        "busy program of the suite's own, with one that keeps one core busy, "
        "and with one and two for each core. The last three columns are the rival's median over "
        "the op's; the torch front's over the numpy front's; and the op's 99th percentile over "
        f"that of the op on one thread. With {JUDGED}, the targets are: at least what the column "
        f"says, at most {MOST_OF_NUMPY}, at most 1; what misses them is bold, unless they may "
        "be met within the intervals of both times (95 %, by the bootstrap over turns; results "
        "from before have none). The torch front of crop_matrices cannot meet its target: most of "
        "its time is PyTorch's own, from Python to the op and back.\n"
    )


def load_table(processor: str, load: dict[str, Any]) -> list[str]:
    lines = [
        *about(processor, load),
        "| op | busy programs | native | numpy front | native, 1 thread | rival | times as fast "
        "| times the numpy front | times the p99 of 1 thread |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, loads in load["groups"].items():
        busy = {which: runs for which, runs in loads.items() if not is_limit(which)}
        least = load.get("least", {}).get(name)
        for i, (which, runs) in enumerate(busy.items()):
            cells = [call_times(runs[run]) if run in runs else "" for run in LOAD_RUNS]
            other = rival(runs)
            cells += [f"{other}: {call_times(runs[other])}", *ratio_cells(runs, which, least)]
            lines.append(f"| {'' if i else name} | {which} | {' | '.join(cells)} |")
    return lines


def about(processor: str, load: dict[str, Any]) -> list[str]:
    machine = load["machine"]
    return [
        f"\n{processor}, {machine['cores']} cores, torch {machine['torch']}; the load average "
        f"before was {load['load_average']}, by other programs.\n"
    ]


def ratio_cells(runs: dict[str, Any], load: str, least: float | None) -> list[str]:
    native, other = runs["native"], runs[rival(runs)]
    faster = other["median"] / native["median"]
    is_slow = least is not None and 1 / least_ratio(native, other, "median") < least
    cells = [judged(faster, load, is_slow, least)]
    if "numpy front" in runs:
        arrays = runs["numpy front"]
        ratio = native["median"] / arrays["median"]
        cells.append(judged(ratio, load, least_ratio(native, arrays, "median") > MOST_OF_NUMPY))
    else:
        cells.append("")
    alone = runs["native, 1 thread"]
    if min(native["calls"], alone["calls"]) < FEWEST:
        return [*cells, ""]
    tail = native["p99"] / alone["p99"]
    return [*cells, judged(tail, load, least_ratio(native, alone, "p99") > 1)]


def least_ratio(row: dict[str, float], other: dict[str, float], kind: str) -> float:
    """The ratio of two times, the first as low and the second as high as their intervals allow."""
    return row.get(f"{kind}_low", row[kind]) / other.get(f"{kind}_high", other[kind])


def judged(value: float, load: str, is_missed: bool, least: float | None = None) -> str:
    if load != JUDGED:
        return factor(value)
    text = f"**{factor(value)}**" if is_missed else factor(value)
    return text if least is None else f"{text} (at least {factor(least)})"


def limits_table(processor: str, load: dict[str, Any]) -> list[str]:
    """How long a call takes on average where the system gives less time than that of all cores."""
    refused = load.get("refused", {})
    notes = [f"\n{processor}, {name}: not measured: {why}." for name, why in refused.items()]
    rows = [
        (name, which, runs)
        for name, loads in load["groups"].items()
        for which, runs in loads.items()
        if is_limit(which)
    ]
    if not rows:
        return notes or [f"\n{processor}, limits of processors' time: not measured."]
    lines = [
        f"\n{processor}, in a control group that gets less than the processors' time: the mean of "
        "a call, with its part of the waiting for the next period, and in brackets the 99th "
        "percentile or the number of calls. A median would only say how long a call takes that "
        "does not wait.\n",
        "| op | limit | native | numpy front | native, 1 thread | rival |",
        "|---|---|---:|---:|---:|---:|",
    ]
    last = None
    for name, which, runs in rows:
        cells = [call_times(runs[run], "mean") if run in runs else "" for run in LOAD_RUNS]
        other = rival(runs)
        cells.append(f"{other}: {call_times(runs[other], 'mean')}")
        lines.append(f"| {'' if name == last else name} | {which} | {' | '.join(cells)} |")
        last = name
    return [*lines, *notes]


def is_limit(load: str) -> bool:
    return load.endswith("CPUs")


def call_times(row: dict[str, float], kind: str = "median") -> str:
    tail = duration(row["p99"]) if row["calls"] >= FEWEST else f"{row['calls']:.0f} calls"
    return f"{duration(row[kind])} ({tail})"
