"""The stacked hourglass: its published layout, its shapes and its gradients."""

import re

import pytest
import torch

from rmpe.networks.architectures.hourglass import StackedHourglass

# Names and shapes of the published checkpoints, as their documentation gives them.
NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


def published_layout(stacks, blocks, joints=16):
    """Name -> shape of every weight (statistics of batch norms aside)."""
    shapes = {}

    def conv(name, out, into, size=1):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (out, into, size, size), (out,)

    def norm(name, channels):
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (channels,)

    def bottleneck(name, into, out):
        middle = out // 2
        for i, channels in enumerate((into, middle, middle), start=1):
            norm(f"{name}.bn{i}", channels)
        conv(f"{name}.conv1", middle, into)
        conv(f"{name}.conv2", middle, middle, 3)
        conv(f"{name}.conv3", out, middle)
        if into != out:
            conv(f"{name}.downsample.0", out, into)

    conv("conv1", 64, 3, 7)
    norm("bn1", 64)
    bottleneck("layer1.0", 64, 128)
    bottleneck("layer2.0", 128, 256)
    bottleneck("layer3.0", 256, 256)
    for s in range(stacks):
        for b in range(blocks):
            for depth in range(4):
                for group in range(4 if depth == 0 else 3):
                    bottleneck(f"hg.{s}.hg.{depth}.{group}.{b}", 256, 256)
            bottleneck(f"res.{s}.{b}", 256, 256)
        conv(f"fc.{s}.0", 256, 256)
        norm(f"fc.{s}.1", 256)
        conv(f"score.{s}", joints, 256)
        if s < stacks - 1:
            conv(f"fc_.{s}", 256, 256)
            conv(f"score_.{s}", 256, joints)
    return shapes


@pytest.mark.parametrize(("stacks", "blocks"), [(1, 1), (2, 1), (8, 1), (2, 2)])
def test_the_layout_is_the_published_one(stacks, blocks):
    with torch.device("meta"):
        module = StackedHourglass(16, stacks=stacks, blocks=blocks)
    found = {name: tuple(p.shape) for name, p in module.named_parameters()}
    assert found == published_layout(stacks, blocks)
    norms = {re.sub(r"\.running_mean$", "", n) for n in module.state_dict() if "running_mean" in n}
    for norm in norms:
        inside = {n.removeprefix(norm + ".") for n in module.state_dict() if n.startswith(norm)}
        assert inside == NORM


def small(**options):
    torch.manual_seed(0)
    return StackedHourglass(5, stacks=2, features=16, **options)


def test_every_stack_gives_heatmaps_of_a_quarter_of_the_size():
    assert small()(torch.randn(3, 3, 128, 64)).shape == (3, 2, 5, 32, 16)


def test_the_innermost_level_sees_the_whole_input():
    module = small().eval()
    image = torch.randn(1, 3, 64, 64)
    changed = image.clone()
    changed[:, :, :4, :4] += 5
    with torch.no_grad():
        difference = (module(image)[:, 0] - module(changed)[:, 0]).abs()
    assert (difference[0, :, -1, -1] > 0).all()


def test_a_stack_does_not_depend_on_those_after_it():
    module = small().eval()
    one = StackedHourglass(5, stacks=1, features=16).eval()
    weights = {k: v for k, v in module.state_dict().items() if k in one.state_dict()}
    one.load_state_dict(weights)
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(module(image)[:, :1], one(image))


def test_gradients_reach_every_weight_and_the_image():
    module = small()
    image = torch.randn(2, 3, 64, 64, requires_grad=True)
    module(image).square().mean().backward()
    assert image.grad.abs().sum() > 0
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        # A bias before a batch norm shifts what the norm takes away again.
        if not name.endswith("bias"):
            assert parameter.grad.abs().sum() > 0, name


def test_gradients_of_the_first_stack_alone_leave_the_second_untouched():
    module = small()
    module(torch.randn(2, 3, 64, 64))[:, 0].sum().backward()
    touched = {
        name.split(".")[1]
        for name, parameter in module.named_parameters()
        if name.startswith("hg.") and parameter.grad.abs().sum() > 0
    }
    assert touched == {"0"}


@pytest.mark.parametrize("shape", [(1, 3, 96, 64), (1, 3, 64, 63), (1, 1, 64, 64), (3, 64, 64),
                                   (1, 3, 0, 64)])  # fmt: skip
def test_other_sizes_are_refused(shape):
    with pytest.raises(ValueError, match=r"multiples of 64, got \(" + ", ".join(map(str, shape))):
        small()(torch.zeros(shape))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"joints": 0}, "joints must be at least 1, got 0"),
        ({"stacks": 0}, "stacks must be at least 1, got 0"),
        ({"blocks": 0}, "blocks must be at least 1, got 0"),
        ({"features": 3}, "features must be even, got 3"),
        ({"stem": 3}, "stem must be even, got 3"),
    ],
)
def test_impossible_shapes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        StackedHourglass(**{"joints": 16, **options})
