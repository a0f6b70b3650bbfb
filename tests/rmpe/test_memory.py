"""How much memory is free, and the size of batches that is chosen by it."""

import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmpe import memory
from rmpe.errors import ModelError
from rmpe.inputs.prefetch import READ_BYTES
from rmpe.memory import BatchLimits, choose_batch, choose_call, free_memory
from rmpe.models.build import load_detector, load_pose
from rmpe.models.read import load_card

MIB = 1 << 20
GIB = 1 << 30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system with 16 GiB available; gives a function that writes one of its files."""
    monkeypatch.setattr(memory, "_ROOT", tmp_path)

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


@pytest.fixture
def free(monkeypatch):
    """Gives a function that says how much memory is free, everywhere."""

    def set_free(amount):
        monkeypatch.setattr(memory, "free_memory", lambda device: amount)

    return set_free


def test_with_plenty_of_memory_a_batch_is_as_large_as_is_of_use(free, monkeypatch):
    free(1000 * GIB)
    for threads, images in [(1, 4), (2, 8), (16, 64)]:
        monkeypatch.setattr(torch, "get_num_threads", lambda count=threads: count)
        assert choose_batch("cpu") == BatchLimits(images, READ_BYTES, 1000 * GIB)
    assert choose_batch("cuda") == BatchLimits(64, READ_BYTES, 1000 * GIB)


def test_with_less_memory_it_is_smaller(free):
    free(GIB)
    assert choose_batch("cuda") == BatchLimits(21, 64 * MIB, GIB)
    free(GIB // 4)
    assert choose_batch("cuda") == BatchLimits(5, 16 * MIB, GIB // 4)


def test_without_memory_it_is_one_image(free):
    free(0)
    assert choose_batch("cpu") == BatchLimits(1, 1, 0)
    assert choose_call(load_card("ssd300_vgg16"), "cuda") == 1


def test_where_nothing_says_what_is_free_it_is_as_large_as_is_of_use(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert free_memory() is None
    assert choose_batch("cuda") == BatchLimits(64, READ_BYTES, None)
    assert choose_call(load_card("ssd300_vgg16"), "cuda") == 64


@given(st.integers(64 * MIB, 100 * GIB), st.integers(0, GIB))
def test_more_memory_makes_no_smaller_batch_and_half_of_it_is_enough(amount, more):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "free_memory", lambda device: amount)
        small = choose_batch("cuda")
        patch.setattr(memory, "free_memory", lambda device: amount + more)
        large = choose_batch("cuda")
    assert 1 <= small.images <= large.images
    assert small.pixel_bytes <= large.pixel_bytes
    assert small.images * memory._IMAGE_BYTES + 4 * small.pixel_bytes <= amount / 2


def test_a_network_call_on_a_gpu_is_smaller_where_its_items_are_larger(free):
    names = ("ssd300_vgg16", "hourglass8_mpii16", "simplepose_coco17")
    free(80 * GIB)
    assert [choose_call(load_card(name), "cuda") for name in names] == [64, 64, 64]
    free(4 * GIB)
    assert [choose_call(load_card(name), "cuda") for name in names] == [15, 21, 28]


def test_a_network_call_on_a_cpu_is_as_the_card_says(free):
    free(0)
    assert choose_call(load_card("ssd300_vgg16"), "cpu") == 4
    assert choose_call(load_card("simplepose_coco17"), torch.device("cpu")) == 1


@pytest.mark.parametrize(
    ("load", "name", "items"),
    [
        (load_pose, "simplepose_coco17", 7),
        (load_detector, "ssd_mobilenet_v1_coco", 3),
    ],
)
def test_networks_are_loaded_with_it(models_dir, free, monkeypatch, load, name, items):
    asked = {}

    def stop(*arguments, **options):
        asked.update(options)
        raise ModelError("no such device")

    monkeypatch.setattr("rmpe.models.build.OnnxNetwork", stop)
    free(GIB)
    for device, batch_size in [("cpu", 1), ("cuda", items)]:
        with pytest.raises(ModelError):
            load(name, device=device, models_dir=models_dir)
        assert asked["batch_size"] == batch_size


def test_what_is_shown():
    assert (
        str(BatchLimits(5, 16 * MIB, GIB // 4))
        == "up to 5, or 16 MiB of pixels (0.2 GiB of memory free)"
    )
