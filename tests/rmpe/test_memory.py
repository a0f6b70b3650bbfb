"""The size of batches, chosen by the memory that is free."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmpe import memory, system_memory
from rmpe.errors import ModelError
from rmpe.inputs.prefetch import READ_BYTES
from rmpe.memory import BatchLimits, choose_batch, choose_call
from rmpe.models.build import load_detector, load_pose
from rmpe.models.read import load_card

MIB = 1 << 20
GIB = 1 << 30


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
    monkeypatch.setattr(system_memory, "_ROOT", tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
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
    monkeypatch.setattr("rmpe.models.build._check_device", lambda device: None)
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
