"""The guard that compares the ops with their baselines, without measuring anything."""

import json

import pytest

from bench import machine, pairs
from bench.group import NATIVE, Group
from bench.machine import folder_name


def test_every_pair_is_of_two_runs_of_its_group():
    for pair in pairs.pairs():
        assert {NATIVE, pair.baseline} <= pair.group.runs.keys(), pair.name


def test_no_two_pairs_share_a_row():
    keys = [pair.key for pair in pairs.pairs()]
    assert len(keys) == len(set(keys))


def slept(seconds):
    return lambda: pairs.time.sleep(seconds)


def pair(measure, target):
    runs = {NATIVE: slept(1e-3), "baseline": slept(4e-3)}
    return pairs.Pair(Group("sleep", tuple, runs), "baseline", target, measure)


@pytest.mark.parametrize(
    ("measure", "target", "met"),
    [
        ("times as fast", 2, True),
        ("times as fast", 40, False),
        ("times as fast", None, None),
        ("us more", 0, True),
        ("us", 100_000, True),
        ("us", 500, False),
    ],
)
def test_a_target_is_a_least_ratio_or_a_most_time(measure, target, met):
    assert pairs.measure(pair(measure, target), seconds=0.0)["met"] is met


@pytest.fixture
def committed(tmp_path, monkeypatch):
    """Committed results of one pair, ten times as fast, on this machine."""
    rows = {"sleep: baseline, times as fast": {"median": 10.0}}
    monkeypatch.setattr(machine, "RESULTS", tmp_path)

    def write(machine):
        path = tmp_path / folder_name(machine) / "pairs.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"machine": machine, "pairs": rows}))

    return write


def compare():
    return pairs.compare([pair("times as fast", None)], 0.0, tolerance=0.25)


@pytest.mark.parametrize(("now", "status"), [(10.0, 0), (7.6, 0), (7.4, 1)])
def test_compare_fails_where_a_ratio_fell_below_the_tolerance(committed, monkeypatch, now, status):
    committed(pairs.machine())
    monkeypatch.setattr(pairs, "measure", lambda *_: {"median": now})
    assert compare() == status


def test_compare_only_informs_on_another_processor(committed, monkeypatch, capsys):
    committed(pairs.machine() | {"processor": "an abacus (family 1, model 2)"})
    monkeypatch.setattr(pairs, "measure", lambda *_: {"median": 1.0})
    assert compare() == 0
    printed = capsys.readouterr().out
    assert "it was an abacus (family 1, model 2)" in printed
    assert "1.00 was      10.00 times as fast" in printed
    assert "no failure" in printed


def test_compare_says_what_it_did_not_measure(committed, monkeypatch, capsys):
    def not_installed(*_):
        raise ModuleNotFoundError("No module named 'kornia'", name="kornia")

    committed(pairs.machine())
    monkeypatch.setattr(pairs, "measure", not_installed)
    assert compare() == 0
    printed = capsys.readouterr().out
    assert "not measured, kornia is not installed: sleep: baseline" in printed
    assert "was" not in printed.replace("were", "")


def test_results_of_this_processor_come_before_those_of_others(committed, monkeypatch):
    committed(pairs.machine() | {"processor": "abacus (family 1, model 2)"})
    committed(pairs.machine())
    monkeypatch.setattr(pairs, "measure", lambda *_: {"median": 1.0})
    assert compare() == 1


def test_without_any_results_compare_says_how_to_get_them(committed):
    with pytest.raises(SystemExit, match="there are no pairs.json .*: make bench writes them"):
        compare()


def test_the_results_of_all_pairs_are_not_replaced_by_those_of_some(committed, monkeypatch, capsys):
    committed(pairs.machine())
    path = machine.results_file("pairs.json")
    before = path.read_text()
    monkeypatch.setattr("sys.argv", ["pairs", "--write", "--only", "crop"])
    with pytest.raises(SystemExit) as caught:
        pairs.main()
    assert caught.value.code == 2
    assert "--write replaces the results of all pairs" in capsys.readouterr().err
    assert path.read_text() == before
