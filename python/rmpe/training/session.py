"""A training run from its files: configuration, data, output folder."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist

from ..networks.precision import choose_precision
from ..output_file import write_atomically
from ..outputs.lock import locked, opened
from ..toml_file import TomlError, read_text
from .checkpoint import CheckpointError, brief, read_checkpoint
from .config import ConfigError
from .loop import CHECKPOINT, train
from .overfit import shortened
from .read import parse_config
from .run import Run, read_trained
from .schedule import Schedule
from .task import Task, task_class
from .trial import check_sizes

__all__ = ["Prepared", "load_task", "prepare", "train_from_config"]


def load_task(
    path: Path, *, data: Path, cache: Path, overfit: int | None = None
) -> tuple[str, Task]:
    """Read a configuration, and load the data that it names.

    Parameters
    ----------
    path : Path
        The configuration; see `rmpe.training.config`.
    data, cache : Path
        Folders: of the data, and of decoded photographs.
    overfit : int, optional
        Train on so many samples only, without augmentation, by a short copy of the schedule, and
        measure on them.

    Returns
    -------
    text : str
        Of the configuration.
    task : Task

    Raises
    ------
    ConfigError, ValueError, OSError
        Where something cannot be read.
    """
    try:
        text = read_text(path, "configuration")
    except TomlError as error:
        raise ConfigError(str(error)) from None
    config = parse_config(text, str(path))
    try:
        check_sizes(config)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if overfit is not None:
        config = shortened(config, overfit)
    cache = cache.expanduser()
    task = task_class(config.task)(
        config, data=data, cache=cache, folder=path.parent, overfit=overfit
    )
    return text, task


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run before its next step.

    Attributes
    ----------
    run : Run
    task : Task
    schedule : Schedule
    stop : int
        The step before which it ends.
    origin : str
        Where its weights come from, for people.
    summary : list of str
        What it is trained on, and which trained weights it begins with, for people.
    """

    run: Run
    task: Task
    schedule: Schedule
    stop: int
    origin: str
    summary: list[str]

    @property
    def complete(self) -> str:
        """That nothing is left to train, where it is so, for people."""
        if self.run.step < self.stop:
            return ""
        samples = self.run.step * self.task.config.batch_size
        return f"the run is complete, with {samples:,} samples; nothing is left to train"


