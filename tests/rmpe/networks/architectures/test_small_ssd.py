"""The small single-shot detector."""

import pytest
import torch

from rmpe.networks.architectures.small_ssd import SmallSSD

WIDTHS = (8, 8, 8, 8, 8)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SmallSSD(WIDTHS, neck=8).eval()


@pytest.mark.parametrize("size", [(128, 128), (256, 384)])
def test_every_anchor_has_a_box_and_two_scores(network, size):
    boxes, logits = network(torch.rand(2, 3, *size))
    anchors = network.anchors(size)
    places = sum((size[0] // stride) * (size[1] // stride) for stride in (8, 16, 32, 64, 128))
    assert anchors.shape == (6 * places, 4)
    assert boxes.shape == (2, 6 * places, 4) and logits.shape == (2, 6 * places, 2)


def test_anchors_go_through_the_levels_row_by_row(network):
    anchors = network.anchors((256, 384)) * torch.tensor([384, 256, 384, 256])
    centers = (anchors[:, :2] + anchors[:, 2:]) / 2
    places = centers[::6]
    assert places[0].tolist() == pytest.approx([4, 4])
    assert places[1].tolist() == pytest.approx([12, 4])
    assert places[48].tolist() == pytest.approx([4, 12])
    assert places[32 * 48].tolist() == pytest.approx([8, 8])  # the next level
    assert places[-1].tolist() == pytest.approx([320, 192])


def test_anchors_have_the_sizes_and_ratios_of_people(network):
    anchors = network.anchors((256, 256)) * 256
    sides = anchors[:, 2:] - anchors[:, :2]
    sizes = sides.prod(dim=1).sqrt()
    assert sizes.min() == pytest.approx(16) and sizes.max() == pytest.approx(3.2 * 128, rel=1e-5)
    ratios = (sides[:, 0] / sides[:, 1]).unique()
    assert ratios.min() == pytest.approx(0.3, rel=1e-4) and ratios.max() == pytest.approx(1)


def test_training_begins_with_few_people(network):
    _, logits = network(torch.rand(1, 3, 128, 128))
    assert logits.softmax(2)[..., 1].mean().item() == pytest.approx(0.01, rel=0.2)


@pytest.mark.parametrize("shape", [(1, 3, 128, 100), (1, 1, 128, 128), (3, 128, 128)])
def test_other_shapes_are_refused(network, shape):
    with pytest.raises(ValueError, match="images must be .* multiples of 128, got"):
        network(torch.zeros(shape))


def test_widths_are_five():
    with pytest.raises(ValueError, match="widths must be five"):
        SmallSSD((8, 8), neck=8)
