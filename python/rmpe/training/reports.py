"""What a run says while it goes on: a log, TensorBoard, a progress bar."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from .config import TrainingConfig

__all__ = ["Reports"]


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
    """

    def __init__(
        self, folder: Path, config: TrainingConfig, step: int, stop: int, *, silent: bool = False
    ) -> None:
        self._config, self._silent = config, silent
        self._path = folder / "log.jsonl"
        self._board: SummaryWriter | None = None
        if not silent:
            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step)
        if self._path.exists() and not silent:
            lines = self._path.read_text().splitlines(keepends=True)
            # A process that was killed may have left half a line.
            whole = [line for line in lines if line.endswith("\n")]
            self._path.write_text(
                "".join(line for line in whole if json.loads(line)["step"] <= step)
            )
        self._bar = tqdm(
            total=stop * config.batch_size, initial=step * config.batch_size, unit="sample",
            unit_scale=True, smoothing=0.02, dynamic_ncols=True, mininterval=1,
            disable=silent,
        )  # fmt: skip
        self._last, self._steps, self._waited = time.monotonic(), 0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()
        if self._board:
            self._board.close()

    def say(self, message: str) -> None:
        """Write a line above the progress bar."""
        self._bar.write(message)

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

    def picture(self, step: int, picture: torch.Tensor) -> None:
        """Show samples, (3, H, W) in 0..1."""
        if self._board:
            self._board.add_image("samples", picture, step)

    def _write(self, step: int, values: dict[str, Any]) -> None:
        if self._board is None:
            return
        samples = step * self._config.batch_size
        for name, value in values.items():
            self._board.add_scalar(name, value, step)
        with self._path.open("a") as file:
            file.write(json.dumps({"step": step, "samples": samples, **values}) + "\n")