def prepare(
    path: Path,
    *,
    data: Path,
    cache: Path,
    out: Path | None = None,
    resume: bool = False,
    start: Path | None = None,
    weights: Path | None = None,
    phase: str | None = None,
    samples: int | None = None,
    overfit: int | None = None,
) -> Prepared:
    """Read all that `train_from_config` takes, and write nothing.

    Parameters
    ----------
    path, data, cache, out, resume, start, weights, phase, samples, overfit
        As `train_from_config` takes them; without ``out`` there is no run to go on with.

    Raises
    ------
    ConfigError, CheckpointError, OSError, ValueError
        Where the run could not begin.
    """
    checkpoint = None if out is None else out / CHECKPOINT
    if checkpoint is not None and os.path.exists(checkpoint) and not resume:
        raise CheckpointError(
            f"{out} holds a run already; go on with --resume, or choose another folder"
        )
    origin, state = "with new weights", None
    if resume and checkpoint is not None:
        origin, state = f"from the checkpoint in {out}", read_checkpoint(checkpoint)
    elif start is not None:
        if start.suffix in (".toml", ".safetensors"):
            raise CheckpointError(f"--from needs a checkpoint; --weights takes {start}")
        origin, state = f"with weights and optimizer of {start}", read_checkpoint(start)
    text, task = load_task(path, data=data, cache=cache, overfit=overfit)
    config = task.config
    schedule = Schedule(config.phase, config.batch_size)
    first_step = 0 if phase is None else schedule.first_step(phase)
    # Networks of ours draw nothing while they train, others may.
    torch.manual_seed(config.seed)
    run = Run(config, text, task.network(), step=first_step, overfit=overfit, sources=task.contents)
    if state is not None:
        (run.resume if resume else run.start_from)(state)
    summary = task.summary()
    if state is None and weights is not None:
        origin = f"with the weights of {weights}"
        summary.append(f"from {weights}: {_adopt(task, run, weights)}")
    last = schedule.steps if samples is None else -(-samples // config.batch_size)
    stop = min(last, schedule.steps)
    if not resume and run.step >= stop:
        raise ValueError(
            f"--samples must be more than the {run.step * config.batch_size:,} after which phase "
            f"{phase} begins, got {samples}"
        )
    return Prepared(run, task, schedule, stop, origin, summary)


def train_from_config(
    path: Path,
    *,
    data: Path,
    cache: Path,
    out: Path,
    resume: bool = False,
    start: Path | None = None,
    weights: Path | None = None,
    phase: str | None = None,
    samples: int | None = None,
    overfit: int | None = None,
    workers: int = 1,
    report: Callable[[str], object] = print,
) -> signal.Signals | None:
    """Train as a configuration says.

    Parameters
    ----------
    path, data, cache, overfit
        As `load_task` takes them.
    out : Path
        Folder of the run.
    resume : bool
        Go on from the checkpoint in ``out``.
    start : Path, optional
        A checkpoint whose weights and optimizer a new run begins with.
    weights : Path, optional
        A checkpoint, a safetensors file or a model card whose weights alone a new run begins with.
    phase : str, optional
        Where a new run begins.
    samples : int, optional
        Stop after so many in all.
    workers : int
        Threads that make batches.
    report : callable
        Gets each line for people.

    Returns
    -------
    signal.Signals or None
        What interrupted the run.

    Raises
    ------
    ConfigError, CheckpointError, TrainingError, OSError, ValueError
        Where it cannot begin or go on.
    rmpe.outputs.errors.OutputError
        The folder cannot be written to, or another run writes into it.
    """
    with _processes() as rank, _locked(out, rank, report):
        found = prepare(
            path, data=data, cache=cache, out=out, resume=resume, start=start, weights=weights,
            phase=phase, samples=samples, overfit=overfit,
        )  # fmt: skip
        run, task = found.run, found.task
        if found.complete:
            if rank == 0:
                report(found.complete)
            return None
        if rank == 0:
            write_atomically(out / "config.toml", lambda file: file.write(run.text.encode()))
            for line in [*found.summary, _precision(run)]:
                report(line)
        return train(
            run, task, found.schedule, out, workers=workers, last_step=found.stop, report=report
        )


def _precision(run: Run) -> str:
    """What the run computes in, and why, where the reason is not at hand."""
    own = choose_precision(run.config.precision)
    if run.precision == own:
        return f"precision: {run.precision}"
    return f"precision: {run.precision}, as the run began; on this processor it would be {own}"


def _adopt(task: Task, run: Run, weights: Path) -> str:
    """Begin with trained weights; what was taken of them."""
    trained = read_trained(weights)
    try:
        task.adopt(run.average.network, trained)
        return task.adopt(run.network, trained)
    except RuntimeError as error:
        raise CheckpointError(f"{weights} is of another network: {brief(error)}") from None


@contextmanager
def _locked(out: Path, rank: int, report: Callable[[str], object]) -> Iterator[None]:
    """Keep other runs out of the folder; of the processes of one run, the first does."""
    if rank:
        yield
        return
    with opened(out) as directory, locked(out, directory, report):
        yield


@contextmanager
def _processes() -> Iterator[int]:
    """Join the processes that torchrun started; this one's rank, which is 0 without it."""
    if "WORLD_SIZE" not in os.environ:
        yield 0
        return
    dist.init_process_group("gloo")
    try:
        yield dist.get_rank()
    finally:
        dist.destroy_process_group()
