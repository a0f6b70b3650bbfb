"""What the loop asks of whatever is trained."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import nn

from .config import Phase, TrainingConfig
from .schedule import Schedule

__all__ = ["TASKS", "StepError", "Task", "task_class"]

# The task of a configuration -> the module and the class that know it.
TASKS = {"pose": ("pose.task", "PoseTask"), "detector": ("detector.task", "DetectorTask")}


class StepError(ValueError):
    """A step that a task refuses to take; the message says why."""


class Task(Protocol):
    """A kind of network, its samples, its loss and its measure.

    A batch is whatever `batches` makes and `loss` takes; so are the outputs, which `picture` takes.
    """

    config_class: ClassVar[type[TrainingConfig]]
    config: TrainingConfig

    @property
    def partial(self) -> bool:
        """Whether some weights rest in some phases."""
        ...

    def __init__(
        self, config: Any, *, data: Path, cache: Path, folder: Path, overfit: int | None = None
    ) -> None:
        """Load the data.

        Parameters
        ----------
        config : TrainingConfig
            Of ``config_class``.
        data, cache : Path
            Folders: that the configuration's paths start from, and of decoded photographs.
        folder : Path
            Of the configuration's own file.
        overfit : int, optional
            Train on so many samples only, without chance, and measure on them.
        """
        ...

    @property
    def contents(self) -> dict[str, str]:
        """What each file that is trained on holds, as far as a resumed run must find it again."""
        ...

    def summary(self) -> list[str]:
        """Say in lines what there is to train on."""
        ...

    def network(self) -> nn.Module:
        """Build the network, with weights that depend on the seed alone."""
        ...

    def batches(self, schedule: Schedule, rank: int, world: int) -> Callable[[int], Any]:
        """Make the function that makes a process's part of the batch of a step."""
        ...

    def loss(self, model: nn.Module, batch: Any) -> tuple[torch.Tensor, Any]:
        """Run the network; its loss, summed over this process and divided by the whole batch's
        share, and what it gave.

        Raises
        ------
        StepError
            Where the configuration forbids to go on with what the network gave.
        """
        ...

    def adopt(self, network: nn.Module, weights: dict[str, torch.Tensor]) -> str:
        """Fill a network with trained weights, or that part of it which they are for.

        Returns
        -------
        str
            What was taken, for people.

        Raises
        ------
        RuntimeError
            Where they do not fit.
        """
        ...

    def enter(self, network: nn.Module, phase: Phase, *, begins: bool) -> None:
        """Make the network ready for a phase, which begins, or goes on after an interruption."""
        ...

    def details(self, outputs: Any) -> dict[str, float]:
        """What else of a step is worth logging, beside the loss."""
        ...

    def picture(self, batch: Any, outputs: Any) -> torch.Tensor:
        """Show some samples and what the network makes of them, (3, H, W) in 0..1."""
        ...

    def export(self, folder: Path, name: str, network: nn.Module, size: tuple[int, int]) -> Path:
        """Write a model for an input of a size; the path of its card."""
        ...

    def validate(self, card: Path) -> dict[str, float]:
        """Measure a model; the best one goes by the first of the numbers."""
        ...


def task_class(name: str) -> type[Task]:
    """Import the class of one of `TASKS`."""
    module, cls = TASKS[name]
    found: type[Task] = getattr(importlib.import_module(f".{module}", __package__), cls)
    return found
