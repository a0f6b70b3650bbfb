"""How a benchmark is run, and what is kept of it: ``--benchmark-json`` writes only that."""

import pytest
import torch

from bench.group import threads
from bench.machine import machine
from bench.memory import keep_freed_memory


def pytest_configure():
    keep_freed_memory()


@pytest.fixture
def measure(benchmark):
    """Time one run of a group."""

    def measure(group, run):
        benchmark.group = group.name
        benchmark.name = run
        inputs, call = group.inputs(), group.runs[run]
        with threads(group.threads):
            torch._dynamo.reset()  # or torch.compile takes another group's sizes for dynamic ones
            try:
                call(*inputs)
            except ModuleNotFoundError as error:
                pytest.skip(f"{error.name} is not installed: make bench installs it")
            benchmark(call, *inputs)

    return measure


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Medians, in microseconds, by group and run."""
    groups = {}
    for row in output_json["benchmarks"]:
        stats = row["stats"]
        groups.setdefault(row["group"], {})[row["name"]] = {
            "median": round(stats["median"] * 1e6, 3),
            "quartiles": [round(stats[name] * 1e6, 3) for name in ("q1", "q3")],
            "rounds": stats["rounds"],
            **row["extra_info"],
        }
    output_json.clear()
    output_json.update(machine=machine(), unit="microseconds", groups=groups)
