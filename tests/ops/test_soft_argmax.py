"""``soft_argmax`` and its gradient, native and reference, against the float64 oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from tests.ops.implementations import implementations
from tests.oracles import soft_argmax as oracle

IMPLEMENTATIONS = implementations("ops")
DTYPES = pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16]
)
SHAPES = pytest.mark.parametrize(
    "shape", [(3, 17, 64, 48), (2, 3, 1, 1), (2, 3, 7, 5), (1, 2, 1, 130), (1, 2, 130, 1)], ids=str
)
NAN, INF = float("nan"), float("inf")


def maps(shape, seed=0, dtype=torch.float32):
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 1, shape)).to(dtype)


@IMPLEMENTATIONS
@DTYPES
@SHAPES
@pytest.mark.parametrize("beta", [1.0, 0.01, 30])
def test_equals_the_oracle(ops, dtype, shape, beta):
    heatmaps = maps(shape, dtype=dtype)
    got = ops.soft_argmax(heatmaps, beta=beta)
    assert got.dtype == torch.promote_types(dtype, torch.float32)
    want = oracle.soft_argmax(heatmaps.double().numpy(), beta=beta)
    tolerance = 1e-11 if dtype == torch.float64 else 1e-4
    np.testing.assert_allclose(got.double().numpy(), want, rtol=0, atol=tolerance)


@IMPLEMENTATIONS
@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([1e-30, 1e-3, 1.0, 100.0, 1e30]),
    beta=st.sampled_from([1e-3, 1.0, 50.0]),
)
def test_any_map(ops, height, width, seed, scale, beta):
    heatmaps = maps((1, 2, height, width), seed) * scale
    got = ops.soft_argmax(heatmaps, beta=beta).double().numpy()
    want = oracle.soft_argmax(heatmaps.double().numpy(), beta=beta)
    # A product beta * h of 100 and more has lost the digits of its exponential.
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-3 if scale * beta > 100 else 1e-4)


@IMPLEMENTATIONS
def test_an_even_map_gives_its_center(ops):
    for value in (0.0, -7.0, 1e30):
        got = ops.soft_argmax(torch.full((1, 1, 5, 8), value))
        assert got.tolist() == [[[3.5, 2.0]]]


@IMPLEMENTATIONS
def test_minus_infinity_masks_a_pixel(ops):
    heatmaps = torch.full((1, 1, 6, 8), -INF)
    heatmaps[0, 0, 2, 3] = heatmaps[0, 0, 2, 5] = -1.0
    heatmaps.requires_grad_()
    keypoints = ops.soft_argmax(heatmaps, beta=2.0)
    assert keypoints.tolist() == [[[4.0, 2.0]]]
    keypoints[..., 0].sum().backward()
    want = torch.zeros(1, 1, 6, 8)
    want[0, 0, 2, 3], want[0, 0, 2, 5] = -1.0, 1.0
    torch.testing.assert_close(heatmaps.grad, want)


@IMPLEMENTATIONS
@DTYPES
@pytest.mark.parametrize("bad", [[NAN], [INF], [NAN, INF], "mask"])
def test_a_map_without_answer_gives_nan_and_no_gradient(ops, dtype, bad):
    heatmaps = maps((1, 3, 16, 12), dtype=dtype)
    if bad == "mask":
        heatmaps[0, 1] = -INF
    else:
        heatmaps[0, 1].view(-1)[[5, 100][: len(bad)]] = torch.tensor(bad, dtype=dtype)
    heatmaps.requires_grad_()
    keypoints = ops.soft_argmax(heatmaps)
    assert keypoints.isnan().all(2).tolist() == [[False, True, False]]
    keypoints.sum().backward()
    assert (heatmaps.grad[0, 1] == 0).all()
    assert heatmaps.grad[0, [0, 2]].isfinite().all()
    assert (heatmaps.grad[0, [0, 2]] != 0).any()


@IMPLEMENTATIONS
@pytest.mark.parametrize("shape", [(2, 2, 5, 4), (1, 1, 1, 1), (1, 2, 1, 6)], ids=str)
@pytest.mark.parametrize("beta", [0.5, 4.0])
def test_gradcheck(ops, shape, beta):
    heatmaps = maps(shape, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda h: ops.soft_argmax(h, beta=beta), (heatmaps,))


@DTYPES
@SHAPES
def test_the_gradients_of_native_and_reference_agree(dtype, shape):
    grads = []
    weights = maps((*shape[:2], 2), 1, torch.promote_types(dtype, torch.float32))
    for ops in (rmpe_ext, reference):
        heatmaps = maps(shape, dtype=dtype).requires_grad_()
        (ops.soft_argmax(heatmaps, beta=3.0) * weights).sum().backward()
        assert heatmaps.grad.dtype == dtype
        grads.append(heatmaps.grad.double())
    largest = grads[1].abs().max()
    # The 16-bit types round what was computed in float32: one unit in the last place.
    ulp = {torch.float16: 2**-10, torch.bfloat16: 2**-7}.get(dtype, 2e-5)
    assert ((grads[0] - grads[1]).abs() <= ulp * grads[1].abs() + 2e-6 * largest).all()


@IMPLEMENTATIONS
def test_strided_inputs(ops):
    stacks = maps((4, 8, 16, 12), 1)
    for view in (
        stacks[1:3, ::2],
        stacks[..., 2:9],
        stacks.transpose(2, 3),
        stacks[:1].expand(3, 8, 16, 12),
    ):
        copy = view.clone(memory_format=torch.contiguous_format)
        torch.testing.assert_close(ops.soft_argmax(view), ops.soft_argmax(copy), rtol=0, atol=1e-5)
    heatmaps = stacks.clone().requires_grad_()
    # The gradient of a sum is one value, expanded.
    ops.soft_argmax(heatmaps.transpose(2, 3)).sum().backward()
    other = stacks.transpose(2, 3).contiguous().requires_grad_()
    ops.soft_argmax(other).sum().backward()
    torch.testing.assert_close(heatmaps.grad, other.grad.transpose(2, 3), rtol=0, atol=1e-5)


def test_threads_do_not_change_the_result():
    heatmaps, before = maps((30, 17, 64, 48)), torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(rmpe_ext.soft_argmax(heatmaps))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)


@IMPLEMENTATIONS
@pytest.mark.parametrize("shape", [(0, 17, 64, 48), (3, 0, 64, 48)], ids=str)
def test_nothing_to_do(ops, shape):
    heatmaps = torch.zeros(shape, requires_grad=True)
    keypoints = ops.soft_argmax(heatmaps)
    assert keypoints.shape == (*shape[:2], 2)
    keypoints.sum().backward()
    assert heatmaps.grad.shape == shape


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "heatmaps, beta, error, message",
    [
        (np.zeros((1, 1, 2, 2)), 1.0, TypeError, "heatmaps must be a torch.Tensor, got ndarray"),
        (torch.zeros(3, 8, 6), 1.0, ValueError, r"heatmaps must be \(N, K, H, W\), got \(3, 8, 6\)"),
        (torch.zeros(1, 1, 2, 2).int(), 1.0, TypeError, "heatmaps must be float32, .* got int32"),
        (torch.zeros(1, 1, 0, 2), 1.0, ValueError, "heatmaps must have at least one pixel, got 0 x 2"),
        (torch.zeros(1, 1, 2, 2), 0.0, ValueError, "beta must be above 0 and finite, got 0.0"),
        (torch.zeros(1, 1, 2, 2), NAN, ValueError, "beta must be above 0 and finite, got nan"),
    ],
)  # fmt: skip
def test_errors_name_the_argument(ops, heatmaps, beta, error, message):
    with pytest.raises(error, match=message):
        ops.soft_argmax(heatmaps, beta=beta)


def test_only_the_reference_has_a_second_derivative():
    heatmaps = maps((1, 2, 4, 4), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradgradcheck(reference.soft_argmax, (heatmaps,))
    (grad,) = torch.autograd.grad(rmpe_ext.soft_argmax(heatmaps).sum(), heatmaps, create_graph=True)
    with pytest.raises(RuntimeError, match="soft_argmax has no second derivative"):
        grad.sum().backward()


@DTYPES
def test_opcheck(dtype):
    rmpe_ext.soft_argmax(torch.zeros(1, 1, 1, 1))  # registers the op
    heatmaps = maps((2, 3, 8, 6), dtype=dtype)
    torch.library.opcheck(torch.ops.rmpe_ext.soft_argmax.default, (heatmaps, 2.0))
    heatmaps.requires_grad_()
    torch.library.opcheck(torch.ops.rmpe_ext.soft_argmax.default, (heatmaps, 2.0))
    keypoints, partition = torch.ops.rmpe_ext.soft_argmax(heatmaps.detach(), 2.0)
    torch.library.opcheck(
        torch.ops.rmpe_ext.soft_argmax_backward.default,
        (torch.ones_like(keypoints), heatmaps.detach(), keypoints, partition, 2.0),
    )


def test_compiles_in_one_graph():
    def loss(heatmaps):
        return rmpe_ext.soft_argmax(heatmaps * 2, beta=3.0).square().sum()

    grads = []
    for function in (loss, torch.compile(loss, fullgraph=True)):
        heatmaps = maps((2, 3, 8, 6)).requires_grad_()
        function(heatmaps).backward()
        grads.append(heatmaps.grad)
    torch.testing.assert_close(*grads)
