"""Networks of other projects in their own names: shapes of weights, and layers that look them up.

Networks are written as functions of (weights, input), so that nothing but the names in the weights
says what belongs where.
"""

import torch
from torch.nn import functional as F

from rmpe.networks.architectures import build_architecture
from rmpe.networks.weights import load_weights


class Shapes(dict):
    """Name -> shape of every weight."""

    def conv(self, name, into, out, size=1, bias=True):
        self[f"{name}.weight"] = (out, into, size, size)
        if bias:
            self[f"{name}.bias"] = (out,)

    def norm(self, name, channels):
        for kind in ("weight", "bias", "running_mean", "running_var"):
            self[f"{name}.{kind}"] = (channels,)
        self[f"{name}.num_batches_tracked"] = ()

    def random(self, seed=0):
        """Weights under which values keep their size from layer to layer."""
        generator = torch.Generator().manual_seed(seed)

        def draw(name, shape):
            if not shape:
                return torch.tensor(7)
            values = torch.randn(shape, generator=generator)
            if len(shape) > 1:
                return values * (0.5 / values[0].numel()) ** 0.5
            positive = name.endswith(("running_var", "weight"))
            return values.abs() + 0.5 if positive else 0.1 * values

        return {name: draw(name, shape) for name, shape in self.items()}

    def empty(self):
        return {name: torch.empty(shape, device="meta") for name, shape in self.items()}


def conv(weights, name, x, stride=1, padding=None, dilation=1):
    weight, bias = weights[f"{name}.weight"], weights.get(f"{name}.bias")
    padding = weight.shape[-1] // 2 if padding is None else padding
    return F.conv2d(x, weight, bias, stride, padding, dilation)


def norm(weights, name, x):
    mean, variance, weight, bias = (
        weights[f"{name}.{kind}"][:, None, None]
        for kind in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (variance + 1e-5).sqrt() * weight + bias


def load(path, architecture, **numbers):
    """Our network with the weights of a file, in float64 so that equal means equal."""
    module = build_architecture(architecture, **numbers)
    load_weights(module, path)
    return module.eval().double()


def as_double(weights):
    return {name: value.double() for name, value in weights.items()}


def assert_equal(found, want):
    """Equal to 1e-5 of the largest value, in every output along the second axis."""
    assert found.shape == want.shape
    rest = [axis for axis in range(want.dim()) if axis != 1]
    largest = want.abs().amax(rest, keepdim=True)
    assert (largest > 0).all() and largest.isfinite().all()
    torch.testing.assert_close(found / largest, want / largest, atol=1e-5, rtol=0)
