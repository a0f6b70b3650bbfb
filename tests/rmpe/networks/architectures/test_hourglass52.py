"""The hourglass of basic residual blocks; what it computes is tested with its checkpoints."""

import pytest
import torch

from rmpe.networks.architectures.hourglass52 import Hourglass52


@pytest.mark.parametrize(
    "shape", [(1, 3, 64, 128), (1, 1, 128, 128), (3, 128, 128), (1, 3, 0, 128)]
)
def test_other_sizes_are_refused(shape):
    with torch.device("meta"):
        network = Hourglass52(17)
    with pytest.raises(ValueError, match=r"multiples of 128, got \(" + ", ".join(map(str, shape))):
        network(torch.zeros(shape, device="meta"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"joints": 0}, "joints must be at least 1, got 0"),
        ({"stacks": 0}, "stacks must be at least 1, got 0"),
    ],
)
def test_impossible_shapes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Hourglass52(**{"joints": 17, **options})
