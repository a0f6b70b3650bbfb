"""What a run says while it goes on: a log, TensorBoard, a progress bar."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from ..networks.precision import Precision
from ..output_file import write_atomically
from .config import TrainingConfig

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Reports"]

# O_NONBLOCK: opening a pipe would wait for a reader.
_APPEND = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
)  # fmt: skip


class Reports:
    """Writes the progress of a run to its folder and to the terminal.

    Parameters
    ----------
    folder : Path
        Gets ``log.jsonl`` and TensorBoard's files. What they hold of steps after ``step``, which
        an interrupted run did not keep, is dropped.
    config : TrainingConfig
    step, stop : int
        The first step, and the one after the last.
    silent : bool
        Write nothing: another process of the run does.
    report : callable
        Gets each line for people.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainingConfig,
        step: int,
        stop: int,
        *,
        silent: bool = False,
        report: Callable[[str], object] = print,
    ) -> None:
        self._config, self._silent, self._report = config, silent, report
        self._path = folder / "log.jsonl"
        self._board = None if silent else self._open_board(folder / "tensorboard", step)
        self._bar = tqdm(
            total=stop * config.batch_size, initial=step * config.batch_size, unit="sample",
            unit_scale=True, smoothing=0.02, dynamic_ncols=True, mininterval=1,
            disable=silent or None,
        )  # fmt: skip
        if not silent:
            self._forget(step)
        self._last, self._steps, self._waited = time.monotonic(), 0, 0.0
        self._failed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()
        if self._failed > 1:
            self.say(f"in all {self._failed} models were not made; log.jsonl says why")
        self._show(lambda board: board.close())

    def _open_board(self, folder: Path, step: int) -> SummaryWriter | None:
        # A folder of runs may come from somebody else: nothing is written elsewhere.
        if folder.is_symlink():
            self._report(f"TensorBoard gets nothing: {folder} must be a folder, it is a link")
            return None
        return SummaryWriter(str(folder), purge_step=step)

    def say(self, message: str) -> None:
        """Write a line above the progress bar."""
        with tqdm.external_write_mode():
            self._report(message)

    def begins(self, step: int, precision: Precision, data: list[str]) -> None:
        """Report what the run computes in, and on what it is trained and measured, once."""
        if not self._silent and not self._path.exists():
            self._show(lambda board: board.add_text("precision", precision, step))
            self._write(step, {}, precision=precision, data=data)

    def stepped(self, waited: float) -> None:
        """Count a step, which waited so many seconds for its batch."""
        self._steps += 1
        self._waited += waited
        self._bar.update(self._config.batch_size)

    def losses(self, step: int, steps: list[dict[str, float]], rate: float, skipped: int) -> None:
        """Report the means of what the steps since the last report gave."""
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        finite = [values for values in steps if math.isfinite(values["loss"])]
        values = {
            "loss": math.nan,
            **{name: sum(v[name] for v in finite) / len(finite) for name in (finite or [{}])[-1]},
            "rate": rate,
            "samples_per_second": self._steps * self._config.batch_size / seconds,
            "waiting_share": self._waited / seconds,
            "skipped": skipped,
        }
        self._steps, self._waited = 0, 0.0
        self._write(step, values)
        self._bar.set_postfix(loss=f"{values['loss']:.3f}", refresh=False)

    def measures(self, step: int, values: dict[str, float]) -> None:
        """Report a validation."""
        self._write(step, values)
        text = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
        self.say(f"{step * self._config.batch_size} samples: {text}")

    def fails(self, step: int, message: str) -> None:
        """Report that there is no model of a step: to people the first time, to the log always."""
        self._failed += 1
        if self._failed == 1:
            self.say(message)
        self._write(step, {}, problem=message)

    def problem(self, step: int, message: str) -> None:
        """Report what went wrong at a step, to people and to the log."""
        self.say(message)
        self._write(step, {}, problem=message)

    def picture(self, step: int, picture: torch.Tensor) -> None:
        """Show samples, (3, H, W) in 0..1."""
        self._show(lambda board: board.add_image("samples", picture, step))

    def _forget(self, step: int) -> None:
        """Drop the lines of the log that tell of later steps, and those that are damaged."""
        # Where there is none, or it cannot be read, writing says why. A pipe is not waited for.
        if not self._path.is_file():
            return
        try:
            lines = self._path.read_bytes().splitlines(keepends=True)
        except OSError:
            return
        # A process that was killed may have left half a line.
        if lines and not lines[-1].endswith(b"\n"):
            del lines[-1]
        found = [(line, _step_of(line)) for line in lines]
        kept = b"".join(line for line, at in found if at is not None and at <= step)
        write_atomically(self._path, lambda file: file.write(kept))
        damaged = sum(at is None for _, at in found)
        if damaged:
            self.say(f"{self._path.name}: {damaged} lines are damaged, and left out")

    def _write(self, step: int, values: dict[str, float], **words: str | list[str]) -> None:
        """Write into the log and for TensorBoard; a disk that is full does not end the run."""
        if self._silent:
            return
        samples = step * self._config.batch_size
        # JSON has no NaN and no infinity.
        numbers = {name: v if math.isfinite(v) else None for name, v in values.items()}
        line = json.dumps({"step": step, "samples": samples, **words, **numbers}) + "\n"
        try:
            with open(os.open(self._path, _APPEND, 0o666), "ab") as file:
                file.write(line.encode())
        except OSError as error:
            self.say(f"step {step} is not in {self._path.name}: {error}")
        for name, value in values.items():
            self._show(lambda board: board.add_scalar(name, value, step))  # noqa: B023

    def _show(self, add: Callable[[SummaryWriter], object]) -> None:
        if self._board is None:
            return
        try:
            add(self._board)
        except OSError as error:
            self.say(f"TensorBoard gets nothing any more: {error}")
            self._board = None


def _step_of(line: bytes) -> int | None:
    """Which step a line of the log tells of; None where it is damaged."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return step if type(step) is int else None
