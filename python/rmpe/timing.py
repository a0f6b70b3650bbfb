"""Seconds spent in each stage of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .arguments import as_device, check_kind

__all__ = ["StageTimer"]


class StageTimer:
    """Adds up the seconds of each named stage.

    Parameters
    ----------
    device : torch.device or str, optional
        Where the work runs: work on a GPU is waited for at the end of each stage, so that its
        time is counted in the stage that caused it.

    Raises
    ------
    ValueError
        `device` is none.

    Examples
    --------
    >>> timer = StageTimer()
    >>> with timer.stage("read"):
    ...     pass
    >>> list(timer.seconds)
    ['read']
    """

    def __init__(self, device: torch.device | str | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._device = None if device is None else as_device(device)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the body's time under ``name``; raise TypeError where it is no text."""
        check_kind("name", name, str)
        start = time.perf_counter()
        try:
            yield
        finally:
            if self._device is not None and self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
