"""The threads that the ops on tensors run on: as many as torch.get_num_threads() says."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

import rmpe_ext
from tests.numpy.test_threads import run

LARGE = """
import os, sys, torch, rmpe_ext
maps = torch.randn(64, 17, 64, 48, generator=torch.Generator().manual_seed(0))
decode = rmpe_ext.decode
def threads():
    return len(os.listdir("/proc/self/task"))
"""


@pytest.fixture(autouse=True)
def same_number_afterward():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def calls():
    """Calls of ops that share their work, each with enough of it."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(40, 17, 64, 48, generator=generator)
    images = torch.randint(0, 256, (2, 480, 640, 3), dtype=torch.uint8, generator=generator)
    matrices = torch.tensor([[[0.5, 0.1, 0], [0.1, 0.5, 0]]]).repeat(2, 1, 1)
    theta = matrices[:1].repeat(40, 1, 1).requires_grad_()
    poses = torch.rand(3000, 17, 2, generator=generator) * 100
    scores, boxes = poses[:, :, 0] / 100, poses[:, :2].reshape(-1, 4)
    image_index = torch.arange(3000) % 500

    def gradients():
        leaf = maps.clone().requires_grad_()
        rmpe_ext.affine_sample(leaf, theta, (64, 48)).square().sum().backward()
        gradient, theta.grad = theta.grad, None
        return leaf.grad, gradient

    return [
        lambda: rmpe_ext.decode(maps),
        lambda: rmpe_ext.decode(maps, convention="dark"),
        lambda: (rmpe_ext.soft_argmax(maps),),
        lambda: (rmpe_ext.crop(images, matrices, (256, 192)),),
        lambda: (rmpe_ext.affine_sample(maps, theta.detach(), (64, 48)),),
        gradients,
        lambda: (rmpe_ext.pose_similarity(poses[:200], scores[:200], boxes[:200]),),
        lambda: rmpe_ext.pose_nms(poses, scores, boxes, image_index=image_index),
    ]


@pytest.mark.parametrize("count", [2, 3, 16])
def test_results_do_not_depend_on_their_number(count):
    for call in calls():
        torch.set_num_threads(1)
        alone = call()
        torch.set_num_threads(count)
        for a, b in zip(call(), alone, strict=True):
            assert torch.equal(a, b)


def test_many_callers_at_once():
    maps = torch.randn(16, 17, 64, 48, generator=torch.Generator().manual_seed(0))
    torch.set_num_threads(1)
    expected = rmpe_ext.decode(maps)

    def call(seed):
        torch.set_num_threads(1 + seed % 5)
        for _ in range(20):
            for a, b in zip(rmpe_ext.decode(maps), expected, strict=True):
                assert torch.equal(a, b)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(24)))


def test_the_number_is_that_of_torch():
    """A change takes effect; threads start when there is enough to do, and none else does."""
    code = (
        LARGE
        + """
torch.set_num_threads(1)
decode(maps)
before = threads()
torch.set_num_threads(3)
decode(maps[:1])
print(threads() - before)
decode(maps)
print(threads() - before)
torch.set_num_threads(5)
decode(maps)
print(threads() - before)
"""
    )
    assert run(code).split() == ["0", "2", "4"]


def test_a_forked_process_computes():
    """Also where the process forks while another of its threads is in the middle of a call."""
    code = (
        LARGE
        + """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, for forking with threads
torch.set_num_threads(4)
expected, _ = decode(maps)
stop = threading.Event()
def calls():
    while not stop.is_set():
        decode(maps)
caller = threading.Thread(target=calls)
caller.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        before = threads()
        same = all((decode(maps)[0] == expected).all() for _ in range(3))
        os._exit(0 if same and threads() > before else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
caller.join()
"""
    )
    run(code)
