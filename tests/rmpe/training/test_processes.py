"""Two processes that train one network."""

import os
import signal
from dataclasses import replace

import pytest
import torch
import torch.multiprocessing as mp
from torch import nn

from rmpe.training.checkpoint import read_checkpoint
from rmpe.training.loop import train
from rmpe.training.run import Run, take_step
from rmpe.training.schedule import Schedule

from .material import equal


class Plain(nn.Module):
    """Without batch norm, by which each process normalizes its own samples."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.Tanh(), nn.Conv2d(8, 17, 1))

    def forward(self, images):
        return self.layers(images)[:, None]


class Normalized(Plain):
    """With one batch norm that sees the crops themselves, and one that is frozen."""

    def __init__(self):
        super().__init__()
        self.layers.insert(0, nn.BatchNorm2d(3))
        self.frozen = nn.BatchNorm2d(3).requires_grad_(False)
        self.frozen.running_mean.fill_(0.1)

    def train(self, mode=True):
        super().train(mode)
        self.frozen.eval()
        return self

    def forward(self, images):
        return super().forward(self.frozen(images))


def steps(task, rank, world, network=Plain):
    """Losses and weights of three steps of one process."""
    torch.manual_seed(0)
    optimizer = replace(task.config.optimizer, kind="rmsprop")
    run = Run(replace(task.config, optimizer=optimizer), "text", network())
    model = run.network
    if world > 1:
        model = nn.parallel.DistributedDataParallel(model)
    make = task.batches(Schedule(task.config.phase, 4), rank, world)
    losses = [take_step(run, task, model, make(step), 1e-3)[0] for step in range(3)]
    return losses, run.network.state_dict()


def one_of_two(rank, task, folder):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    torch.save(steps(task, rank, 2), folder / f"{rank}.pt")
    torch.save(steps(task, rank, 2, Normalized)[1], folder / f"normalized-{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_take_the_steps_of_one(task, tmp_path):
    losses, weights = steps(task, 0, 1)
    mp.spawn(one_of_two, (task, tmp_path), nprocs=2)
    for rank in (0, 1):
        their_losses, their_weights = torch.load(tmp_path / f"{rank}.pt")
        assert their_losses == pytest.approx(losses, rel=1e-5)
        for name, value in weights.items():
            torch.testing.assert_close(their_weights[name], value, atol=1e-6, rtol=1e-4)
    # Statistics are of the samples of both processes, and the same in both.
    _, weights = steps(task, 0, 1, Normalized)
    first, second = (torch.load(tmp_path / f"normalized-{rank}.pt") for rank in (0, 1))
    assert equal(first, second)
    torch.testing.assert_close(first["layers.0.running_mean"], weights["layers.0.running_mean"])
    variance = "layers.0.running_var"
    # Where samples differ on average, halves of them vary less than all of them.
    torch.testing.assert_close(first[variance], weights[variance], atol=0, rtol=0.2)
    assert equal(first["frozen.running_mean"], torch.full((3,), 0.1))


class Signalled(Plain):
    """Gets SIGTERM in its second step."""

    calls = 0

    def forward(self, images):
        self.calls += 1
        if self.calls == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().forward(images)


def second_is_signalled(rank, task, folder):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    torch.manual_seed(0)
    run = Run(task.config, "text", Signalled() if rank else Plain())
    interrupted = train(run, task, Schedule(task.config.phase, 4), folder, last_step=3)
    torch.save([int(interrupted or 0), run.step], folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_a_signal_to_one_of_two_processes_stops_both_after_the_step(task, tmp_path):
    mp.spawn(second_is_signalled, (task, tmp_path), nprocs=2)
    for rank in (0, 1):
        assert torch.load(tmp_path / f"{rank}.pt") == [int(signal.SIGTERM), 2]
    assert read_checkpoint(tmp_path / "checkpoint.pt")["step"] == 2
