"""The RMPE module: what is frozen, what learns, and what it equals."""

import copy

import pytest
import torch

from rmpe.method.limits import Limits
from rmpe.method.parallel import RMPE
from rmpe.method.transformer import SpatialTransformer
from rmpe.networks.architectures.basic_hourglass import BasicHourglass
from rmpe.networks.architectures.hourglass import StackedHourglass
from rmpe.networks.architectures.localization import SmallLocalization

CROPS = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def sppe(kind="basic"):
    torch.manual_seed(0)
    if kind == "basic":
        return BasicHourglass(5, widths=(8, 8, 8, 8), stem=8)
    return StackedHourglass(5, stacks=2, features=8)


def module(kind="basic"):
    torch.manual_seed(1)
    stn = SpatialTransformer(SmallLocalization(4), Limits(), (32, 32), (64, 64))
    rmpe = RMPE(sppe(kind), stn)
    rmpe.start_parallel()
    return rmpe


def turn(rmpe):
    """Move the transformer away from the identity."""
    torch.nn.init.normal_(rmpe.transformer.localization.regress[-1].weight, std=0.5)
    return rmpe


@pytest.mark.parametrize("kind", ["basic", "stacked"])
def test_at_the_identity_it_is_its_pose_network(kind):
    rmpe = module(kind).eval()
    output = rmpe(CROPS)
    wanted = rmpe.sppe(CROPS)
    assert output.heatmaps.equal(wanted) and output.parallel.equal(wanted)
    assert output.theta.equal(torch.eye(2, 3).expand(4, -1, -1)) and output.limited == 0


def test_the_parallel_branch_is_frozen_bit_for_bit():
    rmpe = turn(module()).train()
    before = copy.deepcopy(rmpe.parallel.state_dict())
    others = copy.deepcopy(rmpe.sppe.state_dict())
    optimizer = torch.optim.AdamW([p for p in rmpe.parameters() if p.requires_grad], 1e-2)
    for _ in range(3):
        output = rmpe(CROPS)
        (output.heatmaps.square().mean() + (output.parallel - 1).square().mean()).backward()
        optimizer.step()
        optimizer.zero_grad()
    after = rmpe.parallel.state_dict()
    assert all(after[name].equal(value) for name, value in before.items())
    # The statistics of the branch that learns did move.
    changed = [name for name, v in rmpe.sppe.state_dict().items() if not v.equal(others[name])]
    assert any("running_mean" in name for name in changed)
    assert any(name.endswith("weight") for name in changed)


def test_the_transformer_learns_from_the_parallel_branch_alone():
    rmpe = turn(module()).train()
    (rmpe(CROPS).parallel - 1).square().mean().backward()
    assert all(p.grad is None for p in [*rmpe.sppe.parameters(), *rmpe.parallel.parameters()])
    gradients = [p.grad.abs().sum() for p in rmpe.transformer.parameters()]
    assert sum(gradient > 0 for gradient in gradients) > len(gradients) / 2


def test_without_the_branch_nothing_runs_in_it():
    rmpe = module()
    rmpe.branches = False
    rmpe.parallel.forward = None
    assert rmpe(CROPS).parallel is None


def test_the_branch_begins_as_the_pose_network_is_then():
    rmpe = module()
    with torch.no_grad():
        for parameter in rmpe.sppe.parameters():
            parameter += 1
    rmpe.start_parallel()
    theirs, ours = rmpe.sppe.state_dict(), rmpe.parallel.state_dict()
    assert all(ours[name].equal(value) for name, value in theirs.items())
    assert not any(p.requires_grad for p in rmpe.parallel.parameters())
    assert rmpe.sppe.training and not rmpe.parallel.training
    assert rmpe.train().parallel.training is False
