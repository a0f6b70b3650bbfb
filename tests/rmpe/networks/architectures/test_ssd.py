"""The SSD networks: their anchors; what they compute is tested with their checkpoints."""

import itertools

import pytest
import torch

from rmpe.models.read import load_card
from rmpe.networks.architectures import build_architecture


def with_random_weights(card):
    """The adaptor with random weights, but outputs of a trained network's size."""
    generator = torch.Generator().manual_seed(0)
    module = build_architecture(card.architecture, **dict(card.parameters))
    weights = {}
    for name, value in module.state_dict().items():
        if value.dim() > 1:
            spread = (2.0 / value[0].numel()) ** 0.5
            weights[name] = spread * torch.randn(value.shape, generator=generator)
        elif name.endswith(("running_var", "scale_weight")) or name.endswith("1.weight"):
            weights[name] = torch.ones(value.shape)
        else:
            weights[name] = torch.zeros(value.shape, dtype=value.dtype)
    module.load_state_dict(weights, assign=True)
    module.eval()
    noise = torch.rand(1, 3, *card.input.size, generator=generator) - 0.5
    head = module.head
    with torch.no_grad():
        boxes, logits = module(noise / card.input.std[0])
        for part, spread in ((head.regression_head, 0.5 / boxes.std()),
                             (head.classification_head, 2.5 / logits.std())):  # fmt: skip
            for weight in part.parameters():
                weight *= spread
    return module


# As the paper's authors and those who follow them list them: pixels between anchors, and the
# smallest and largest size of the anchors of each level, in pixels.
PUBLISHED = {
    "ssd300_vgg16_voc": (
        [8, 16, 32, 64, 100, 300],
        [30, 60, 111, 162, 213, 264, 315],
    ),
    "ssd300_vgg16_coco": (
        [8, 16, 32, 64, 100, 300],
        [21, 45, 99, 153, 207, 261, 315],
    ),
    "ssd512_vgg16_voc": (
        [8, 16, 32, 64, 128, 256, 512],
        [35.84, 76.8, 153.6, 230.4, 307.2, 384.0, 460.8, 537.65],
    ),
    "ssd512_vgg16_coco": (
        [8, 16, 32, 64, 128, 256, 512],
        [20.48, 51.2, 133.12, 215.04, 296.96, 378.88, 460.8, 542.72],
    ),
}


def published_anchors(steps, sizes, image):
    """(A, 4) by section 2.2 of the paper: center, width and height, in fractions, clipped."""
    anchors = []
    flat = [2] * 1 + [3] * (len(steps) - 3) + [2] * 2
    for step, smaller, larger, ratio in zip(steps, sizes, sizes[1:], flat, strict=False):
        between = (smaller * larger) ** 0.5
        shapes = [(smaller, smaller), (between, between)]
        for r in range(2, ratio + 1):
            shapes += [(smaller * r**0.5, smaller / r**0.5), (smaller / r**0.5, smaller * r**0.5)]
        # 300 is no multiple of 8, 16, 32, 64: the last place of each level is cut off.
        cells = -(-image // step) if step < 100 else image // step
        for row, column in itertools.product(range(cells), repeat=2):
            center = ((column + 0.5) * step / image, (row + 0.5) * step / image)
            anchors += [(*center, min(w / image, 1), min(h / image, 1)) for w, h in shapes]
    return torch.tensor(anchors)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_anchors_are_the_published_ones(name):
    card = load_card(name)
    steps, sizes = PUBLISHED[name]
    want = published_anchors(steps, sizes, card.input.size[0])
    module = build_architecture(card.architecture, **dict(card.parameters))
    found = module.anchors(card.input.size)
    assert len(found) == {300: 8732, 512: 24564}[card.input.size[0]]
    found = torch.cat([(found[:, :2] + found[:, 2:]) / 2, found[:, 2:] - found[:, :2]], dim=1)
    torch.testing.assert_close(found, want, atol=1e-4, rtol=0)
