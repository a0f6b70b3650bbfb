"""The hourglass of edvardHua/PoseEstimationForMobile loads from its frozen graph of TensorFlow.

The network is written here from the papers and the names in the graph, in TensorFlow's order of
axes. What the real graph gives is in ``tests/rmpe/models/test_build.py``.
"""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rmpe.errors import ModelError
from rmpe.networks.architectures import build_architecture, recognize
from rmpe.networks.checkpoints import convert

from ..graphs import INT32, constant, operation, tensor
from .layers import assert_equal, load

JOINTS = 5


def layout(joints, stem, features):
    """Name -> shape: height, width, in, out; of depthwise filters, the last is 1."""
    shapes = {}

    def norm(name, channels):
        for kind in ("Const", "beta", "moving_mean", "moving_variance"):
            shapes[f"{name}/BatchNorm/{kind}"] = (channels,)

    def block(group, name, into, out, expansion=6):
        where = f"{group}inverted_bottleneck_{name}/{name}_"
        wide = expansion * into
        shapes[f"{where}up_pointwise/weights"] = (1, 1, into, wide)
        norm(f"{where}up_pointwise", wide)
        shapes[f"{where}depthwise/depthwise_weights"] = (3, 3, wide, 1)
        shapes[f"{where}pointwise/weights"] = (1, 1, wide, out)
        norm(f"{where}pointwise", out)

    def blocks(name, into, last):
        for index in range(1, 6):
            block(f"{name}/", f"{name}_{index}", into, last if index == 5 else into)

    shapes["Conv2d_0/weights"] = (3, 3, 3, stem)
    norm("Conv2d_0", stem)
    for index in (1, 2):
        block("Conv2d_1/", f"Conv2d_1_{index}", stem, stem, expansion=1)
    for index in range(1, 6):
        block("Conv2d_2/", f"Conv2d_2_{index}", stem if index == 1 else features, features)
    for level in (4, 3, 2, 1):
        blocks(f"hourglass_front_{level}", features, features)
    block("", "hourglass_mid_0", features, features)
    for level in range(4):
        block("", f"hourglass_back_{level}", joints if level else features, joints)
        blocks(f"hourglass_branch_jump_{level}", features, joints)
    return shapes


def random(shapes, seed=0):
    """Weights under which values keep their size."""
    rng = np.random.default_rng(seed)

    def draw(name, shape):
        values = rng.standard_normal(shape).astype(np.float32)
        if len(shape) > 1:
            taken = 9 if "depthwise_weights" in name else shape[0] * shape[1] * shape[2]
            return values * np.float32((2 / taken) ** 0.5)
        if name.endswith("Const"):
            return np.ones(shape, np.float32)
        return np.abs(values) + 0.5 if name.endswith("variance") else values * np.float32(0.3)

    return {name: draw(name, shape) for name, shape in shapes.items()}


def save(weights, path):
    """A frozen graph; batch norms without a factor have one value for all channels."""
    parts = [operation("image", "Placeholder")]
    for name, values in weights.items():
        alike = name.endswith("Const")
        content = tensor(values[:1] if alike else values, sizes=values.shape)
        parts += [constant(name, content), operation(f"{name}/read", "Identity", name)]
    parts.append(constant("hourglass_upsample_0/size", tensor(np.int32([6, 6]), dtype=INT32)))
    path.write_bytes(b"".join(parts))


