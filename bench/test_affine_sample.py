"""``affine_sample``: the native op, the reference, and affine_grid + grid_sample.

``python -m pytest bench/test_affine_sample.py --benchmark-group-by=group``; two threads, because
that is what small machines have. Each group compares implementations on one input: crops as a
spatial transformer sees them, and heatmaps as its inverse does.
"""

import math

import pytest
import torch
import torch.nn.functional as F

import rmpe_ext
from rmpe_ext import reference

SHAPES = {"crops": (32, 3, 256, 192), "heatmaps": (32, 17, 64, 48)}
MAPS = {"upright": 0.0, "rotated": 17.0}
DTYPES = [torch.float32, torch.float16, torch.bfloat16]


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def grid_sample(input, theta, size, padding_mode="zeros"):
    grid = F.affine_grid(theta, (*input.shape[:2], *size), align_corners=False)
    return F.grid_sample(input, grid, padding_mode=padding_mode, align_corners=False)


IMPLEMENTATIONS = {
    "native": rmpe_ext.affine_sample,
    "reference": reference.affine_sample,
    "affine_grid + grid_sample": grid_sample,
}


def inputs(shape, degrees, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    input = torch.randn(shape, generator=generator).to(dtype)
    turns = torch.full((shape[0],), math.radians(degrees))
    scale = torch.linspace(0.8, 1.1, shape[0])
    c, s, x = scale * turns.cos(), scale * turns.sin(), torch.linspace(-0.1, 0.1, shape[0])
    theta = torch.stack([c, -s, x, s, c, -x], 1).view(-1, 2, 3)
    return input, theta.to(dtype)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: str(d).removeprefix("torch."))
@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("shape", SHAPES)
def test_forward(benchmark, shape, kind, dtype, implementation):
    benchmark.group = f"affine_sample, {shape}, {kind}, {dtype}, forward"
    input, theta = inputs(SHAPES[shape], MAPS[kind], dtype)
    benchmark(IMPLEMENTATIONS[implementation], input, theta, input.shape[2:])


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("padding_mode", ["border", "reflection"])
def test_padding(benchmark, padding_mode, implementation):
    benchmark.group = f"affine_sample, crops, rotated, float32, {padding_mode}, forward"
    input, theta = inputs(SHAPES["crops"], MAPS["rotated"])
    run = IMPLEMENTATIONS[implementation]
    benchmark(run, input, theta, input.shape[2:], padding_mode=padding_mode)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("wanted", ["both", "input", "theta"])
@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("shape", SHAPES)
def test_backward(benchmark, shape, kind, wanted, implementation):
    benchmark.group = f"affine_sample, {shape}, {kind}, float32, backward to {wanted}"
    input, theta = inputs(SHAPES[shape], MAPS[kind])
    leaves = [
        tensor.requires_grad_()
        for tensor, name in ((input, "input"), (theta, "theta"))
        if wanted in (name, "both")
    ]
    output = IMPLEMENTATIONS[implementation](input, theta, input.shape[2:])
    grad = torch.randn_like(output)
    benchmark(torch.autograd.grad, output, leaves, grad, retain_graph=True)
