"""The hourglass of OpenMMLab's mmpose loads, and gives what theirs gives.

Their network is written here from the paper of CornerNet and the names in mmpose's checkpoints.
"""

import pytest
import torch
from torch.nn import functional as F

from rmpe.networks.architectures import build_architecture, hourglass52, recognize
from rmpe.networks.checkpoints import convert

from .layers import Shapes, as_double, assert_equal, conv, load, norm

PUBLISHED = (256, 256, 384, 384, 384, 512)
# Of the same depth, for speed.
NARROW = (256, 24, 16, 16, 16, 8)
BLOCKS = (2, 2, 2, 2, 2, 4)


def layout(joints, stacks, channels, head):
    shapes = Shapes()

    def normed(name, into, out, size):
        shapes.conv(f"{name}.conv", into, out, size, bias=False)
        shapes.norm(f"{name}.bn", out)

    def block(name, into, out, halved=False):
        for index, channels_in in enumerate((into, out), start=1):
            shapes.conv(f"{name}.conv{index}", channels_in, out, 3, bias=False)
            shapes.norm(f"{name}.bn{index}", out)
        if halved or into != out:
            shapes.conv(f"{name}.downsample.0", into, out, bias=False)
            shapes.norm(f"{name}.downsample.1", out)

    def hourglass(name, level):
        outer, inner = channels[level : level + 2]
        for index in range(BLOCKS[level]):
            first, last = index == 0, index == BLOCKS[level] - 1
            block(f"{name}.up1.{index}", outer, outer)
            block(f"{name}.low1.{index}", outer if first else inner, inner, halved=first)
            block(f"{name}.low3.{index}", inner, outer if last else inner)
        if level == 4:
            for index in range(BLOCKS[5]):
                block(f"{name}.low2.{index}", inner, inner)
        else:
            hourglass(f"{name}.low2", level + 1)

    normed("backbone.stem.0", 3, 128, 7)
    block("backbone.stem.1.0", 128, 256, halved=True)
    for stack in range(stacks):
        hourglass(f"backbone.hourglass_modules.{stack}", 0)
        normed(f"backbone.out_convs.{stack}", 256, 256, 3)
        shapes.conv(f"{head}.multi_final_layers.{stack}", 256, joints)
        if stack < stacks - 1:
            normed(f"backbone.conv1x1s.{stack}", 256, 256, 1)
            normed(f"backbone.remap_convs.{stack}", 256, 256, 1)
            block(f"backbone.inters.{stack}", 256, 256)
    return shapes


def run(weights, images, stacks, head):
    """(N, 3, h, w) -> (N, stacks, K, h / 4, w / 4)."""

    def normed(name, x, stride=1):
        return norm(weights, f"{name}.bn", conv(weights, f"{name}.conv", x, stride))

    def block(name, x, stride=1):
        out = F.relu(norm(weights, f"{name}.bn1", conv(weights, f"{name}.conv1", x, stride)))
        out = norm(weights, f"{name}.bn2", conv(weights, f"{name}.conv2", out))
        if f"{name}.downsample.0.weight" in weights:
            x = conv(weights, f"{name}.downsample.0", x, stride)
            x = norm(weights, f"{name}.downsample.1", x)
        return F.relu(x + out)

    def blocks(name, x, stride=1):
        index = 0
        while f"{name}.{index}.conv1.weight" in weights:
            x = block(f"{name}.{index}", x, 1 if index else stride)
            index += 1
        return x

    def hourglass(name, x):
        low = blocks(f"{name}.low1", x, stride=2)
        nested = f"{name}.low2.low1.0.conv1.weight" in weights
        low = hourglass(f"{name}.low2", low) if nested else blocks(f"{name}.low2", low)
        low = blocks(f"{name}.low3", low)
        return blocks(f"{name}.up1", x) + low.repeat_interleave(2, 2).repeat_interleave(2, 3)

    x = blocks("backbone.stem.1", F.relu(normed("backbone.stem.0", images, 2)), stride=2)
    heatmaps = []
    for stack in range(stacks):
        inside = hourglass(f"backbone.hourglass_modules.{stack}", x)
        features = F.relu(normed(f"backbone.out_convs.{stack}", inside))
        heatmaps.append(conv(weights, f"{head}.multi_final_layers.{stack}", features))
        if stack < stacks - 1:
            x = normed(f"backbone.conv1x1s.{stack}", x)
            x = F.relu(x + normed(f"backbone.remap_convs.{stack}", features))
            x = block(f"backbone.inters.{stack}", x)
    return torch.stack(heatmaps, 1)


@pytest.mark.parametrize("head", ["keypoint_head", "head"])
@pytest.mark.parametrize("stacks", [1, 2])
def test_every_stack_gives_what_theirs_gives(tmp_path, monkeypatch, stacks, head):
    monkeypatch.setattr(hourglass52, "_CHANNELS", NARROW)
    weights = layout(17, stacks, NARROW, head).random(stacks)
    torch.save({"meta": {"epoch": 210}, "state_dict": weights}, tmp_path / "net.pth")
    ours = load(tmp_path / "net.pth", "hourglass52", joints=17, stacks=stacks, intermediate=True)
    images = torch.randn(2, 3, 128, 256, dtype=torch.float64)
    with torch.no_grad():
        assert_equal(ours(images), run(as_double(weights), images, stacks, head))


@pytest.mark.parametrize("joints", [16, 17])
def test_all_weights_of_the_published_sizes_have_a_place(joints):
    wanted = build_architecture("hourglass52", joints=joints, stacks=1)
    converted, titles = convert(layout(joints, 1, PUBLISHED, "keypoint_head").empty())
    assert {name: value.shape for name, value in converted.items()} == {
        name: value.shape for name, value in wanted.state_dict().items()
    }
    assert titles == ("open-mmlab/mmpose, hourglass52",)
    assert recognize(converted) == ("hourglass52", {"joints": joints, "stacks": 1})
