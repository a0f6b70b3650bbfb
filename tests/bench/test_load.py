"""The ops beside busy programs: what is measured, not how long it takes."""

import os
from pathlib import Path

import torch

from bench import load
from bench.group import NATIVE, Group


def test_every_case_has_its_runs_and_gives_the_same_on_arrays():
    names = [case.group.name for case in load.cases()]
    assert len(names) == len(set(names))
    for case in load.cases():
        assert {NATIVE, case.rival} <= case.group.runs.keys(), case.group.name
        if case.on_arrays is None:
            continue
        inputs = case.group.inputs()
        ours, arrays = case.group.runs[NATIVE](*inputs), case.on_arrays(*inputs)
        first = ours if isinstance(ours, torch.Tensor) else ours[0]
        assert torch.equal(
            first, torch.from_numpy(arrays[0] if isinstance(arrays, tuple) else arrays)
        )


def test_each_run_is_called_in_turn_with_its_threads():
    seen = []

    def run():
        seen.append(torch.get_num_threads())

    group = Group("nothing", tuple, {NATIVE: run, "rival": run}, threads=3)
    rows = load.measure(load.Case(group, run, "rival"), seconds=0.0001)
    assert list(rows) == [NATIVE, load.ALONE, load.NUMPY, "rival"]
    turn = load.CALLS + 1
    assert seen[: 3 * turn] == [3] * turn + [1] * turn + [3] * turn
    assert all(row["calls"] >= load.CALLS and row["p99"] >= row["median"] for row in rows.values())


def test_busy_programs_compute_on_their_cores_and_end():
    def children():
        lines = (Path("/proc") / p / "stat" for p in os.listdir("/proc") if p.isdecimal())
        found = []
        for line in lines:
            try:
                state, parent = line.read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == os.getpid() and state != "Z":
                found.append(int(line.parent.name))
        return found

    before = set(children())
    with load.busy(1):
        (started,) = set(children()) - before
        assert os.sched_getaffinity(started) == {0}
    assert set(children()) == before
