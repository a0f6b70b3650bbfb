"""One step of training, and the state that it leaves."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from rmpe.training.checkpoint import CheckpointError
from rmpe.training.muon import MuonForConvolutions
from rmpe.training.optimization import MovingAverage
from rmpe.training.run import Run, take_step
from rmpe.training.schedule import Schedule

from .material import equal


@pytest.fixture
def make(task):
    return task.batches(Schedule(task.config.phase, 4), 0, 1)


def new_run(task, text="text"):
    return Run(task.config, text, task.network())


def changed(task, **changes):
    """The task with another optimizer."""
    task.config = replace(task.config, optimizer=replace(task.config.optimizer, **changes))
    return task


def copy(state):
    return {
        key: copy(value) if isinstance(value, dict)
        else value.clone() if isinstance(value, torch.Tensor) else value
        for key, value in state.items()
    }  # fmt: skip


def test_weights_depend_on_the_seed_alone(task):
    torch.manual_seed(5)
    first = task.network().state_dict()
    torch.rand(3)
    assert equal(first, task.network().state_dict())
    task.config = replace(task.config, seed=1)
    assert not equal(first, task.network().state_dict())


@pytest.mark.parametrize("kind", ["adamw", "muon", "rmsprop"])
def test_steps_lower_the_loss_of_a_batch(task, make, kind):
    run, batch = new_run(changed(task, kind=kind)), make(0)
    losses = [take_step(run, task, run.network, batch, 2e-3)[0] for _ in range(25)]
    assert losses[-1] < 0.9 * losses[0] < 1
    assert run.step == 25 and run.average.updates == 25


def test_a_step_without_a_finite_gradient_is_not_taken(task, make):
    run = new_run(task)
    take_step(run, task, run.network, make(0), 1e-3)
    before = copy(run.network.state_dict()), copy(run.average.network.state_dict())
    batch = make(1)
    batch.crops[0, 0, 0, 0] = math.nan
    loss, _ = take_step(run, task, run.network, batch, 1e-3)
    assert math.isnan(loss) and (run.skipped, run.step) == (1, 2)
    # The running statistics of batch norm have seen the NaN, too.
    assert equal(before, (run.network.state_dict(), run.average.network.state_dict()))
    assert math.isfinite(take_step(run, task, run.network, make(2), 1e-3)[0])


def test_nobody_labeled_in_a_batch_is_a_step_of_loss_0(task, make):
    run, batch = new_run(task), make(0)
    batch = replace(batch, labeled=torch.zeros_like(batch.labeled), joints=0)
    assert take_step(run, task, run.network, batch, 1e-3)[0] == 0 and run.skipped == 0


def test_the_gradient_is_held_to_its_limit(task, make):
    run = new_run(changed(task, kind="rmsprop", weight_decay=0.0, clip=1e-12))
    before = copy(run.network.state_dict())
    take_step(run, task, run.network, make(0), 1.0)
    # RMSprop divides by the gradient's size, but never by less than 1e-8.
    for name, value in run.network.named_parameters():
        assert (value - before[name]).abs().max() < 1e-3


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_a_restored_run_goes_on_bit_for_bit(task, make, kind):
    run = new_run(changed(task, kind=kind))
    for step in range(3):
        take_step(run, task, run.network, make(step), 1e-3)
    state = copy(run.state())
    state["optimizer"] = copy(run.optimizer.state_dict())
    state["optimizer"]["state"] = {
        k: copy(v) for k, v in run.optimizer.state_dict()["state"].items()
    }
    other = new_run(task)
    other.resume(state)
    for step in (3, 4):
        assert (
            take_step(run, task, run.network, make(step), 1e-3)[0]
            == (take_step(other, task, other.network, make(step), 1e-3)[0])
        )
    assert equal(run.network.state_dict(), other.network.state_dict())
    assert equal(run.average.network.state_dict(), other.average.network.state_dict())


def test_muon_moves_a_convolutions_weight_equally_in_all_directions():
    torch.manual_seed(0)
    layer = nn.Conv2d(6, 8, 3).to(memory_format=torch.channels_last)
    before = layer.weight.detach().clone()
    optimizer = MuonForConvolutions(layer, weight_decay=0.0)
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    layer(torch.rand(2, 6, 9, 9)).square().sum().backward()
    optimizer.step()
    sizes = torch.linalg.svdvals((layer.weight.detach() - before).flatten(1))
    # The iteration leaves singular values between about .7 and 1.2 of the scale.
    scale = 0.1 * 0.2 * math.sqrt(6 * 3 * 3)
    assert ((sizes > 0.5 * scale) & (sizes < 1.5 * scale)).all()
    optimizer.zero_grad()
    assert all(p.grad is None for p in layer.parameters())


def test_a_checkpoint_of_another_optimizer_is_refused(task, make):
    state = trained(task, make)
    with pytest.raises(CheckpointError, match="muon must have finite momentum_buffer"):
        new_run(changed(task, kind="muon")).start_from(state)


def test_checkpoints_of_another_configuration_or_network_are_refused(task):
    state = new_run(task).state()
    with pytest.raises(CheckpointError, match="written with another configuration"):
        new_run(task, "another").resume(state)
    network = task.config.network
    wide = replace(network, parameters=network.parameters | {"stem": 9})
    task.config = replace(task.config, network=wide)
    with pytest.raises(CheckpointError, match="of another network"):
        new_run(task).start_from(state)
    # Hundreds of weights are missing, and a few are named.
    message = "^the checkpoint is of another network: [^\n]{,300}$"
    with pytest.raises(CheckpointError, match=message):
        new_run(task).start_from(state | {"network": {}})


def test_the_average_moves_slowly_once_it_has_begun(task):
    network = task.network()
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


def trained(task, make):
    """The state of a run after a step, every time anew."""
    run = new_run(task)
    take_step(run, task, run.network, make(0), 1e-3)
    return copy(run.state())


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state["network"].update({"stem.0.0.weight": torch.full((8, 3, 3, 3), math.nan)}),
        lambda state: state["average"].update({"stem.0.0.weight": torch.zeros(8, 3, 3, 3).cfloat()}),
        lambda state: state["average"].update({"stem.0.0.weight": torch.zeros(8, 3, 3, 3).to_sparse()}),
        lambda state: state["network"].update({"stem.0.0.weight": torch.zeros(8, 3, 3, 3, device="meta")}),
        lambda state: state["network"].pop("stem.0.0.weight"),
        lambda state: state["optimizer"]["state"].update({0: "x"}),
        lambda state: state["optimizer"]["state"].update({0: {}}),
        lambda state: state["optimizer"]["state"].update({10**6: state["optimizer"]["state"][0]}),
        lambda state: state["optimizer"]["state"][0].update({"exp_avg": torch.zeros(1, 1, 2)}),
        lambda state: state["optimizer"]["state"][0].update({"step": "x"}),
        lambda state: state["optimizer"]["state"][0]["exp_avg_sq"].fill_(math.nan),
    ],
)  # fmt: skip
def test_a_checkpoint_that_does_not_fit_is_refused(task, make, change):
    state = trained(task, make)
    change(state)
    with pytest.raises(CheckpointError, match="the checkpoint is of another"):
        new_run(task).start_from(state)


def test_the_optimizers_settings_are_those_of_the_new_configuration(task, make):
    state = trained(task, make)
    run = new_run(changed(task, weight_decay=0.5))
    run.start_from(state)
    assert [group["weight_decay"] for group in run.optimizer.param_groups] == [0.5, 0.0]
    assert equal(run.optimizer.state_dict()["state"], state["optimizer"]["state"])
