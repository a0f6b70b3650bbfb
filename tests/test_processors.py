"""How many processors a process may keep busy, by what the system says."""

import os

import pytest

from rmpe_ext import processors


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A process in the group app/worker, on 8 processors; gives a function that limits a group."""
    monkeypatch.setattr(processors, "_ROOT", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    return write


@pytest.fixture(params=[1, 2])
def limit(request, system):
    if request.param == 1:
        system("proc/self/cgroup", "5:devices:/\n4:cpu,cpuacct:/app/worker\n0::/")
    else:
        system("proc/self/cgroup", "0::/app/worker")

    def set_limit(group, quota, period=100_000):
        if request.param == 1:
            folder = f"sys/fs/cgroup/cpu/{group}"
            system(f"{folder}/cpu.cfs_quota_us", "-1" if quota is None else str(quota))
            system(f"{folder}/cpu.cfs_period_us", str(period))
        else:
            value = "max" if quota is None else quota
            system(f"sys/fs/cgroup/{group}/cpu.max", f"{value} {period}")

    return set_limit


@pytest.mark.parametrize(
    ("quota", "count"),
    [(None, 8), (400_000, 4), (150_000, 2), (50_000, 1), (1_000, 1), (10_000_000, 8)],
)
def test_a_limit_of_time_is_rounded_up_to_whole_processors(limit, quota, count):
    limit("app/worker", quota)
    assert processors.usable_processors() == count


def test_the_limits_of_groups_above_hold_too(limit):
    limit("app/worker", None)
    limit("app", 300_000)
    assert processors.usable_processors() == 3
    limit("app/worker", 40_000, period=20_000)
    assert processors.usable_processors() == 2


def test_in_a_container_only_the_mount_may_be_there(limit):
    limit("", 200_000)
    assert processors.usable_processors() == 2


def test_without_limits_all_processors_that_it_may_run_on_count(system, monkeypatch):
    assert processors.usable_processors() == 8  # there is no proc
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert processors.usable_processors() == 5
