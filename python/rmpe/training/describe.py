"""What a configuration would do, before it does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .run import Run, take_step
from .schedule import Schedule
from .session import load_task

__all__ = ["describe"]

# Steps that are timed; the first one warms up and does not count.
_STEPS = 4


def describe(path: Path, *, data: Path, cache: Path, overfit: int | None = None) -> None:
    """Print what a configuration would train on, how fast and how long.

    A few steps are made and taken, with a learning rate of 0, and timed.

    Parameters
    ----------
    path, data, cache, overfit
        As `rmpe.training.session.load_task` takes them.

    Raises
    ------
    ConfigError, ValueError, OSError
        Where training could not begin either.
    """
    text, task = load_task(path, data=data, cache=cache, overfit=overfit)
    config, network = task.config, task.network()
    print("\n".join(task.summary()))
    parameters = sum(p.numel() for p in network.parameters())
    print(f"network: {config.network.architecture}, {parameters:,} parameters")
    run = Run(config, text, network)
    print(f"precision: {run.precision}")
    schedule = Schedule(config.phase, config.batch_size)
    make = task.batches(schedule, 0, 1)
    hours = 0.0
    for stage in schedule.stages:
        phase = stage.phase
        task.enter(network, phase, begins=True)
        batches = iter([make(stage.first + i) for i in range(_STEPS)])
        making = config.batch_size / _seconds(lambda: make(stage.first))  # noqa: B023
        training = config.batch_size / _seconds(
            lambda: take_step(run, task, network, next(batches), 0.0)  # noqa: B023
        )
        hours += phase.samples / training / 3600
        print(
            f"phase {phase.name}: {phase.samples:,} samples in {stage.last - stage.first:,} steps, "
            f"{phase.size[0]}x{phase.size[1]}, rate {phase.rate:g}, {phase.curve}; "
            f"input {making:.0f} samples a second and thread, training {training:.1f}"
        )
    print(f"in all {hours:.1f} hours at this speed, without validation")


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_STEPS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:]))
