"""What the document of the benchmarks says of whole runs, from pipeline.json."""

from __future__ import annotations

from typing import Any

from bench.numbers import factor
from bench.pipeline import shares

__all__ = ["pipeline_introduction", "pipeline_tables"]


def pipeline_introduction() -> str:
    return (
        "`python -m bench.pipeline --write`: what `rmpe infer --threshold 0.4` does with 79 "
        "photographs, networks loaded, by the threads that compute and those that read; in "
        "brackets, the time of processors that a photograph takes. The first split is the default."
    )


def pipeline_tables(pipelines: dict[str, Any]) -> list[str]:
    if not pipelines:
        return ["\nNot measured yet."]
    return [line for name, result in pipelines.items() for line in pipeline_table(name, result)]


def pipeline_table(processor: str, result: dict[str, Any]) -> list[str]:
    splits = result["splits"]
    loads = list(next(iter(splits.values()))["loads"])
    best = {
        load: max(split["loads"][load]["photographs a second"] for split in splits.values())
        for load in loads
    }
    lines = [
        f"\n{processor}, busy programs: {', '.join(loads)}; the load average before was "
        f"{result['load_average']}, by other programs.\n",
        f"| compute | read | {' | '.join(loads)} |",
        f"|---:|---:|{'---:|' * len(loads)}",
    ]
    for split in splits.values():
        cells = (rate(split["loads"][load], best[load]) for load in loads)
        lines.append(f"| {split['threads']} | {split['workers']} | {' | '.join(cells)} |")
    default = next(iter(splits.values()))["loads"]
    lines.append("\nWhere the default's time goes, in seconds of the loop:\n")
    lines += [
        f"- busy programs: {load}: {default[load]['seconds']} in all: "
        f"{shares(default[load]['stages'])}"
        for load in loads
    ]
    return lines


def rate(found: dict[str, Any], best: float) -> str:
    value = found["photographs a second"]
    text = f"**{factor(value)}**" if value == best else factor(value)
    return f"{text} ({found['ms of processors']} ms)"
