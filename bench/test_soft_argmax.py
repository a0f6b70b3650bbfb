"""The mean position under a softmax, and its gradient."""

import torch

from bench.baselines.soft_argmax import BASELINES
from bench.group import Group, each_run, one_thread, ours

BETA = 10.0


def maps(count):
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, 17, 64, 48, generator=generator)


def runs(compiled=False):
    def native(module, heatmaps, beta):
        return module.soft_argmax(heatmaps, beta=beta)

    return {**ours(native, compiled=compiled), **BASELINES}


def forward_group(count, compiled=False):
    name = f"soft_argmax, {count}x17x64x48"
    return Group(name, lambda: (maps(count), BETA), runs(compiled))


def training_group(count):
    def step(call):
        def run(heatmaps, beta):
            call(heatmaps, beta).sum().backward()
            heatmaps.grad = None

        return run

    return Group(
        f"soft_argmax and its gradient, {count}x17x64x48",
        lambda: (maps(count).requires_grad_(), BETA),
        {run: step(call) for run, call in runs(compiled=True).items()},
    )


FORWARD = forward_group(32, compiled=True)
GROUPS = [
    forward_group(1),
    forward_group(8),
    FORWARD,
    one_thread(forward_group(32)),
    training_group(32),
]


@each_run(GROUPS)
def test_soft_argmax(measure, group, run):
    measure(group, run)
