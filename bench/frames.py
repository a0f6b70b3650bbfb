"""Measure the memory of 100,000 frames: ``python -m bench.frames``.

Small frames, of a figure that walks to and fro, go through a `PoseEstimator` whose networks answer
at once, in two ways, each in a process of its own:

- ``stream``: from a generator through `PoseEstimator.stream`.
- ``infer``: from a video file through `rmpe.run.run`, which is what ``rmpe infer`` does, into JSON
  Lines, COCO and CSV.

With ``--track``, people are tracked too.

The resident memory after the first thousand frames is compared with that at every later moment,
until the last file is written. The exit status is 1 where it grew by 50 MB or more.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from rmpe import PoseEstimator, load_card
from rmpe.detectors.detections import Detections
from rmpe.models.pose import PoseNetwork
from rmpe.progress import no_progress
from rmpe.run import run
from rmpe.trackers.parameters import TrackingParameters

HEIGHT, WIDTH = 48, 64
# Frames until memory has settled.
FIRST = 1000
ALLOWED = 50.0  # MB
# Frames that go through the networks together.
BATCH = 32


class Memory:
    """Resident memory from frame to frame, in MB."""

    def __init__(self, first: int = FIRST) -> None:
        self.frames = 0
        self.first = first
        self.base = self.most = 0.0

    def note(self, frames: int = 1) -> None:
        """Count frames that are done; 0: another moment."""
        self.frames += frames
        if self.frames >= self.first:
            now = resident()
            self.base = self.base or now
            self.most = max(self.most, now)

    @property
    def growth(self) -> float:
        """From the first frames on, in MB."""
        return self.most - self.base

    def __str__(self) -> str:
        return (
            f"{self.frames} frames; resident after {self.first}: {self.base:.1f} MB, "
            f"most later: {self.most:.1f} MB, growth: {self.growth:.1f} MB"
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


class BrightBox:
    """A detector that finds the columns that are bright."""

    def __call__(
        self, images: Sequence[torch.Tensor], threshold: float | None = None
    ) -> Detections:
        """Find one person in each image."""
        columns = [(image[24, :, 0] > 128).nonzero()[:, 0] for image in images]
        boxes = [[int(one[0]), 8, int(one[-1]) + 1, 44] for one in columns]
        return Detections(
            torch.tensor(boxes, dtype=torch.float32).view(-1, 4),
            torch.full((len(images),), 0.9),
            torch.arange(len(images)),
        )


class Brightness:
    """A pose network that looks for every joint where the crop is brightest."""

    device = torch.device("cpu")
    output_shapes = ((17, 16, 12),)

    def __call__(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Crops (N, 3, 64, 48) to heatmaps (N, 17, 16, 12)."""
        return (F.avg_pool2d(crops[:, :1], 4).expand(-1, 17, -1, -1),)


def estimator() -> PoseEstimator:
    """The whole pipeline on these networks."""
    card = load_card("simplepose_coco17")
    card = dataclasses.replace(card, input=dataclasses.replace(card.input, size=(64, 48)))
    return PoseEstimator(BrightBox(), PoseNetwork(card, Brightness()))


def through_stream(count: int, memory: Memory, tracking: TrackingParameters | None = None) -> None:
    """Let the frames through `PoseEstimator.stream`."""
    for _ in estimator().stream(frames(count), batch_size=BATCH, tracking=tracking):
        memory.note()


def through_infer(count: int, memory: Memory, tracking: TrackingParameters | None = None) -> None:
    """Let the frames through `run`, from a video, into three formats."""

    @contextmanager
    def progress(what: str, total: int | None) -> Iterator[Callable[[int], object]]:
        yield lambda done: memory.note(done if what == "image" else 0)

    with tempfile.TemporaryDirectory() as folder:
        # The first, short one loads what is imported late.
        for frames, told in ((2 * BATCH, no_progress), (count, progress)):
            video = Path(folder, f"walk{frames}.mp4")
            make(video, frames)
            run(
                [video], Path(folder, f"out{frames}"), estimator, settings={}, style=None,
                formats=("jsonl", "coco", "csv"), tracking=tracking,
                batch_size=BATCH, progress=told,
            )  # fmt: skip


def make(path: Path, count: int) -> None:
    """Write the frames as a video."""
    import av

    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for pixels in frames(count):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())


WAYS = {"stream": through_stream, "infer": through_infer}


def main() -> int:
    """Print what was measured; the exit status is 1 where memory grew too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("way", nargs="?", choices=tuple(WAYS), help="one of both alone")
    parser.add_argument("--frames", type=int, default=100_000, metavar="N")
    parser.add_argument("--track", action="store_true", help="track the people as well")
    arguments = parser.parse_args()
    if arguments.frames <= FIRST:
        parser.error(f"--frames must be above {FIRST}, got {arguments.frames}")
    if arguments.way is None:
        # What one way leaves free is no room for the other to grow into.
        options = ["--frames", str(arguments.frames), *["--track"][: arguments.track]]
        command = [sys.executable, "-m", "bench.frames"]
        return max(subprocess.run([*command, way, *options]).returncode for way in WAYS)
    memory = Memory()
    tracking = TrackingParameters() if arguments.track else None
    WAYS[arguments.way](arguments.frames, memory, tracking)
    print(f"{arguments.way}: {memory}", flush=True)
    return int(memory.frames < arguments.frames or memory.growth >= ALLOWED)


if __name__ == "__main__":
    raise SystemExit(main())
