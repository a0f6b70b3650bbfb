"""docs/benchmarks.md and its plots, from the committed results of each processor.

python -m bench.report
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench import plots
from bench.load_report import limits_table, load_introduction, load_table
from bench.machine import RESULTS
from bench.memory_bounds import MEMORY_BOUND
from bench.numbers import amount, duration, factor
from bench.pairs import pairs as all_pairs
from bench.pipeline_report import pipeline_introduction, pipeline_tables

DOCS = Path(__file__).resolve().parents[1] / "docs"
KINDS = ("suite", "pairs", "load", "pipeline")
STAGES = ("read", "detect", "crop", "pose", "decode", "nms", "write")

# Of one kind: what each processor's file holds, by the processor's name.
Results = dict[str, Any]


def main() -> None:
    results = read_results(RESULTS)
    (DOCS / "benchmarks.md").write_text(document(results))
    plots.ratios(results["pairs"], DOCS / "benchmarks.png")
    plots.loads(results["load"], DOCS / "benchmarks_load.png")


def read_results(folder: Path) -> dict[str, Results]:
    """The committed files by their kind and by their processor."""
    results: dict[str, Results] = {kind: {} for kind in KINDS}
    for kind, found in results.items():
        for path in sorted(folder.glob(f"*/{kind}.json")):
            result = json.loads(path.read_text())
            found[title(result["machine"])] = result
    return results


def title(machine: dict[str, str]) -> str:
    """A processor, as the head of a column."""
    return machine["processor"].replace("(R)", "").replace("(TM)", "")


def document(results: dict[str, Results]) -> str:
    suites, pairs, loads = results["suite"], results["pairs"], results["load"]
    machines = machines_of(results)
    bounds, compared = split(pairs, is_memory_bound)
    pipelines = {
        name: {group: runs for group, runs in suite["groups"].items() if is_pipeline(group)}
        for name, suite in suites.items()
    }
    return "\n".join([
        "# Benchmarks\n",
        "Written by `make bench`, which adds a column for the processor that it runs on; do not "
        "edit. The baselines are in `bench/baselines`, and `tests/bench/test_baselines.py` shows "
        "that each does what the op does. Times are medians, on two threads unless a row says one. "
        "`make bench-compare` measures the pairs again, and the calls beside busy programs, and, "
        "on the same processor, fails where a ratio fell; `make instructions-compare` "
        "does so for the instructions of the C++ loops, which callgrind counts. While measuring, "
        "freed memory stays with the process, for the ops and their baselines alike "
        "(`bench/memory.py`).\n",
        "## The machines\n",
        "Of several versions, the tables beside busy programs, and of photographs a second, are of "
        "the last. The host of the AMD EPYC of family 25, model 1, had other work: small calls "
        "there, which are Python's, vary by a factor of two.\n",
        *machine_table(machines),
        "\n## Targets\n",
        "An op and a baseline in alternation, in one process: the median, and in brackets the "
        "first and third quartile, over the pairs of samples. The baseline of an op's Python "
        "function is the bare op.\n",
        "![How many times as fast as each baseline the ops are](benchmarks.png)\n",
        *pairs_table(compared),
        *explanations(pairs),
        "\n## How far from the memory bound\n",
        "The op, and PyTorch moving the bytes that the op has to move (`bench/memory_bounds.py`), "
        "likewise in alternation. What is above that bound is arithmetic, or bytes that come in no "
        "simple order; the files of `csrc/cpu` begin with what each op computes.\n",
        *memory_bounds_table(bounds),
        "\n## Beside busy programs\n",
        load_introduction(),
        "![Medians and 99th percentiles beside busy programs](benchmarks_load.png)",
        *(line for name, load in loads.items() for line in load_table(name, load)),
        *(line for name, load in loads.items() for line in limits_table(name, load)),
        "\n## Photographs a second\n",
        pipeline_introduction(),
        *pipeline_tables(results["pipeline"]),
        "\n## From photographs to result files\n",
        *pipeline_table(pipelines),
        "\n## Every op\n",
        "Each group is one op on one input; in brackets, how many times as long as the native "
        "op.\n",
        *group_table(suites),
        "",
    ])  # fmt: skip


def split(results: Results, condition: Any) -> tuple[Results, Results]:
    """The pairs of each processor of which a condition holds, and the others."""
    found: tuple[Results, Results] = ({}, {})
    for name, result in results.items():
        for i, holds in enumerate((True, False)):
            rows = result["pairs"].items()
            found[i][name] = {pair: row for pair, row in rows if condition(row) is holds}
    return found


def names(tables: Iterable[dict[str, Any]]) -> list[str]:
    """The rows of all columns, in the order of the first that has them."""
    return list(dict.fromkeys(name for table in tables for name in table))


def machines_of(results: dict[str, Results]) -> dict[str, dict[str, str]]:
    """What each processor's results say of the machine: all versions, where these differ."""
    found: dict[str, dict[str, list[str]]] = {}
    for kind in KINDS:
        for name, result in results[kind].items():
            for row, value in result["machine"].items():
                values = found.setdefault(name, {}).setdefault(row, [])
                if value not in values:
                    values.append(value)
    return {
        name: {row: ", ".join(values) for row, values in rows.items()}
        for name, rows in found.items()
    }


