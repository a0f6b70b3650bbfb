"""One step of training, and the state that it leaves."""

import math
from dataclasses import replace

import pytest
import torch

from rmpe.training.batches import BatchMaker
from rmpe.training.checkpoint import CheckpointError
from rmpe.training.networks import MovingAverage, build_network
from rmpe.training.run import Run, take_step

from .material import equal


@pytest.fixture
def make(config, people):
    return BatchMaker(config, [people], lambda step: (64, 64))


def new_run(config, text="text"):
    return Run(config, text, build_network(config.network, 17, config.seed))


def copy(state):
    return {
        key: copy(value) if isinstance(value, dict)
        else value.clone() if isinstance(value, torch.Tensor) else value
        for key, value in state.items()
    }  # fmt: skip


def test_weights_depend_on_the_seed_alone(config):
    torch.manual_seed(5)
    first = build_network(config.network, 17, 1).state_dict()
    torch.rand(3)
    assert equal(first, build_network(config.network, 17, 1).state_dict())
    assert not equal(first, build_network(config.network, 17, 2).state_dict())


@pytest.mark.parametrize("kind", ["adamw", "rmsprop"])
def test_steps_lower_the_loss_of_a_batch(config, make, kind):
    config = replace(config, optimizer=replace(config.optimizer, kind=kind))
    run, batch = new_run(config), make(0)
    losses = [take_step(run, run.network, batch, 2e-3)[0] for _ in range(25)]
    assert losses[-1] < 0.9 * losses[0] < 1
    assert run.step == 25 and run.average.updates == 25


def test_a_step_without_a_finite_gradient_is_not_taken(config, make):
    run = new_run(config)
    take_step(run, run.network, make(0), 1e-3)
    before = copy(run.network.state_dict()), copy(run.average.network.state_dict())
    batch = make(1)
    batch.crops[0, 0, 0, 0] = math.nan
    loss, _ = take_step(run, run.network, batch, 1e-3)
    assert math.isnan(loss) and (run.skipped, run.step) == (1, 2)
    # The running statistics of batch norm have seen the NaN, too.
    assert equal(before, (run.network.state_dict(), run.average.network.state_dict()))
    assert math.isfinite(take_step(run, run.network, make(2), 1e-3)[0])


def test_nobody_labeled_in_a_batch_is_a_step_of_loss_0(config, make):
    run, batch = new_run(config), make(0)
    batch = replace(batch, labeled=torch.zeros_like(batch.labeled), joints=0)
    assert take_step(run, run.network, batch, 1e-3)[0] == 0 and run.skipped == 0


def test_the_gradient_is_held_to_its_limit(config, make):
    config = replace(
        config, optimizer=replace(config.optimizer, kind="rmsprop", weight_decay=0.0, clip=1e-12)
    )
    run = new_run(config)
    before = copy(run.network.state_dict())
    take_step(run, run.network, make(0), 1.0)
    # RMSprop divides by the gradient's size, but never by less than 1e-8.
    for name, value in run.network.named_parameters():
        assert (value - before[name]).abs().max() < 1e-3


def test_a_restored_run_goes_on_bit_for_bit(config, make):
    run = new_run(config)
    for step in range(3):
        take_step(run, run.network, make(step), 1e-3)
    state = copy(run.state())
    state["optimizer"] = copy(run.optimizer.state_dict())
    state["optimizer"]["state"] = {
        k: copy(v) for k, v in run.optimizer.state_dict()["state"].items()
    }
    other = new_run(config)
    other.resume(state)
    for step in (3, 4):
        assert (
            take_step(run, run.network, make(step), 1e-3)[0]
            == (take_step(other, other.network, make(step), 1e-3)[0])
        )
    assert equal(run.network.state_dict(), other.network.state_dict())
    assert equal(run.average.network.state_dict(), other.average.network.state_dict())


def test_checkpoints_of_another_configuration_or_network_are_refused(config):
    state = new_run(config).state()
    with pytest.raises(CheckpointError, match="written with another configuration"):
        new_run(config, "another").resume(state)
    wide = replace(
        config, network=replace(config.network, parameters=config.network.parameters | {"stem": 9})
    )
    with pytest.raises(CheckpointError, match="of another network"):
        new_run(wide).start_from(state)


def test_the_average_moves_slowly_once_it_has_begun(config):
    network = build_network(config.network, 17, 0)
    average = MovingAverage(network, decay=0.9)
    weight = next(network.parameters())
    start = weight.detach().clone()
    with torch.no_grad():
        weight += 1
    average.update()
    ours = next(average.network.parameters())
    torch.testing.assert_close(ours, start + 1 - 2 / 11)
    for _ in range(200):
        average.update()
    torch.testing.assert_close(ours, start + 1)
    average.updates = 10_000
    with torch.no_grad():
        weight += 1
    average.update()
    torch.testing.assert_close(ours, start + 1.1)
