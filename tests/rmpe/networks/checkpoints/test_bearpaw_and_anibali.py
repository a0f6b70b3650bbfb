"""Hourglasses of bearpaw/pytorch-pose and anibali/pytorch-stacked-hourglass load.

Their network is written here from the paper and the names in their checkpoints.
"""

import pytest
import torch
from torch.nn import functional as F

from rmpe.errors import ModelError
from rmpe.networks.architectures import recognize
from rmpe.networks.weights import read_weights

from .layers import Shapes, as_double, assert_equal, conv, load, norm

JOINTS = 16


def layout(stacks, blocks, features):
    shapes = Shapes()

    def residual(name, into, out):
        half = out // 2
        for index, channels in enumerate((into, half, half), start=1):
            shapes.norm(f"{name}.bn{index}", channels)
        shapes.conv(f"{name}.conv1", into, half)
        shapes.conv(f"{name}.conv2", half, half, 3)
        shapes.conv(f"{name}.conv3", half, out)
        if into != out:
            shapes.conv(f"{name}.downsample.0", into, out)

    shapes.conv("conv1", 3, 64, 7)
    shapes.norm("bn1", 64)
    residual("layer1.0", 64, 128)
    residual("layer2.0", 128, features)
    residual("layer3.0", features, features)
    for stack in range(stacks):
        for block in range(blocks):
            for depth, groups in enumerate((4, 3, 3, 3)):
                for group in range(groups):
                    residual(f"hg.{stack}.hg.{depth}.{group}.{block}", features, features)
            residual(f"res.{stack}.{block}", features, features)
        shapes.conv(f"fc.{stack}.0", features, features)
        shapes.norm(f"fc.{stack}.1", features)
        shapes.conv(f"score.{stack}", features, JOINTS)
        if stack < stacks - 1:
            shapes.conv(f"fc_.{stack}", features, features)
            shapes.conv(f"score_.{stack}", JOINTS, features)
    return shapes


def run(weights, images, stacks, blocks):
    """(N, 3, h, w) -> (N, stacks, K, h / 4, w / 4)."""

    def residual(name, x):
        out = x
        for index in (1, 2, 3):
            out = F.relu(norm(weights, f"{name}.bn{index}", out))
            out = conv(weights, f"{name}.conv{index}", out)
        changes = f"{name}.downsample.0.weight" in weights
        return out + (conv(weights, f"{name}.downsample.0", x) if changes else x)

    def group(name, x):
        for block in range(blocks):
            x = residual(f"{name}.{block}", x)
        return x

    def hourglass(name, depth, x):
        low = group(f"{name}.{depth}.1", F.max_pool2d(x, 2))
        low = hourglass(name, depth - 1, low) if depth else group(f"{name}.0.3", low)
        low = group(f"{name}.{depth}.2", low).repeat_interleave(2, 2).repeat_interleave(2, 3)
        return group(f"{name}.{depth}.0", x) + low

    x = F.relu(norm(weights, "bn1", conv(weights, "conv1", images, stride=2)))
    x = F.max_pool2d(residual("layer1.0", x), 2)
    x = residual("layer3.0", residual("layer2.0", x))
    heatmaps = []
    for stack in range(stacks):
        features = group(f"res.{stack}", hourglass(f"hg.{stack}.hg", 3, x))
        features = F.relu(norm(weights, f"fc.{stack}.1", conv(weights, f"fc.{stack}.0", features)))
        heatmaps.append(conv(weights, f"score.{stack}", features))
        if stack < stacks - 1:
            x = x + conv(weights, f"fc_.{stack}", features)
            x = x + conv(weights, f"score_.{stack}", heatmaps[-1])
    return torch.stack(heatmaps, 1)


def save(weights, project, path):
    if project == "bearpaw":
        weights = {f"module.{name}": value for name, value in weights.items()}
        weights = {"epoch": 3, "arch": "hg", "state_dict": weights, "best_acc": 0.8,
                   "optimizer": {"state": {}, "param_groups": [{"lr": 1e-3}]}}  # fmt: skip
    torch.save(weights, path)


@pytest.mark.parametrize("project", ["anibali", "bearpaw"])
@pytest.mark.parametrize(("stacks", "blocks"), [(1, 1), (2, 3), (8, 1)])
def test_every_stack_gives_what_theirs_gives(tmp_path, project, stacks, blocks):
    weights = layout(stacks, blocks, 16).random(stacks)
    save(weights, project, tmp_path / "net.pth")
    ours = load(tmp_path / "net.pth", "stacked_hourglass", joints=JOINTS, stacks=stacks,
                blocks=blocks, features=16, intermediate=True)  # fmt: skip
    images = torch.randn(2, 3, 64, 128, dtype=torch.float64)
    with torch.no_grad():
        assert_equal(ours(images), run(as_double(weights), images, stacks, blocks))


def test_a_mismatch_says_what_the_file_looks_like(tmp_path):
    save(layout(2, 3, 16).random(), "bearpaw", tmp_path / "net.pth")
    message = (
        r"net.pth does not fit StackedHourglass: \d+ missing \(hg.2.hg.0.*, ...\); "
        r"\d+ unexpected \(hg.0.hg.*, ...\); "
        r"5 of another shape \(score.0.weight must be \(17, 16, 1, 1\), "
        r"got \(16, 16, 1, 1\), .*\)\. The file looks like stacked_hourglass with joints = 16, "
        "stacks = 2, blocks = 3, features = 16, in the layout of torch.nn.DataParallel$"
    )
    with pytest.raises(ModelError, match=message):
        load(tmp_path / "net.pth", "stacked_hourglass", joints=17, stacks=3, blocks=1, features=16)


@pytest.mark.parametrize("change", [lambda v: v[0, 0, 0, 0], lambda v: v[0]])
def test_weights_of_an_odd_shape_are_not_recognized(tmp_path, change):
    weights = layout(1, 1, 16).random()
    weights["score.0.weight"] = change(weights["score.0.weight"])
    torch.save(weights, tmp_path / "net.pth")
    assert recognize(read_weights(tmp_path / "net.pth")) is None
    with pytest.raises(ModelError, match="score.0.weight must be .* What the file holds is not kn"):
        load(tmp_path / "net.pth", "stacked_hourglass", joints=16, stacks=1, blocks=1, features=16)
