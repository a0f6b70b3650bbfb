"""Which phase a step is in, and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .config import Phase

__all__ = ["Schedule", "Stage"]


@dataclass(frozen=True)
class Stage:
    """A phase in steps: from ``first`` up to, not including, ``last``."""

    phase: Phase
    first: int
    last: int


class Schedule:
    """The phases of a run, one after the other.

    Parameters
    ----------
    phases : sequence of Phase
    batch_size : int
        Samples of a step.

    Examples
    --------
    >>> phase = Phase("main", 3200, (192, 128), rate=1e-3, curve="linear", warmup=320)
    >>> schedule = Schedule([phase], batch_size=32)
    >>> schedule.steps, schedule.rate(4), schedule.rate(55)
    (100, 0.0005, 0.0005)
    """

    def __init__(self, phases: Sequence[Phase], batch_size: int) -> None:
        self.stages: list[Stage] = []
        first = 0
        for phase in phases:
            last = first + math.ceil(phase.samples / batch_size)
            self.stages.append(Stage(phase, first, last))
            first = last
        self.steps = first
        self._batch_size = batch_size

    def stage(self, step: int) -> Stage:
        """The phase of a step."""
        return next(stage for stage in self.stages if step < stage.last)

    def size(self, step: int) -> tuple[int, int]:
        """Height and width of the crops of a step."""
        return self.stage(step).phase.size

    def rate(self, step: int) -> float:
        """Learning rate of a step."""
        stage = self.stage(step)
        phase, done = stage.phase, step - stage.first
        warmup = phase.warmup // self._batch_size
        if done < warmup:
            return phase.rate * (done + 1) / warmup
        share = (done - warmup) / max(1, stage.last - stage.first - warmup)
        if phase.curve == "constant":
            return phase.rate
        if phase.curve == "cosine":
            share = (1 - math.cos(math.pi * share)) / 2
        return phase.rate + (phase.end_rate - phase.rate) * share

    def first_step(self, name: str) -> int:
        """Where a phase begins; raises ValueError where there is none of this name."""
        for stage in self.stages:
            if stage.phase.name == name:
                return stage.first
        names = ", ".join(stage.phase.name for stage in self.stages)
        raise ValueError(f"phase must be one of {names}, got {name!r}")
