"""Measure the memory of a long stream: ``python -m bench.frames``.

Small synthetic frames go through the networks that come with the package and through the tracker,
by `PoseEstimator.stream`. The resident memory after the first thousand frames is compared with that
at every later one. With ``--seconds`` the run ends after that time, and says how many frames there
were.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rmpe import PoseEstimator
from rmpe.trackers.parameters import TrackingParameters

HEIGHT, WIDTH = 48, 64
# Frames until memory has settled.
FIRST = 1000
ALLOWED = 50.0  # MB


class Memory:
    """Resident memory from frame to frame, in MB."""

    def __init__(self, seconds: float) -> None:
        self.frames = 0
        self.base = self.most = 0.0
        self._end = time.monotonic() + seconds

    def note(self) -> bool:
        """Count a frame; False when time is over."""
        self.frames += 1
        if self.frames >= FIRST:
            now = resident()
            self.base = self.base or now
            self.most = max(self.most, now)
        return time.monotonic() < self._end

    def __str__(self) -> str:
        return (
            f"{self.frames} frames; resident after {FIRST}: {self.base:.1f} MB, "
            f"most later: {self.most:.1f} MB, growth: {self.most - self.base:.1f} MB"
        )


def resident() -> float:
    """Resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def frames(count: int) -> Iterator[npt.NDArray[np.uint8]]:
    """A bright figure that walks to and fro over noise."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 60, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for number in range(count):
        frame = noise.copy()
        x = 5 + abs(number % 80 - 40)
        frame[8:44, x : x + 12] = 220
        yield frame


def through_stream(count: int, memory: Memory) -> None:
    """Let the frames through `PoseEstimator.stream`, with tracking."""
    for _ in PoseEstimator().stream(frames(count), tracking=TrackingParameters()):
        if not memory.note():
            print("time is over")
            return


def main() -> int:
    """Print what was measured; the exit status is 1 where memory grew too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=100_000, metavar="N")
    parser.add_argument("--seconds", type=float, default=float("inf"), metavar="S")
    arguments = parser.parse_args()
    if arguments.frames <= FIRST:
        parser.error(f"--frames must be above {FIRST}, got {arguments.frames}")
    memory = Memory(arguments.seconds)
    through_stream(arguments.frames, memory)
    print(memory)
    enough = memory.frames > FIRST
    return int(not enough or memory.most - memory.base >= ALLOWED)


if __name__ == "__main__":
    raise SystemExit(main())
