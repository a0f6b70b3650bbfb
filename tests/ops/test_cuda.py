"""What CUDA adds to an op: streams, graphs, no waiting; results are those of the CPU.

The other tests of this folder run on CUDA as well, where there is one.
"""

import pytest
import torch
from torch.utils import _pytree as pytree

import rmpe_ext
from tests.ops.cases import CASES, DTYPES

OPS = pytest.mark.parametrize("op", CASES)
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
LIBRARY = pytest.mark.skipif(
    rmpe_ext.backend().cuda_library is None,
    reason="needs the CUDA library, which takes nvcc to build, and a CUDA build of torch",
)


def on_cuda(tensors):
    return pytree.tree_map_only(torch.Tensor, torch.Tensor.cuda, tensors)


def use(op, tensors):
    """The op's results, as a list of tensors."""
    results = CASES[op].call(rmpe_ext, *tensors)
    return list(results) if isinstance(results, tuple) else [results]


def assert_same(have, want):
    """Decisions are equal, numbers up to the rounding of another order of operations."""
    for a, b in zip(have, want, strict=True):
        a = a.cpu()
        assert a.dtype == b.dtype
        if b.is_floating_point():
            eps = torch.finfo(b.dtype).eps
            torch.testing.assert_close(a, b, rtol=16 * eps, atol=64 * eps, equal_nan=True)
        else:
            assert torch.equal(a, b)


@OPS
@LIBRARY
def test_has_a_kernel(op):
    assert getattr(rmpe_ext, op)  # ops are registered on first use
    assert torch._C._dispatch_has_kernel_for_dispatch_key(f"rmpe_ext::{op}", "CUDA")


@OPS
@GPU
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [0, 1, 7, 65])
def test_equals_the_cpu(op, dtype, count):
    try:
        tensors = CASES[op].make(count, dtype)
        want = use(op, tensors)
    except TypeError:
        pytest.skip(f"{op} does not take {dtype}")
    assert_same(use(op, on_cuda(tensors)), want)


@OPS
@GPU
def test_reads_strided_views(op):
    tensors = CASES[op].make(8, torch.float32)
    views = on_cuda(tensors)
    views = [t.repeat_interleave(2, 0)[1::2] for t in views]
    assert_same(use(op, views), use(op, tensors))


@OPS
@GPU
def test_never_waits_for_the_device(op):
    tensors = on_cuda(CASES[op].make(7, torch.float32))
    use(op, tensors)
    torch.cuda.set_sync_debug_mode("error")
    try:
        use(op, tensors)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@OPS
@GPU
def test_a_graph_replays_with_new_data(op):
    first, second = (CASES[op].make(count, torch.float32) for count in (9, 18))
    second = [t[9:] for t in second]
    inputs = [t.clone() for t in on_cuda(first)]
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        use(op, inputs)
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = use(op, inputs)
    for tensors in (first, second):
        for target, source in zip(inputs, tensors, strict=True):
            target.copy_(source)
        graph.replay()
        assert_same(outputs, use(op, tensors))


@OPS
@GPU
def test_runs_on_the_current_stream(op):
    """A long wait before the inputs are right: another stream would read them too early."""
    right = on_cuda(CASES[op].make(9, torch.float32))
    want = use(op, CASES[op].make(9, torch.float32))
    inputs = [torch.zeros_like(t) for t in right]
    torch.cuda.synchronize()
    with torch.cuda.stream(torch.cuda.Stream()):
        torch.cuda._sleep(100_000_000)
        for target, source in zip(inputs, right, strict=True):
            target.copy_(source)
        have = use(op, inputs)
    torch.cuda.synchronize()
    assert_same(have, want)


@LIBRARY
def test_gradients_have_a_kernel():
    assert rmpe_ext.affine_sample
    assert torch._C._dispatch_has_kernel_for_dispatch_key(
        "rmpe_ext::affine_sample_backward", "CUDA"
    )


@GPU
@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_graph_replays_gradients(dtype, deterministic):
    """Whatever could wait for the device could not be captured."""
    images, theta = CASES["affine_sample"].make(9, dtype)
    wide = theta.float() if dtype in (torch.float16, torch.bfloat16) else theta
    grad = rmpe_ext.affine_sample(images, theta, (10, 7))
    tensors = grad, images, wide

    def gradients(tensors):
        options = "bilinear", "zeros", False, deterministic, True, True
        return torch.ops.rmpe_ext.affine_sample_backward(*tensors, 8, 6, *options)

    inputs = [torch.zeros_like(t) for t in on_cuda(tensors)]
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        gradients(inputs)
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = gradients(inputs)
    for target, source in zip(inputs, tensors, strict=True):
        target.copy_(source)
    graph.replay()
    assert_same(outputs, gradients(tensors))


@GPU
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
@OPS
def test_runs_on_the_device_of_its_arguments(op):
    tensors = CASES[op].make(9, torch.float32)
    have = use(op, [t.to("cuda:1") for t in tensors])
    assert all(t.device.index == 1 for t in have)
    assert_same(have, use(op, tensors))
