"""The ops beside busy programs: what is measured and compared, not how long it takes."""

import json
import time
from contextlib import nullcontext

import pytest
import torch

from bench import load, machine
from bench.group import NATIVE, Group
from bench.load_cases import Case, cases
from bench.loads import LimitRefusedError


def test_every_op_has_a_case():
    import rmpe_ext.numpy

    functions = {name for name in dir(rmpe_ext.numpy) if callable(getattr(rmpe_ext.numpy, name))}
    measured = {case.group.name.split(",")[0].split()[0] for case in cases()}
    assert functions - measured <= {"get_num_threads", "set_num_threads", "PoseNMS"}


def test_every_case_has_its_runs_and_gives_the_same_on_arrays():
    names = [case.group.name for case in cases()]
    assert len(names) == len(set(names))
    for case in cases():
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

    def run(name):
        def call():
            count = torch.get_num_threads()
            if not seen or seen[-1] != (name, count):
                seen.append((name, count))

        return call

    group = Group("nothing", tuple, {NATIVE: run("native"), "rival": run("rival")}, threads=3)
    rows = load.measure(Case(group, run("arrays"), "rival"), seconds=0.0)
    assert list(rows) == [NATIVE, load.ALONE, load.NUMPY, "rival"]
    assert seen == [("native", 3), ("native", 1), ("arrays", 3), ("rival", 3)]
    assert all(row["p99"] >= row["median"] > 0 for row in rows.values())


def test_intervals_are_wide_where_turns_differ():
    alike = load.summary([[1e-5] * 49 + [9e-5]] * 20)
    assert alike["median_low"] == alike["median"] == alike["median_high"] == 10.0
    assert alike["p99"] == alike["p99_low"] == alike["p99_high"] == 90.0
    assert alike["calls"] == 1000 and alike["mean"] == 11.6
    # Half of the turns ran beside something else.
    mixed = load.summary([[1e-5] * 50] * 11 + [[3e-5] * 50] * 9)
    assert mixed["median"] == mixed["median_low"] == 10.0 and mixed["median_high"] == 30.0
    one = load.summary([[1e-5, 2e-5, 6e-5]])
    assert (one["median"], one["median_low"], one["p99_high"]) == (20.0, 20.0, 60.0)


def test_a_slow_rival_leaves_time_for_the_calls_of_others():
    runs = {NATIVE: lambda: time.sleep(load.TURN), "rival": lambda: time.sleep(10 * load.TURN)}
    rows = load.measure(Case(Group("nothing", tuple, runs), None, "rival"), 100 * load.TURN)
    assert rows["rival"]["calls"] == 1 < rows[NATIVE]["calls"]


def test_slow_calls_are_fewer_in_a_turn():
    assert load.calls_in_a_turn(lambda: time.sleep(load.TURN), ()) == 1
    assert load.calls_in_a_turn(lambda: None, ()) == load.MOST_CALLS


def row(median, p99):
    return {"median": median, "p99": p99}


CASE = Case(Group("decode", tuple, {NATIVE: len, "rival": len}), None, "rival")
# Twice as fast as the rival; the slowest calls as slow as on one thread.
FAST = {NATIVE: row(10.0, 20.0), load.ALONE: row(15.0, 20.0), "rival": row(20.0, 90.0)}


@pytest.fixture
def committed(tmp_path, monkeypatch):
    """Writes committed results of `FAST` beside one busy program; no program is started."""
    monkeypatch.setattr(machine, "RESULTS", tmp_path)
    monkeypatch.setattr(load, "LOADS", dict.fromkeys(load.LOADS, nullcontext))

    def write(about):
        path = tmp_path / machine.folder_name(about) / "load.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"machine": about, "groups": {"decode": {"one": FAST}}}))

    return write


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (FAST, 0),
        (FAST | {"rival": row(15.1, 90.0)}, 0),
        (FAST | {"rival": row(14.9, 90.0)}, 1),
        (FAST | {NATIVE: row(10.0, 39.0)}, 0),
        (FAST | {NATIVE: row(10.0, 41.0)}, 1),
    ],
)
def test_compare_fails_where_a_ratio_fell_below_the_tolerance(committed, monkeypatch, now, status):
    committed(machine.machine())
    measured = []
    monkeypatch.setattr(load, "measure", lambda *_: measured.append(1) or now)
    assert load.compare([CASE], 0.0) == status
    assert len(measured) == (3 if status else 1)


def test_compare_only_informs_on_another_processor(committed, monkeypatch, capsys):
    committed(machine.machine() | {"processor": "an abacus (family 1, model 2)"})
    monkeypatch.setattr(load, "measure", lambda *_: FAST | {"rival": row(1.0, 1.0)})
    assert load.compare([CASE], 0.0) == 0
    assert "no failure" in capsys.readouterr().out


def test_a_load_that_the_system_refuses_is_named(monkeypatch):
    def refuse():
        raise LimitRefusedError("the system shows no control groups of processors")

    monkeypatch.setattr(load, "LOADS", {"none": nullcontext, "0.5 CPUs": refuse})
    monkeypatch.setattr(load, "measure", lambda *_: FAST)
    result = load.measure_all([CASE], 0.0)
    assert result["groups"] == {"decode": {"none": FAST}}
    assert result["refused"] == {"0.5 CPUs": "the system shows no control groups of processors"}