def run(weights, images):
    """(N, h, w, 3) -> (N, h / 4, w / 4, K)."""
    weights = {name: torch.from_numpy(value).double() for name, value in weights.items()}

    def filtered(x, weight, stride, groups=1):
        # TensorFlow's SAME: as many pixels as are lacking, the odd one at the end.
        rest = [(-(-side // stride) - 1) * stride + len(weight) - side for side in x.shape[2:]]
        before = [side // 2 for side in rest]
        after = [side - side // 2 for side in rest]
        x = F.pad(x, (before[1], after[1], before[0], after[0]))
        order = (2, 3, 0, 1) if groups > 1 else (3, 2, 0, 1)
        return F.conv2d(x, weight.permute(order), stride=stride, groups=groups)

    def norm(name, x):
        factor, beta, mean, variance = (
            weights[f"{name}/BatchNorm/{kind}"][:, None, None]
            for kind in ("Const", "beta", "moving_mean", "moving_variance")
        )
        return ((x - mean) / (variance + 0.001).sqrt() * factor + beta).clamp(0, 6)

    def block(group, name, x, stride=1):
        where = f"{group}inverted_bottleneck_{name}/{name}_"
        wide = filtered(x, weights[f"{where}up_pointwise/weights"], 1)
        wide = norm(f"{where}up_pointwise", wide)
        each = weights[f"{where}depthwise/depthwise_weights"]
        wide = filtered(wide, each, stride, groups=wide.shape[1]).relu()
        out = filtered(wide, weights[f"{where}pointwise/weights"], 1)
        out = norm(f"{where}pointwise", out)
        return out + x if out.shape == x.shape else out

    def blocks(name, x):
        for index in range(1, 6):
            x = block(f"{name}/", f"{name}_{index}", x)
        return x

    def doubled(x):
        # Without aligned corners: what is at 2 i comes from i.
        for axis in (2, 3):
            places = torch.arange(2 * x.shape[axis]) / 2
            low = places.long()
            high = (low + 1).clamp(max=x.shape[axis] - 1)
            part = (places - low).double().reshape([-1 if a == axis else 1 for a in range(4)])
            x = x.index_select(axis, low) * (1 - part) + x.index_select(axis, high) * part
        return x

    x = filtered(images.permute(0, 3, 1, 2), weights["Conv2d_0/weights"], 2)
    x = norm("Conv2d_0", x)
    for index in (1, 2):
        x = block("Conv2d_1/", f"Conv2d_1_{index}", x)
    for index in range(1, 6):
        x = block("Conv2d_2/", f"Conv2d_2_{index}", x, stride=2 if index == 1 else 1)
    sizes = [x]
    for level in (4, 3, 2, 1):
        sizes.append(blocks(f"hourglass_front_{level}", F.max_pool2d(sizes[-1], 2)))
    x = block("", "hourglass_mid_0", sizes.pop())
    for level in range(4):
        x = doubled(block("", f"hourglass_back_{level}", x))
        x = x + blocks(f"hourglass_branch_jump_{level}", sizes.pop())
    return x.permute(0, 2, 3, 1)


@pytest.mark.parametrize("intermediate", [False, True])
def test_it_gives_what_theirs_gives(tmp_path, intermediate):
    weights = random(layout(JOINTS, 4, 6))
    save(weights, tmp_path / "net.pb")
    ours = load(tmp_path / "net.pb", "mobile_hourglass", joints=JOINTS, stem=4, features=6,
                intermediate=intermediate)  # fmt: skip
    images = torch.rand(2, 128, 64, 3, dtype=torch.float64)
    want = run(weights, images).permute(0, 3, 1, 2)
    with torch.no_grad():
        found = ours(images.permute(0, 3, 1, 2))
    assert_equal(found[:, 0] if intermediate else found, want)


def test_all_weights_of_the_published_sizes_have_a_place():
    wanted = build_architecture("mobile_hourglass", joints=14, stem=16, features=24)
    shapes = layout(14, 16, 24)
    converted, titles = convert({name: torch.empty(shape) for name, shape in shapes.items()})
    assert {name: value.shape for name, value in converted.items()} == {
        name: value.shape
        for name, value in wanted.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert titles == ("edvardHua/PoseEstimationForMobile",)
    numbers = {"joints": 14, "stem": 16, "features": 24}
    assert recognize(converted) == ("mobile_hourglass", numbers)


def test_a_mismatch_says_what_the_file_looks_like(tmp_path):
    save(random(layout(JOINTS, 4, 6)), tmp_path / "net.pb")
    message = (
        r"net.pb does not fit MobileHourglass: \d+ of another shape \(.*\)\. The file looks like "
        "mobile_hourglass with joints = 5, stem = 4, features = 6, in the layout of "
        "edvardHua/PoseEstimationForMobile$"
    )
    with pytest.raises(ModelError, match=message):
        load(tmp_path / "net.pb", "mobile_hourglass", joints=14, stem=4, features=6)


def test_another_graph_says_what_is_missing(tmp_path):
    (tmp_path / "net.pb").write_bytes(constant("layer/weights", tensor(np.ones((3, 3, 3, 8)))))
    message = r"\d+ missing \(stem.conv.weight, .*1 unexpected \(layer/weights\).*is not known$"
    with pytest.raises(ModelError, match=message):
        load(tmp_path / "net.pb", "mobile_hourglass", joints=14, stem=16, features=24)


@pytest.mark.parametrize("change", [{"joints": 0}, {"stem": 0}, {"features": -1}])
def test_impossible_numbers_are_refused(change):
    numbers = {"joints": 14, "stem": 16, "features": 24} | change
    with pytest.raises(ValueError, match=f"{next(iter(change))} must be at least 1"):
        build_architecture("mobile_hourglass", **numbers)


def test_other_sizes_are_refused():
    network = build_architecture("mobile_hourglass", joints=14, stem=16, features=24)
    with pytest.raises(ValueError, match=r"multiples of 64, got \(1, 3, 96, 64\)"):
        network(torch.zeros(1, 3, 96, 64, device="meta"))
