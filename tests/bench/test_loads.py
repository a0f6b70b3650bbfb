"""Busy programs and limits: that they are there, and gone afterwards."""

import os
import time
from pathlib import Path

import pytest

from bench import loads
from rmpe_ext.processors import usable_processors


def children():
    found = set()
    for line in (Path("/proc") / p / "stat" for p in os.listdir("/proc") if p.isdecimal()):
        try:
            state, parent = line.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.add(int(line.parent.name))
    return found


def test_busy_programs_compute_on_their_cores_and_end():
    before, cores = children(), os.cpu_count()
    with loads.busy(cores + 1):
        started = children() - before
        placed = sorted(min(os.sched_getaffinity(process)) for process in started)
        assert placed == sorted([*range(cores), 0])
    assert children() == before


def test_a_limit_holds_back_all_threads_of_the_process_until_it_ends():
    groups = Path("/proc/self/cgroup").read_text()
    try:
        with loads.limited(0.01) as group:
            assert usable_processors() == 1
            end = time.thread_time() + 0.01  # as much as it has in ten periods
            while time.thread_time() < end:
                pass
            statistics = dict(map(str.split, (group / "cpu.stat").read_text().splitlines()))
    except loads.LimitRefusedError as refused:
        pytest.skip(str(refused))
    assert int(statistics["nr_throttled"]) > 0
    assert Path("/proc/self/cgroup").read_text() == groups
    assert not group.exists()


def test_the_nearest_group_that_lets_its_parts_be_limited_is_taken(tmp_path):
    folder = tmp_path / "user/session"
    folder.mkdir(parents=True)
    (folder / "cgroup.subtree_control").write_text("memory\n")
    with pytest.raises(loads.LimitRefusedError, match="no group above .*session lets its parts"):
        loads._nearest_that_limits(folder)
    (tmp_path / "cgroup.subtree_control").write_text("cpuset memory cpu\n")
    assert loads._nearest_that_limits(folder) == tmp_path


def test_without_control_groups_it_says_so(monkeypatch):
    monkeypatch.setattr(loads, "group_folders", lambda controller: iter(()))
    with pytest.raises(loads.LimitRefusedError, match="shows no control groups"), loads.limited(1):
        pass
