"""How much memory is free."""

import os
import subprocess
import sys

import pytest
import torch

from rmpe import system_memory
from rmpe.system_memory import free_memory

GIB = 1 << 30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system with 16 GiB available; gives a function that writes one of its files."""
    monkeypatch.setattr(system_memory, "_ROOT", tmp_path)

    def write(name, *lines):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))

    write("proc/meminfo", "MemTotal: 99 kB", "MemFree: 1 kB", f"MemAvailable: {16 << 20} kB")
    return write


@pytest.fixture(params=[1, 2])
def limit(request, system):
    """A process in the group app/worker of either version; gives a function that limits a group."""
    if request.param == 1:
        system("proc/self/cgroup", "5:devices:/", "4:cpu,memory:/app/worker", "0::/")
    else:
        system("proc/self/cgroup", "0::/app/worker")

    def set_limit(group, most, used, dropped=0):
        folder = "sys/fs/cgroup" if request.param == 2 else "sys/fs/cgroup/memory"
        folder = f"{folder}/{group}"
        if request.param == 2:
            system(f"{folder}/memory.max", most)
            system(f"{folder}/memory.current", used)
            system(f"{folder}/memory.stat", "anon 7", "active_file 5", f"inactive_file {dropped}")
        else:
            system(f"{folder}/memory.limit_in_bytes", most)
            system(f"{folder}/memory.usage_in_bytes", used)
            system(f"{folder}/memory.stat", "inactive_file 1", f"total_inactive_file {dropped}")

    return set_limit


def test_this_system():
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < free_memory() < total


def test_what_the_system_has_available_is_free(system):
    assert free_memory() == 16 * GIB


def test_of_a_limit_what_is_not_used_is_free(limit):
    limit("app/worker", 3 * GIB, used=GIB)
    assert free_memory() == 2 * GIB


def test_files_that_the_kernel_would_drop_are_free(limit):
    limit("app/worker", 3 * GIB, used=2 * GIB, dropped=GIB)
    assert free_memory() == 2 * GIB


def test_the_group_above_has_a_limit_too(limit):
    limit("app/worker", 3 * GIB, used=GIB)
    limit("app", 4 * GIB, used=3 * GIB)
    assert free_memory() == GIB


def test_groups_of_others_do_not_matter(limit):
    limit("app/other", GIB, used=0)
    limit("elsewhere", GIB, used=0)
    assert free_memory() == 16 * GIB


def test_in_a_container_the_path_of_the_group_may_be_that_outside(limit):
    limit("", 2 * GIB, used=GIB)
    assert free_memory() == GIB


def test_a_limit_above_what_the_system_has_is_none(limit):
    limit("app/worker", 2**63 - 4096, used=GIB)
    assert free_memory() == 16 * GIB


def test_nothing_is_left_of_a_limit_that_is_exceeded(limit):
    limit("app/worker", GIB, used=2 * GIB)
    assert free_memory() == 0


def test_a_group_without_a_limit(system):
    system("proc/self/cgroup", "0::/app")
    system("sys/fs/cgroup/app/memory.max", "max")
    assert free_memory() == 16 * GIB


def test_a_limit_on_something_else_than_memory(system):
    system("proc/self/cgroup", "3:hugetlb:/app")
    system("sys/fs/cgroup/memory/app/memory.limit_in_bytes", 1)
    system("sys/fs/cgroup/memory/app/memory.usage_in_bytes", 1)
    system("sys/fs/cgroup/memory/app/memory.stat")
    assert free_memory() == 16 * GIB


def test_statistics_that_do_not_tell_of_files(limit, system):
    limit("app/worker", 2 * GIB, used=GIB)
    system("sys/fs/cgroup/app/worker/memory.stat", "anon 7")
    system("sys/fs/cgroup/memory/app/worker/memory.stat", "rss 7")
    assert free_memory() == GIB


def test_on_a_gpu_both_memories_count(system, monkeypatch):
    free = {torch.device("cuda"): 5 * GIB, torch.device("cuda:1"): 70 * GIB}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[device], 80 * GIB))
    assert free_memory("cuda") == 5 * GIB
    assert free_memory("cuda:1") == 16 * GIB
    assert free_memory("cpu") == 16 * GIB


def test_where_nothing_says_what_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(system_memory, "_ROOT", tmp_path)
    assert free_memory() is None


def test_asking_about_the_cpu_does_not_import_torch():
    code = "import sys, rmpe.system_memory as m; m.free_memory(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
