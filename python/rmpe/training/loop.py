"""The training loop: from the first step of a run, or the next one, to the end."""

from __future__ import annotations

import errno
import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ..datasets.dataset import DatasetError
from ..errors import ModelError
from ..inputs.images import ImageError
from ..interrupts import stop_signals
from .checkpoint import write_checkpoint
from .prefetch import prefetch
from .reports import Reports
from .run import Run, take_step
from .schedule import Schedule
from .task import StepError, Task

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["CHECKPOINT", "TrainingError", "train"]

CHECKPOINT = "checkpoint.pt"
# Of the model that the moving average is.
_CARD = "average.toml"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# So many steps in a row without a finite gradient are no accident.
_MOST_SKIPPED = 50

T = TypeVar("T")


class TrainingError(RuntimeError):
    """Training cannot go on; the message says why."""


def train(
    run: Run,
    task: Task,
    schedule: Schedule,
    folder: Path,
    *,
    workers: int = 1,
    last_step: int | None = None,
    report: Callable[[str], object] = print,
) -> signal.Signals | None:
    """Train to the end, and keep checkpoints in a folder.

    Where several processes train together, only the first writes and measures, and all stop at the
    same step.

    Parameters
    ----------
    run : Run
        New, or resumed.
    task : Task
    schedule : Schedule
    folder : Path
        Gets the checkpoint, the models ``average`` and ``best`` (of the moving average),
        ``log.jsonl`` and TensorBoard's files.
    workers : int
        Threads that make batches.
    last_step : int, optional
        Where to stop before the end of the schedule.
    report : callable
        Gets each line for people.

    Returns
    -------
    signal.Signals or None
        What interrupted it (SIGINT, SIGTERM or SIGHUP), the checkpoint being written.

    Raises
    ------
    TrainingError
        Where the gradient is not finite many times in a row, or never was, or the task refuses a
        step; where the last checkpoint cannot be written, or no model at all could be. A checkpoint
        that fails before is reported, and the one before it stays.
    """
    stop = schedule.steps if last_step is None else min(last_step, schedule.steps)
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    first = rank == 0
    model: nn.Module = run.network
    if world > 1:
        model = DistributedDataParallel(run.network, find_unused_parameters=task.partial)
    make_batch = task.batches(schedule, rank, world)
    batches = prefetch(make_batch, range(run.step, stop), workers=workers, ahead=2 * workers)
    config, in_a_row, stage = run.config, 0, None
    interrupted: signal.Signals | None = None
    checkpoint, failed = folder / CHECKPOINT, ""
    validate_every = max(1, config.validate_every // config.batch_size)
    with (
        Reports(folder, config, run.step, stop, silent=not first, report=report) as reports,
        _Signals() as caught,
    ):
        reports.begins(run.step, run.precision, task.summary())
        for batch, waited in _timed(batches):
            rate, size = schedule.rate(run.step), schedule.size(run.step)
            if schedule.stage(run.step) is not stage:
                stage = schedule.stage(run.step)
                begins = run.step == stage.first
                for network in (run.network, run.average.network):
                    task.enter(network, stage.phase, begins=begins)
            try:
                loss, outputs = take_step(run, task, model, batch, rate)
            except StepError as error:
                left = "the last checkpoint stays" if checkpoint.is_file() else "no checkpoint yet"
                raise TrainingError(f"step {run.step} cannot be taken, {left}: {error}") from error
            in_a_row = 0 if math.isfinite(loss) else in_a_row + 1
            if in_a_row == _MOST_SKIPPED:
                raise TrainingError(
                    f"the gradient was not finite in the last {in_a_row} steps, up to step "
                    f"{run.step}; lower the learning rate, and start again --from the last "
                    "checkpoint"
                )
            reports.stepped(waited)
            step = run.step
            if step % config.log_every == 0:
                reports.losses(step, run.values, rate, run.skipped)
                run.values = []
            if step % config.pictures_every == 0:
                reports.picture(step, task.picture(batch, outputs))
            if first and (step % validate_every == 0 or step == stop):
                failed = _measure(run, task, size, folder, reports)
            interrupted = caught.agreed()
            # Not while steps are skipped: the last good one would be lost.
            if first and step % config.checkpoint_every == in_a_row == 0 and not interrupted:
                try:
                    write_checkpoint(checkpoint, run.state())
                except OSError as error:
                    reports.problem(
                        step, f"no checkpoint at step {step}{_stays(checkpoint)}: {error}"
                    )
            if interrupted:
                break
        if first:
            _write_last(checkpoint, run)
    if 0 < run.step == run.skipped and not interrupted:
        raise TrainingError(
            f"the gradient was not finite in any of {run.step} steps, and nothing was learned; "
            "lower the learning rate and the augmentation, and start again"
        )
    if failed and not interrupted and not (folder / _CARD).is_file():
        raise TrainingError(f"no model could be written: {failed}")
    return interrupted


def _write_last(checkpoint: Path, run: Run) -> None:
    """Write the checkpoint that a run ends with."""
    try:
        write_checkpoint(checkpoint, run.state())
    except OSError as error:
        room = "make room, and " if error.errno in _FULL else ""
        remedy = "go on with --resume" if checkpoint.is_file() else "begin again"
        raise TrainingError(
            f"cannot write {checkpoint}{_stays(checkpoint)}: {error.strerror or error}; "
            f"{room}{remedy}"
        ) from error


def _stays(path: Path) -> str:
    """Say what is left where a file could not be written anew."""
    return ", the last one stays" if path.is_file() else ", and there is none yet"


def _measure(run: Run, task: Task, size: tuple[int, int], folder: Path, reports: Reports) -> str:
    """Write the moving average as a model, and measure that; why it was not written, if so."""
    try:
        measured = task.validate(task.export(folder, "average", run.average.network, size))
        reports.measures(run.step, measured)
        score = next(iter(measured.values()))
        if score > run.best:
            task.export(folder, "best", run.average.network, size)
            run.best = score
    except (OSError, ModelError) as error:
        # The checkpoint has the weights, and they may shrink again.
        reports.fails(run.step, f"no model of step {run.step}{_stays(folder / _CARD)}: {error}")
        return str(error)
    except (DatasetError, ImageError) as error:
        reports.problem(run.step, f"the model of step {run.step} was not measured: {error}")
    return ""


def _timed(values: Iterable[T]) -> Iterator[tuple[T, float]]:
    """Each value with the seconds that it took to come."""
    start = time.monotonic()
    for value in values:
        yield value, time.monotonic() - start
        start = time.monotonic()


class _Signals:
    """Notes what asks to stop, so that a step is finished first; a second one acts at once."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in stop_signals()}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def agreed(self) -> signal.Signals | None:
        """What reached any of the processes by now: one that went on alone would wait forever."""
        if not dist.is_initialized():
            return self.signal
        number = torch.tensor(self.signal or 0)
        dist.all_reduce(number, dist.ReduceOp.MAX)
        return signal.Signals(int(number)) if number else None

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        signal.signal(number, self._before[self.signal])
