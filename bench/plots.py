"""The plots of docs/benchmarks.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from bench.load_report import FEWEST, rival  # noqa: E402
from bench.loads import BUSY  # noqa: E402
from bench.numbers import factor  # noqa: E402

__all__ = ["loads", "ratios"]

PROCESSORS = ("#4878a8", "#e09040", "#60a060", "#a070b0")  # a color for each
RUNS = {"rival": "#d04030", "native, 1 thread": "#909090", "native": "#4878a8"}


def ratios(results: dict[str, Any], path: Path) -> None:
    """A bar for each pair and processor that has a ratio, its target as a mark."""
    pairs = {
        processor: {
            name.removesuffix(", times as fast"): row
            for name, row in result["pairs"].items()
            if row["measure"] == "times as fast"
        }
        for processor, result in results.items()
    }
    names = list(dict.fromkeys(name for rows in pairs.values() for name in rows))[::-1]
    height = 0.62 / len(pairs)
    figure, axes = plt.subplots(
        figsize=(11, (0.16 + 0.14 * len(pairs)) * len(names) + 1.2), layout="constrained"
    )
    for number, (processor, rows) in enumerate(pairs.items()):
        offset = ((len(pairs) - 1) / 2 - number) * height
        places = {name: place + offset for place, name in enumerate(names) if name in rows}
        values = [rows[name]["median"] for name in places]
        color = PROCESSORS[number % len(PROCESSORS)]
        axes.barh(list(places.values()), values, color=color, height=height, label=processor)
        for name, place in places.items():
            weight = "bold" if rows[name]["met"] is False else "normal"
            axes.text(1.01, place, factor(rows[name]["median"]), va="center", fontsize=8,
                      transform=axes.get_yaxis_transform(), weight=weight)  # fmt: skip
    every = [(name, row) for rows in pairs.values() for name, row in rows.items()]
    targets = {name: row["target"] for name, row in every if row["target"]}
    axes.plot(list(targets.values()), [names.index(name) for name in targets], "|", label="target",
              color="#d04030", markersize=11, markeredgewidth=2)  # fmt: skip
    medians = [row["median"] for _, row in every]
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, *medians) * 0.9, max(medians) * 1.5)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlabel("times as fast as the baseline (both may use two threads)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=1 + len(pairs), frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def loads(results: dict[str, Any], path: Path) -> None:
    """From the median to the 99th percentile of each op and its rival: a panel a processor."""
    names = list(dict.fromkeys(name for result in results.values() for name in result["groups"]))
    figure, panels = plt.subplots(
        1, len(results), figsize=(4 + 4 * len(results), 0.62 * len(names) + 1.2),
        layout="constrained", sharey=True, squeeze=False,
    )  # fmt: skip
    places = {name: place for place, name in enumerate(reversed(names))}
    for axes, (processor, result) in zip(panels[0], results.items(), strict=True):
        _calls(axes, places, result["groups"])
        axes.set_title(processor, fontsize=9)
    figure.supxlabel(
        f"ms, from the median (dot) to the 99th percentile, of {FEWEST} calls or more; "
        f"busy programs, from the top of each op: {', '.join(BUSY)}",
        fontsize=9,
    )
    handles = panels[0][0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=len(RUNS), frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _calls(axes: Any, places: dict[str, int], groups: dict[str, Any]) -> None:
    """A line for each op, number of busy programs and run, with a dot at the median."""
    labels: dict[str, None] = dict.fromkeys(RUNS)
    for name, cases in groups.items():
        busy = [load for load in BUSY if load in cases]
        for number, load in enumerate(busy):
            runs = cases[load]
            for shift, (kind, color) in enumerate(RUNS.items()):
                row = runs[rival(runs) if kind == "rival" else kind]
                y = places[name] + 0.36 - (0.8 * number + 0.2 * shift) / len(busy)
                label = kind if kind in labels else None
                labels.pop(kind, None)
                if row["calls"] >= FEWEST:
                    axes.plot([row["median"] / 1e3, row["p99"] / 1e3], [y, y], color=color, lw=1.1)
                axes.plot([row["median"] / 1e3], [y], "o", color=color, ms=2.5, label=label)
    axes.set_yticks(list(places.values()), list(places), fontsize=7)
    axes.set_xscale("log")
    axes.set_ylim(-0.6, len(places) - 0.4)
    axes.grid(axis="x", linewidth=0.3)
    axes.spines[["top", "right"]].set_visible(False)
