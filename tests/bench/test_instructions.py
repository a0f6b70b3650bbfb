"""The guard that compares instruction counts, without counting any."""

import json

import pytest

from bench.instructions import count

ENVIRONMENT = {"compiler": "GNU 12.2.0", "dispatch": "x86-64-v3"}


@pytest.fixture(autouse=True)
def baseline(tmp_path, monkeypatch):
    monkeypatch.setattr(count, "BASELINE", tmp_path / "baseline.json")
    counts = {"environment": ENVIRONMENT, "instructions": {"crop": 1000}}
    count.BASELINE.write_text(json.dumps(counts))


@pytest.mark.parametrize(("instructions", "status"), [(900, 0), (1030, 0), (1031, 1)])
def test_over_three_percent_more_fails(instructions, status):
    now = {"environment": ENVIRONMENT, "instructions": {"crop": instructions}}
    assert count.compare(now) == status


def test_a_loop_without_a_baseline_fails(capsys):
    now = {"environment": ENVIRONMENT, "instructions": {"crop": 1000, "decode": 10}}
    assert count.compare(now) == 1
    assert "decode" in capsys.readouterr().out


def test_another_compiler_is_not_compared_and_says_so(capsys):
    now = {"environment": ENVIRONMENT | {"compiler": "GNU 13"}, "instructions": {"crop": 9999}}
    assert count.compare(now) == 0
    assert "compiler is GNU 13, the baseline's was GNU 12.2.0" in capsys.readouterr().out


def test_the_committed_baseline_names_what_it_depends_on(monkeypatch):
    monkeypatch.undo()
    committed = json.loads(count.BASELINE.read_text())
    assert {"compiler", "dispatch", "glibc", "valgrind"} <= committed["environment"].keys()
    assert all(value > 0 for value in committed["instructions"].values())
