"""The table of architectures, compared with the networks themselves."""

import pytest
import torch

from rmpe.networks.architectures import ARCHITECTURES, build_architecture


def refused(module, height, width):
    """Whether a network does not take an input, of which there is no more than the shape."""
    try:
        module(torch.empty(1, 3, height, width, device="meta"))
    except (ValueError, RuntimeError):
        return True
    return False


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_sizes_in_the_table_are_those_that_the_network_takes(name):
    row = ARCHITECTURES[name]
    numbers = {key: 10 if key in ("smallest", "second") else 2 for key in row.parameters}
    extra = {"pose": {"joints": 2}, "localization": {"outputs": 6}}.get(row.task, {})
    module = build_architecture(name, **numbers, **extra).eval()
    smallest = max(row.smallest, row.divisor)
    for more in (0, row.divisor):
        assert not refused(module, smallest + more, smallest + 2 * row.divisor)
    if row.divisor > 1:  # Half of it, or less, does not do.
        wrong = smallest + row.divisor // 2
        assert refused(module, wrong, smallest) and refused(module, smallest, wrong)
    if row.smallest > 1:
        assert refused(module, smallest - 1, smallest) and refused(module, smallest, smallest - 1)
