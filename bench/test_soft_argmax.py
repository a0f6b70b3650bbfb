"""The mean position under a softmax: the native op, the reference, and PyTorch as it is written.

Heatmaps of 17 joints, 64x48 float32; two threads.
"""

import pytest
import torch

import rmpe_ext
from rmpe_ext import reference


def softmax_and_grid(heatmaps, *, beta):
    height, width = heatmaps.shape[2:]
    weights = (beta * heatmaps).flatten(2).softmax(2).view(heatmaps.shape)
    x = (weights.sum(2) * torch.arange(width)).sum(2)
    y = (weights.sum(3) * torch.arange(height)).sum(2)
    return torch.stack([x, y], 2)


IMPLEMENTATIONS = {
    "native": rmpe_ext.soft_argmax,
    "reference": reference.soft_argmax,
    "torch.softmax": softmax_and_grid,
}


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", [1, 8, 32])
def test_forward(benchmark, count, implementation):
    benchmark.group = f"soft_argmax, {count} persons"
    heatmaps = torch.randn(count, 17, 64, 48)
    benchmark(IMPLEMENTATIONS[implementation], heatmaps, beta=10.0)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", [1, 8, 32])
def test_forward_and_backward(benchmark, count, implementation):
    benchmark.group = f"soft_argmax and its gradient, {count} persons"
    heatmaps = torch.randn(count, 17, 64, 48, requires_grad=True)

    def step():
        IMPLEMENTATIONS[implementation](heatmaps, beta=10.0).sum().backward()
        heatmaps.grad = None

    benchmark(step)
