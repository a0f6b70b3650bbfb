"""SSDs of amdegroot/ssd.pytorch and lufficc/SSD load, and give what theirs give.

Their network is written here from the paper and the names in their checkpoints.
"""

import pytest
import torch
from torch.nn import functional as F

from rmpe.errors import ModelError
from rmpe.networks.architectures import build_architecture, recognize
from rmpe.networks.checkpoints import convert
from rmpe.networks.weights import load_weights

from .layers import Shapes, conv

# Convolutions of VGG-16 between poolings, as they are counted with the layers without weights.
GROUPS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
WIDTHS = (64, 128, 256, 512, 512)
# Of each pair of further convolutions: channels inside and out; kernel, stride and padding of the
# second.
EXTRAS = {
    300: [(256, 512, 3, 2, 1), (128, 256, 3, 2, 1), (128, 256, 3, 1, 0), (128, 256, 3, 1, 0)],
    512: [(256, 512, 3, 2, 1), *[(128, 256, 3, 2, 1)] * 3, (128, 256, 4, 1, 1)],
}
BOXES = {300: (4, 6, 6, 6, 4, 4), 512: (4, 6, 6, 6, 6, 4, 4)}
# Of lufficc/SSD, for those of amdegroot/ssd.pytorch.
LUFFICC = {
    "vgg": "backbone.vgg",
    "extras": "backbone.extras",
    "L2Norm": "backbone.l2_norm",
    "loc": "box_head.predictor.reg_headers",
    "conf": "box_head.predictor.cls_headers",
}


def layout(size, classes):
    shapes = Shapes()
    into = 3
    for group, width in zip(GROUPS, WIDTHS, strict=True):
        for layer in group:
            shapes.conv(f"vgg.{layer}", into, width, 3)
            into = width
    shapes.conv("vgg.31", 512, 1024, 3)
    shapes.conv("vgg.33", 1024, 1024)
    shapes["L2Norm.weight"] = (512,)
    levels = [512, 1024]
    for index, (inside, out, kernel, _, _) in enumerate(EXTRAS[size]):
        shapes.conv(f"extras.{2 * index}", levels[-1], inside)
        shapes.conv(f"extras.{2 * index + 1}", inside, out, kernel)
        levels.append(out)
    for level, (channels, boxes) in enumerate(zip(levels, BOXES[size], strict=True)):
        shapes.conv(f"loc.{level}", channels, boxes * 4, 3)
        shapes.conv(f"conf.{level}", channels, boxes * classes, 3)
    return shapes


def in_layout_of(project, weights):
    if project == "amdegroot":
        return weights
    parts = ((name.partition("."), value) for name, value in weights.items())
    return {LUFFICC[part] + dot + rest: value for (part, dot, rest), value in parts}


def run(weights, images, size, classes):
    """(N, 3, h, w) -> boxes (N, A, 4) and logits (N, A, classes)."""
    x, levels = images, []
    for group in GROUPS:
        if group[0]:
            # The third pooling rounds up.
            x = F.max_pool2d(x, 2, ceil_mode=group[0] == 17)
        for layer in group:
            x = F.relu(conv(weights, f"vgg.{layer}", x))
        if group[-1] == 21:
            scale = weights["L2Norm.weight"][:, None, None]
            levels.append(scale * x / x.square().sum(1, keepdim=True).sqrt())
    x = F.max_pool2d(x, 3, stride=1, padding=1)
    x = F.relu(conv(weights, "vgg.31", x, padding=6, dilation=6))
    x = F.relu(conv(weights, "vgg.33", x))
    levels.append(x)
    for index, (_, _, _, stride, padding) in enumerate(EXTRAS[size]):
        x = F.relu(conv(weights, f"extras.{2 * index}", x))
        x = F.relu(conv(weights, f"extras.{2 * index + 1}", x, stride, padding))
        levels.append(x)
    outputs = []
    for head, columns in (("loc", 4), ("conf", classes)):
        maps = [conv(weights, f"{head}.{index}", level) for index, level in enumerate(levels)]
        flat = [m.permute(0, 2, 3, 1).reshape(len(m), -1, columns) for m in maps]
        outputs.append(torch.cat(flat, 1))
    return tuple(outputs)


# The smallest inputs, for speed, on which every level has a place.
@pytest.mark.parametrize(
    ("project", "size", "classes", "side"),
    [("amdegroot", 300, 21, 280), ("lufficc", 512, 81, 320)],
)
def test_it_gives_what_theirs_gives(tmp_path, project, size, classes, side):
    weights = layout(size, classes).random()
    foreign = in_layout_of(project, weights)
    torch.save(foreign if project == "amdegroot" else {"model": foreign, "iteration": 1},
               tmp_path / "net.pth")  # fmt: skip
    ours = build_architecture(f"ssd{size}_vgg16", classes=classes, smallest=7, second=15)
    load_weights(ours, tmp_path / "net.pth")
    images = 50 * torch.randn(1, 3, side, side)
    with torch.no_grad():
        found, want = ours.eval()(images), run(weights, images, size, classes)
    for have, wanted in zip(found, want, strict=True):
        assert have.shape == wanted.shape
        largest = wanted.abs().max()
        assert largest > 0
        torch.testing.assert_close(have / largest, wanted / largest, atol=1e-5, rtol=0)


@pytest.mark.parametrize("project", ["amdegroot", "lufficc"])
@pytest.mark.parametrize(("size", "classes"), [(300, 21), (300, 81), (512, 21), (512, 81)])
def test_all_weights_have_a_place(project, size, classes):
    wanted = build_architecture(f"ssd{size}_vgg16", classes=classes, smallest=7, second=15)
    converted, titles = convert(in_layout_of(project, layout(size, classes).empty()))
    assert {name: value.shape for name, value in converted.items()} == {
        name: value.shape for name, value in wanted.state_dict().items()
    }
    assert titles == ({"amdegroot": "amdegroot/ssd.pytorch", "lufficc": "lufficc/SSD"}[project],)
    assert recognize(converted) == (f"ssd{size}_vgg16", {"classes": classes})


def test_a_mismatch_says_what_the_file_looks_like(tmp_path):
    torch.save({"model": in_layout_of("lufficc", layout(512, 21).random())}, tmp_path / "net.pth")
    ours = build_architecture("ssd300_vgg16", classes=21, smallest=7, second=15)
    message = (
        r"net.pth does not fit TorchvisionSSD: 8 unexpected \(backbone.extra.5.0.weight, .*\), "
        r".* of another shape .* looks like ssd512_vgg16 with classes = 21, in the layout of "
        "lufficc/SSD$"
    )
    with pytest.raises(ModelError, match=message.replace("), ", "); ")):
        load_weights(ours, tmp_path / "net.pth")
