"""Networks side by side: time, memory, and accuracy on a data set."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .datasets import load_dataset
from .errors import ModelError
from .evaluation import evaluate, evaluate_boxes
from .models.build import load_detector, load_pose
from .models.card import PoseCard
from .models.pose import PoseNetwork
from .models.read import load_card
from .models.run_options import RunOptions
from .models.store import locate
from .pipeline import PoseEstimator

__all__ = ["Measured", "measure_accuracy", "measure_network", "table_of"]

_ROUNDS = 5


@dataclass(frozen=True)
class Measured:
    """What a network costs, and what it reaches.

    Attributes
    ----------
    name, task, keypoints, license
        Of its card; ``keypoints`` is the skeleton's name, ``""`` for detectors.
    size
        Height and width of the input.
    milliseconds
        Of an item: the median of several batches, of as many items as the card puts in a call.
    file_bytes
        Of its files.
    memory_bytes
        By how much the process grew at its highest, above the libraries alone.
    ap
        COCO's AP: of a pose network's keypoints in annotated boxes, of a detector's boxes of
        people. None where nothing was measured: without a data set, and for another skeleton than
        the data set's.
    """

    name: str
    task: str
    keypoints: str
    license: str
    size: tuple[int, int]
    milliseconds: float
    file_bytes: int
    memory_bytes: int
    ap: float | None


def measure_network(
    name: str,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    device: str = "cpu",
    data: tuple[Path, Path] | None = None,
    threads: int | None = None,
    options: RunOptions | None = None,
) -> Measured:
    """Measure a network in a process of its own, whose memory is that of this network.

    Parameters
    ----------
    name : str
        As :func:`rmpe.load_card` takes it.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.obtain`.
    device : str
    data : (Path, Path), optional
        COCO annotations of keypoints, and the folder of their images.
    threads : int, optional
        Of torch and onnxruntime; torch's choice, unless given.
    options : dict, optional
        ``provider`` or ``compiled``, as :func:`rmpe.load_pose` takes it.

    Raises
    ------
    rmpe.ModelError
        Where the network cannot be loaded.
    rmpe.DatasetError, rmpe.ImageError
        Where the data cannot be read.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        measured: Measured = pool.apply(
            _measure, (name, models_dir, device, data, threads, options)
        )
    return measured


def _measure(
    name: str,
    models_dir: str | os.PathLike[str] | None,
    device: str,
    data: tuple[Path, Path] | None,
    threads: int | None,
    options: RunOptions | None,
) -> Measured:
    if threads is not None:
        torch.set_num_threads(threads)
    card = load_card(name)
    before = _peak()
    loaded = _load(name, models_dir, device, options)
    noise = torch.randn(
        card.batch_size, 3, *card.input.size, generator=torch.Generator().manual_seed(0)
    ).to(device)
    seconds = [_time(loaded.network, noise) for _ in range(_ROUNDS + 1)][1:]
    return Measured(
        name=card.name,
        task="pose" if isinstance(card, PoseCard) else "detector",
        keypoints=card.skeleton.name if isinstance(card, PoseCard) else "",
        license=card.license,
        size=card.input.size,
        milliseconds=1000 * statistics.median(seconds) / len(noise),
        file_bytes=sum(locate(file, models_dir).stat().st_size for file in card.files),
        memory_bytes=_peak() - before,
        ap=None if data is None else _accuracy(loaded, *data),
    )


def measure_accuracy(
    name: str, models_dir: str | os.PathLike[str] | None, annotations: Path, images: Path
) -> float | None:
    """Measure what a network reaches, on the CPU; see `Measured.ap`.

    Parameters
    ----------
    name, models_dir
        As `measure_network` takes them.
    annotations, images : Path
        COCO annotations of keypoints, and the folder of their images.

    Raises
    ------
    rmpe.ModelError, rmpe.DatasetError, rmpe.ImageError
        As `measure_network`.
    """
    return _accuracy(_load(name, models_dir, "cpu"), annotations, images)


def _load(
    name: str,
    models_dir: str | os.PathLike[str] | None,
    device: str,
    options: RunOptions | None = None,
) -> Any:
    card = load_card(name)
    load = load_pose if isinstance(card, PoseCard) else load_detector
    loaded = load(name, device=device, models_dir=models_dir, **(options or {}))
    if not hasattr(loaded, "network"):
        raise ModelError(f"model {card.name}: its kind of detector has no network to measure")
    return loaded


def _time(network: Any, batch: torch.Tensor) -> float:
    start = time.perf_counter()
    network(batch)
    if batch.device.type == "cuda":
        torch.cuda.synchronize(batch.device)
    return time.perf_counter() - start


def _accuracy(loaded: Any, annotations: Path, images: Path) -> float | None:
    dataset = load_dataset(annotations, images)
    if not isinstance(loaded, PoseNetwork):
        return evaluate_boxes(loaded, dataset, device=loaded.network.device).ap
    if loaded.card.skeleton != dataset.skeleton:
        return None
    estimator = PoseEstimator(None, loaded, device=loaded.network.device, nms=None)
    return evaluate(estimator, dataset, nms=[None], true_boxes=True)["none"].ap


def _peak() -> int:
    """The most memory that this process had, in bytes."""
    with suppress(OSError):
        # What getrusage says begins with the memory of the process that started this one.
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def table_of(rows: Sequence[Measured]) -> list[str]:
    """Write a Markdown table of what was measured.

    Examples
    --------
    >>> row = Measured("mine", "pose", "coco_17", "MIT", (256, 192), 1.25, 2_500_000, 50 << 20, .5)
    >>> print(table_of([row])[-1])
    | `mine` | `coco_17` | 256x192 | MIT | 1.2 | 2.5 | 52 | .500 |
    """
    lines = [
        "| network | keypoints | input | license | ms an item | MB | MB of memory | AP |",
        "|---|---|---|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        keypoints = f"`{row.keypoints}`" if row.keypoints else "boxes"
        ap = "-" if row.ap is None else f"{row.ap:.3f}".removeprefix("0")
        lines.append(
            f"| `{row.name}` | {keypoints} | {row.size[0]}x{row.size[1]} | {row.license} "
            f"| {row.milliseconds:.1f} | {row.file_bytes / 1e6:.1f} "
            f"| {row.memory_bytes / 1e6:.0f} | {ap} |"
        )
    return lines