def machine_table(machines: dict[str, dict[str, str]]) -> list[str]:
    rows = names(machines.values())
    cells = (
        " | ".join(machine.get(row, "not measured") for machine in machines.values())
        for row in rows
    )
    return [
        "| |" + " |" * len(machines),
        "|---|" + "---|" * len(machines),
        *(f"| {row} | {cell} |" for row, cell in zip(rows, cells, strict=True)),
    ]


def pairs_table(pairs: Results) -> list[str]:
    lines = [
        "| pair | target |" + "".join(f" {name}: ours | baseline | measured |" for name in pairs),
        "|---|---|" + "---:|---:|---:|" * len(pairs),
    ]
    rows = {name: [result.get(name) for result in pairs.values()] for name in names(pairs.values())}
    first = {name: next(row for row in found if row) for name, found in rows.items()}
    for name in sorted(rows, key=lambda name: first[name]["target"] is None):
        measure, target = first[name]["measure"], first[name]["target"]
        sign = "at least " if "times" in measure else "at most "
        wanted = "" if target is None else sign + amount(target, measure)
        cells = "".join(pair_cells(row) for row in rows[name])
        lines.append(f"| {name.removesuffix(f', {measure}')} | {wanted} |{cells}")
    return lines


def pair_cells(row: dict[str, Any] | None) -> str:
    if row is None:
        return " | | not measured |"
    measure = row["measure"]
    verdict = {True: ": met", False: ": **missed**", None: ""}[row["met"]]
    baseline = "" if measure == "us" else duration(row["baseline"])
    quartiles = " to ".join(amount(value, measure) for value in row["quartiles"])
    measured = f"{amount(row['median'], measure)} ({quartiles}){verdict}"
    return f" {duration(row['ours'])} | {baseline} | {measured} |"


def is_memory_bound(row: dict[str, Any]) -> bool:
    return row["measure"] == "times as long"


def is_pipeline(group: str) -> bool:
    return group.startswith("pipeline")


def memory_bounds_table(pairs: Results) -> list[str]:
    lines = [
        "| op |" + "".join(f" {name}: native | bound | times as long |" for name in pairs),
        "|---|" + "---:|---:|---:|" * len(pairs),
    ]
    for name in names(pairs.values()):
        cells = []
        for result in pairs.values():
            row = result.get(name)
            cells += ["", "", "not measured"] if row is None else [
                duration(row["ours"]), duration(row["baseline"]), factor(row["median"])
            ]  # fmt: skip
        lines.append(f"| {name.partition(':')[0]} | {' | '.join(cells)} |")
    return lines


def explanations(pairs: Results) -> list[str]:
    """A paragraph for the targets that one processor missed for one reason."""
    known = {pair.key: pair for pair in all_pairs()}
    bounds = {pair.group.name: key for key, pair in known.items() if pair.baseline == MEMORY_BOUND}
    missed: dict[tuple[str, str], list[str]] = {}
    for processor, result in pairs.items():
        rows = result["pairs"]
        for key in (key for key, row in rows.items() if row["met"] is False):
            pair = known.get(key)  # None: results of before may have pairs that are gone
            bound = rows.get(bounds.get(pair.group.name)) if pair else None
            sentences = [pair.reason] if pair and pair.reason else []
            sentences += [beside_memory_bound(rows[key], bound)] if bound else []
            reason = " ".join(sentences) or "Not explained yet."
            missed.setdefault((processor, reason), []).append(key)
    return [
        f"\nMissed on {processor}: {'; '.join(names)}. {reason}"
        for (processor, reason), names in missed.items()
    ]


def beside_memory_bound(row: dict[str, Any], bound: dict[str, Any]) -> str:
    """How far a ratio's target and its op are from what moving the op's bytes takes."""
    wanted = row["baseline"] / row["target"] / bound["baseline"]
    return (
        f"A call that meets the target takes {factor(wanted)} times as long as moving the bytes, "
        f"the op {factor(bound['median'])} times as long."
    )


def pipeline_table(pipelines: Results) -> list[str]:
    lines = [
        f"| run | people | {' | '.join(STAGES)} | crop, decode and nms |",
        f"|---|---:|{'---:|' * (len(STAGES) + 1)}",
    ]
    for processor, groups in pipelines.items():
        for name, runs in groups.items():
            run = runs["native"]
            stages = [duration(run["stages"][stage]) for stage in STAGES]
            lines.append(
                f"| {name}, {processor} | {run['people']} | {' | '.join(stages)} "
                f"| {run['percent_in_the_ops']} % |"
            )
    if len(lines) == 2:
        return ["Not measured: the networks were not there."]
    return lines


def group_table(suites: Results) -> list[str]:
    lines = [
        "| group | run |" + "".join(f" {name} |" for name in suites),
        "|---|---|" + "---:|" * len(suites),
    ]
    for name in names(suite["groups"] for suite in suites.values()):
        if is_pipeline(name):
            continue
        columns = [suite["groups"].get(name, {}) for suite in suites.values()]
        for i, run in enumerate(names(columns)):
            cells = "".join(f" {group_cell(column, run)} |" for column in columns)
            lines.append(f"| {'' if i else name} | {run} |{cells}")
    return lines


def group_cell(runs: dict[str, Any], run: str) -> str:
    if run not in runs:
        return "not measured"
    median, native = runs[run]["median"], runs.get("native", {}).get("median")
    times = f" ({factor(median / native)})" if native and run != "native" else ""
    return duration(median) + times


if __name__ == "__main__":
    main()
