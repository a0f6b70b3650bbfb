"""The small hourglass of plain convolutions."""

import pytest
import torch

from rmpe.networks.architectures import architecture_builder
from rmpe.networks.architectures.basic_hourglass import BasicHourglass

WIDTHS = (8, 12, 16, 16)


def test_training_sees_every_stack_and_use_the_last():
    torch.manual_seed(0)
    network = BasicHourglass(5, stacks=3, widths=WIDTHS, stem=8).eval()
    images = torch.rand(2, 3, 64, 96)
    maps = network(images)
    assert maps.shape == (2, 3, 5, 16, 24)
    network.intermediate = False
    assert network(images).equal(maps[:, -1])


def test_the_builder_of_cards_makes_the_same_network():
    numbers = dict(zip(("width_4", "width_8", "width_16", "width_32"), WIDTHS, strict=True))
    built = architecture_builder("basic_hourglass")(5, stacks=2, stem=8, **numbers)
    names = BasicHourglass(5, widths=WIDTHS, stem=8).state_dict().keys()
    assert built.state_dict().keys() == names and not built.intermediate


def test_its_places_are_those_of_the_mirrored_image_in_a_mirror():
    # With kernels that are mirrored themselves, mirrored images must give mirrored maps: no layer
    # looks further to one side than to the other.
    torch.manual_seed(0)
    network = BasicHourglass(3, widths=WIDTHS, stem=8).double().eval()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.copy_((module.weight + module.weight.flip(3)) / 2)
    images = torch.rand(1, 3, 64, 96, dtype=torch.float64)
    torch.testing.assert_close(network(images.flip(3)), network(images).flip(4))


def test_the_initial_maps_are_all_but_blank():
    network = BasicHourglass(17).train()
    maps = network(torch.randn(2, 3, 64, 64))
    assert maps.abs().max() < 0.2


@pytest.mark.parametrize("shape", [(1, 3, 64, 50), (1, 1, 64, 64), (3, 64, 64), (1, 3, 0, 64)])
def test_other_shapes_are_refused(shape):
    network = BasicHourglass(5, widths=WIDTHS)
    with pytest.raises(ValueError, match="images must be .* multiples of 32, got"):
        network(torch.zeros(shape))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"joints": 0}, "joints must be at least 1, got 0"),
        ({"stem": 0}, "stem must be at least 1"),
        ({"widths": (8,)}, "widths must be two or more"),
        ({"widths": (8, 0)}, "widths must be at least 1"),
    ],
)
def test_sizes_without_meaning_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        BasicHourglass(**({"joints": 5} | changes))
