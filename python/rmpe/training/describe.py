"""What a run would do, before it does it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .run import take_step
from .session import Prepared

__all__ = ["describe"]

# Steps that are timed; the first one warms up and does not count.
_STEPS = 4


def describe(prepared: Prepared, report: Callable[[str], object] = print) -> None:
    """Say what a run would train on, from where to where, how fast and how long.

    A few steps are made and taken, with a learning rate of 0, and timed.

    Parameters
    ----------
    prepared : Prepared
        Serves for nothing else afterwards.
    report : callable
        Gets each line for people.
    """
    run, task, schedule = prepared.run, prepared.task, prepared.schedule
    config, network, begin = task.config, run.network, run.step
    for line in prepared.summary:
        report(line)
    parameters = sum(p.numel() for p in network.parameters())
    report(f"network: {config.network.architecture}, {parameters:,} parameters in training")
    report(f"precision: {run.precision}")
    samples = [step * config.batch_size for step in (begin, prepared.stop, schedule.steps)]
    report(
        "begins {} after {:,} samples, ends after {:,} of {:,}".format(prepared.origin, *samples)
    )
    make = task.batches(schedule, 0, 1)
    if prepared.complete:
        report(prepared.complete)
        return
    hours = 0.0
    for stage in schedule.stages:
        phase = stage.phase
        first, last = max(stage.first, begin), min(stage.last, prepared.stop)
        if first >= last:
            report(f"phase {phase.name}: none of its {phase.samples:,} samples")
            continue
        task.enter(network, phase, begins=first == stage.first)
        batches = iter([make(min(first + i, last - 1)) for i in range(_STEPS)])
        making = config.batch_size / _seconds(lambda: make(first))  # noqa: B023
        training = config.batch_size / _seconds(
            lambda: take_step(run, task, network, next(batches), 0.0)  # noqa: B023
        )
        whole = (first, last) == (stage.first, stage.last)
        left = phase.samples if whole else (last - first) * config.batch_size
        hours += left / training / 3600
        report(
            f"phase {phase.name}: {left:,} {'' if whole else f'of {phase.samples:,} '}samples in "
            f"{last - first:,} steps, {phase.size[0]}x{phase.size[1]}, rate {phase.rate:g}, "
            f"{phase.curve}; input {making:.0f} samples a second and thread, training "
            f"{training:.1f}"
        )
    report(f"in all {hours:.1f} hours at this speed, without validation")


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_STEPS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:]))
