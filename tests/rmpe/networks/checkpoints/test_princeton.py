"""Hourglasses of princeton-vl/pytorch_stacked_hourglass load, and give what theirs give.

Their network is written here from the paper and the names in their checkpoints.
"""

import pytest
import torch
from torch.nn import functional as F

from rmpe.errors import ModelError
from rmpe.networks.architectures import build_architecture, recognize
from rmpe.networks.checkpoints import convert

from .layers import Shapes, as_double, assert_equal, conv, load, norm

JOINTS = 16


def layout(stacks, features, prefix="model.module."):
    shapes = Shapes()

    def residual(name, into, out):
        half = out // 2
        for index, channels in enumerate((into, half, half), start=1):
            shapes.norm(f"{name}.bn{index}", channels)
        shapes.conv(f"{name}.conv1.conv", into, half)
        shapes.conv(f"{name}.conv2.conv", half, half, 3)
        shapes.conv(f"{name}.conv3.conv", half, out)
        shapes.conv(f"{name}.skip_layer.conv", into, out)

    def hourglass(name, levels):
        for branch in ("up1", "low1", "low3"):
            residual(f"{name}.{branch}", features, features)
        if levels > 1:
            hourglass(f"{name}.low2", levels - 1)
        else:
            residual(f"{name}.low2", features, features)

    shapes.conv(f"{prefix}pre.0.conv", 3, 64, 7)
    shapes.norm(f"{prefix}pre.0.bn", 64)
    residual(f"{prefix}pre.1", 64, 128)
    residual(f"{prefix}pre.3", 128, 128)
    residual(f"{prefix}pre.4", 128, features)
    for stack in range(stacks):
        hourglass(f"{prefix}hgs.{stack}.0", 4)
        residual(f"{prefix}features.{stack}.0", features, features)
        shapes.conv(f"{prefix}features.{stack}.1.conv", features, features)
        shapes.norm(f"{prefix}features.{stack}.1.bn", features)
        shapes.conv(f"{prefix}outs.{stack}.conv", features, JOINTS)
        if stack < stacks - 1:
            shapes.conv(f"{prefix}merge_features.{stack}.conv.conv", features, features)
            shapes.conv(f"{prefix}merge_preds.{stack}.conv.conv", JOINTS, features)
    return shapes


def run(weights, images, stacks, prefix="model.module."):
    """(N, h, w, 3) in 0..1 -> (N, stacks, K, h / 4, w / 4)."""
    weights = {name.removeprefix(prefix): value for name, value in weights.items()}

    def residual(name, x):
        out = x
        for index in (1, 2, 3):
            out = F.relu(norm(weights, f"{name}.bn{index}", out))
            out = conv(weights, f"{name}.conv{index}.conv", out)
        skipped = conv(weights, f"{name}.skip_layer.conv", x)
        return out + (x if skipped.shape == x.shape else skipped)

    def hourglass(name, levels, x):
        low = residual(f"{name}.low1", F.max_pool2d(x, 2))
        inner = f"{name}.low2"
        low = hourglass(inner, levels - 1, low) if levels > 1 else residual(inner, low)
        low = residual(f"{name}.low3", low)
        return residual(f"{name}.up1", x) + low.repeat_interleave(2, 2).repeat_interleave(2, 3)

    x = images.permute(0, 3, 1, 2)
    x = F.relu(norm(weights, "pre.0.bn", conv(weights, "pre.0.conv", x, stride=2)))
    x = F.max_pool2d(residual("pre.1", x), 2)
    x = residual("pre.4", residual("pre.3", x))
    heatmaps = []
    for stack in range(stacks):
        features = residual(f"features.{stack}.0", hourglass(f"hgs.{stack}.0", 4, x))
        features = conv(weights, f"features.{stack}.1.conv", features)
        features = F.relu(norm(weights, f"features.{stack}.1.bn", features))
        heatmaps.append(conv(weights, f"outs.{stack}.conv", features))
        if stack < stacks - 1:
            x = x + conv(weights, f"merge_preds.{stack}.conv.conv", heatmaps[-1])
            x = x + conv(weights, f"merge_features.{stack}.conv.conv", features)
    return torch.stack(heatmaps, 1)


@pytest.mark.parametrize("stacks", [1, 2, 3, 8])
def test_every_stack_gives_what_theirs_gives(tmp_path, stacks):
    weights = layout(stacks, 16).random(stacks)
    checkpoint = {"state_dict": weights, "epoch": 3,
                  "optimizer": {"state": {}, "param_groups": [{"lr": 1e-3}]}}  # fmt: skip
    torch.save(checkpoint, tmp_path / "checkpoint.pt")
    ours = load(tmp_path / "checkpoint.pt", "newell_hourglass", joints=JOINTS, stacks=stacks,
                features=16, intermediate=True)  # fmt: skip
    images = torch.rand(2, 128, 64, 3, dtype=torch.float64)
    with torch.no_grad():
        assert_equal(ours(images.permute(0, 3, 1, 2)), run(as_double(weights), images, stacks))


@pytest.mark.parametrize("prefix", ["model.module.", "model.", "module.", ""])
@pytest.mark.parametrize("stacks", [2, 8])
def test_all_weights_of_the_published_sizes_have_a_place(stacks, prefix):
    wanted = build_architecture("newell_hourglass", joints=JOINTS, stacks=stacks, features=256)
    converted, titles = convert(layout(stacks, 256, prefix).empty())
    assert {name: value.shape for name, value in converted.items()} == {
        name: value.shape for name, value in wanted.state_dict().items()
    }
    assert titles[-1] == "princeton-vl/pytorch_stacked_hourglass"
    numbers = {"joints": JOINTS, "stacks": stacks, "features": 256}
    assert recognize(converted) == ("newell_hourglass", numbers)


def test_a_mismatch_says_what_the_file_looks_like(tmp_path):
    torch.save({"state_dict": layout(2, 16).random()}, tmp_path / "checkpoint.pt")
    message = (
        r"checkpoint.pt does not fit StackedHourglass: \d+ unexpected \(fc_.0.weight, .*\). "
        "The file looks like newell_hourglass with joints = 16, stacks = 2, features = 16, in "
        "the layout of princeton-vl/pytorch_stacked_hourglass$"
    )
    with pytest.raises(ModelError, match=message):
        load(tmp_path / "checkpoint.pt", "newell_hourglass", joints=16, stacks=1, features=16)
