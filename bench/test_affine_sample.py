"""Sampling through affine maps: crops as a spatial transformer sees them, heatmaps as its inverse
does."""

from functools import partial

import torch

from bench.baselines.affine_sample import BASELINES
from bench.group import Group, each_run, one_thread, ours
from bench.inputs import affine_maps

SHAPES = {"crops": (32, 3, 256, 192), "heatmaps": (32, 17, 64, 48)}
DEGREES = {"upright": 0.0, "rotated": 17.0}


def runs(compiled=False, **options):
    def native(module, input, theta, size):
        return module.affine_sample(input, theta, size, **options)

    baselines = {run: partial(call, **options) for run, call in BASELINES.items()}
    return {**ours(native, compiled=compiled), **baselines}


def title(shape, kind, rest):
    return f"affine_sample, {'x'.join(map(str, SHAPES[shape]))}, {kind}, {rest}"


def forward_group(shape, kind, dtype=torch.float32, compiled=False):
    def inputs():
        input, theta = affine_maps(SHAPES[shape], DEGREES[kind], dtype)
        return input, theta, input.shape[2:]

    return Group(
        title(shape, kind, str(dtype).removeprefix("torch.") + ", forward"), inputs, runs(compiled)
    )


def padding_group(padding_mode):
    def inputs():
        input, theta = affine_maps(SHAPES["crops"], DEGREES["rotated"])
        return input, theta, input.shape[2:]

    return Group(
        title("crops", "rotated", f"float32, {padding_mode}, forward"),
        inputs,
        runs(padding_mode=padding_mode),
    )


def backward_group(shape, kind, wanted, compiled=False):
    def inputs():
        input, theta = affine_maps(SHAPES[shape], DEGREES[kind])
        return input.requires_grad_("input" in wanted), theta.requires_grad_("theta" in wanted)

    def backward(call):
        graphs = {}

        def run(input, theta):
            """The gradients alone: the graph is made once, in the first call."""
            if id(input) not in graphs:
                output = call(input, theta, input.shape[2:])
                graphs.clear()
                graphs[id(input)] = output, torch.ones_like(output)
            output, grad = graphs[id(input)]
            leaves = [leaf for leaf in (input, theta) if leaf.requires_grad]
            return torch.autograd.grad(output, leaves, grad, retain_graph=True)

        return run

    return Group(
        title(shape, kind, f"float32, backward to {' and '.join(wanted)}"),
        inputs,
        {run: backward(call) for run, call in runs(compiled).items()},
    )


FORWARD = {kind: forward_group("crops", kind, compiled=kind == "upright") for kind in DEGREES}
BACKWARD = {
    kind: backward_group("crops", kind, ("input", "theta"), compiled=kind == "upright")
    for kind in DEGREES
}
GROUPS = [
    *FORWARD.values(),
    one_thread(forward_group("crops", "upright")),
    forward_group("crops", "rotated", torch.float16),
    forward_group("crops", "rotated", torch.bfloat16),
    *(forward_group("heatmaps", kind) for kind in DEGREES),
    padding_group("border"),
    padding_group("reflection"),
    *BACKWARD.values(),
    backward_group("crops", "rotated", ("input",)),
    backward_group("crops", "rotated", ("theta",)),
    *(backward_group("heatmaps", kind, ("input", "theta")) for kind in DEGREES),
]


@each_run(GROUPS)
def test_affine_sample(measure, group, run):
    measure(group, run)
