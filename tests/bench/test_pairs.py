"""The guard that compares the ops with their rivals, without measuring anything."""

import json

import pytest

from bench import pairs
from bench.group import NATIVE, Group


def test_every_pair_is_of_two_runs_of_its_group():
    for pair in pairs.pairs():
        assert {NATIVE, pair.rival} <= pair.group.runs.keys(), pair.name


def test_no_two_pairs_share_a_row():
    names = [(pair.name, pair.measure) for pair in pairs.pairs()]
    assert len(names) == len(set(names))


def slept(seconds):
    return lambda: pairs.time.sleep(seconds)


def pair(measure, target):
    runs = {NATIVE: slept(1e-3), "rival": slept(4e-3)}
    return pairs.Pair(Group("sleep", tuple, runs), "rival", target, measure)


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


@pytest.mark.parametrize(("now", "status"), [(10.0, 0), (7.6, 0), (7.4, 1)])
def test_compare_fails_where_a_ratio_fell_below_the_tolerance(tmp_path, monkeypatch, now, status):
    name = "sleep: rival, times as fast"
    baseline = {"machine": {}, "pairs": {name: {"median": 10.0}}}
    monkeypatch.setattr(pairs, "RESULTS", tmp_path / "pairs.json")
    pairs.RESULTS.write_text(json.dumps(baseline))
    monkeypatch.setattr(pairs, "measure", lambda *_: {"median": now})
    assert pairs.compare([pair("times as fast", None)], 0.0, tolerance=0.25) == status
