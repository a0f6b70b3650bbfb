"""Measure the networks that come with the package: ``python -m bench.shipped``.

Beside them, where their files are, the ready-made networks; and any others:

    python -m bench.shipped --pose runs/pose/average.toml --detector runs/detector/average.toml

Where the processor multiplies bfloat16 numbers itself, the package's are measured in them, too.
Prints the tables of docs/shipped.md:

boxes
    Average precision of people's boxes on the validation half of coco-people, and the time of one
    photograph, by turns.
keypoints
    COCO's keypoint AP on the same photographs, and on coco-mini; with annotated boxes (pose nets
    alone) and with those of the detector, at least .05; plain, and averaged with the mirrored crop.
who
    With annotated boxes: the share of OKS thresholds, .5 to .95, that people reach, by the height
    of their box and by how many of their keypoints are labeled.
speed
    Photographs a second, from the file to the people, on those where the detector finds two; and
    the time of loading.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from bench.machine import machine
from rmpe import ModelError, PoseEstimator
from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import Dataset
from rmpe.evaluation import find_people, predict
from rmpe.inputs.images import read_image
from rmpe.metrics.keypoint_ap import AveragePrecision, average_precision
from rmpe.metrics.oks import oks
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.models.build import load_detector
from rmpe.networks.precision import WantedPrecision, computes_bfloat16
from rmpe.training.detector.validation import BoxValidation

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODELS = Path(os.environ.get("RMPE_MODELS") or SHARED / "models")
DATA = Path(os.environ.get("RMPE_DATA") or SHARED / "data")

READY = ("ssd_mobilenet_v1_coco", "simplepose_coco17")
# Lower ones cost time, and bring next to nothing to average precision.
LEAST_BOX = 0.05
PRESET = "alphapose"
_THRESHOLDS = np.arange(0.5, 0.96, 0.05)
_ROUNDS = 7


@dataclass(frozen=True)
class Pair:
    """A detector and a pose network, by name or by card."""

    detector: str
    pose: str
    precision: WantedPrecision = "float32"

    @property
    def title(self) -> str:
        """For tables."""
        return f"`{Path(self.detector).stem}`, {self.name_pose()}"

    def name_pose(self) -> str:
        """Name the pose network, and what it computes in."""
        return self._name(self.pose)

    def name_detector(self) -> str:
        """Name the detector, and what it computes in."""
        return self._name(self.detector)

    def _name(self, name: str) -> str:
        numbers = "" if self.precision == "float32" else f", {self.precision}"
        return f"`{Path(name).stem}`{numbers}"


def boxes_table(pairs: list[Pair]) -> Iterator[str]:
    """Precision and time of the detectors."""
    folder = DATA / "coco-people"
    validation = BoxValidation.read(folder / "val.json", folder / "images", "all_person_boxes")
    images = [torch.from_numpy(read_image(p)) for p in _people().paths[:20]]
    detectors = [
        load_detector(pair.detector, models_dir=MODELS, precision=pair.precision) for pair in pairs
    ]
    times: list[list[float]] = [[] for _ in pairs]
    for _ in range(_ROUNDS):
        for detector, taken in zip(detectors, times, strict=True):
            start = time.perf_counter()
            for image in images:
                detector([image])
            taken.append((time.perf_counter() - start) / len(images))
    yield "| detector | AP50 | AP75 | AP | ms a photograph |"
    yield "|---|---|---|---|---|"
    for pair, detector, taken in zip(pairs, detectors, times, strict=True):
        found = validation.measure(detector)
        yield (
            f"| {pair.name_detector()} | {short(found['ap50'])} | {short(found['ap75'])} | "
            f"{short(found['ap'])} | {1e3 * statistics.median(taken):.1f} |"
        )


def keypoints_table(pairs: list[Pair]) -> Iterator[str]:
    """Keypoint AP, with annotated and with detected boxes."""
    yield "| networks | photographs | boxes | mirrored, too | AP | AP50 | AP75 |"
    yield "|---|---|---|---|---|---|---|"
    for pair in pairs:
        for name, dataset in datasets().items():
            for boxes in ("annotated", "detected"):
                for flip in (False, True):
                    found = _precision(pair, dataset, true_boxes=boxes == "annotated", flip=flip)
                    yield (
                        f"| {pair.title} | {name} | {boxes} | {'yes' if flip else 'no'} | "
                        f"{short(found.ap)} | {short(found.ap50)} | {short(found.ap75)} |"
                    )


def who_table(pairs: list[Pair]) -> Iterator[str]:
    """For whom the pose networks work."""
    dataset = _people()
    rows = np.flatnonzero(dataset.labeled & ~dataset.crowd)
    heights = (dataset.boxes[:, 3] - dataset.boxes[:, 1])[rows]
    joints = (dataset.visibility[rows] > 0).sum(1)
    groups = {
        "box below 64 pixels": heights < 64,
        "64 to 128 pixels": (heights >= 64) & (heights < 128),
        "128 to 256 pixels": (heights >= 128) & (heights < 256),
        "256 pixels and more": heights >= 256,
        "1 to 5 keypoints": joints <= 5,
        "6 to 11 keypoints": (joints >= 6) & (joints <= 11),
        "12 keypoints and more": joints >= 12,
    }
    columns = []
    for pair in pairs:
        reached = _reached(pair, dataset)
        columns.append([reached[g].mean() if g.any() else None for g in groups.values()])
    yield "| people | how many | " + " | ".join(p.name_pose() for p in pairs) + " |"
    yield "|---" * (2 + len(pairs)) + "|"
    for row, (name, group) in enumerate(groups.items()):
        shares = " | ".join(short(column[row]) for column in columns)
        yield f"| {name} | {group.sum()} | {shares} |"


def speed_table(pairs: list[Pair]) -> Iterator[str]:
    """Photographs a second, and the time of loading."""
    yield "| networks | photographs a second | loaded in |"
    yield "|---|---|---|"
    estimators, loaded = [], []
    for pair in pairs:
        _estimator(pair)  # Imports what loading needs.
        start = time.perf_counter()
        estimators.append(_estimator(pair))
        loaded.append(time.perf_counter() - start)
    paths = [_with_two(estimator)[:24] for estimator in estimators]
    times: list[list[float]] = [[] for _ in pairs]
    for _ in range(_ROUNDS):
        for estimator, chosen, taken in zip(estimators, paths, times, strict=True):
            start = time.perf_counter()
            for path in chosen:
                estimator([path])
            taken.append((time.perf_counter() - start) / len(chosen))
    for pair, taken, seconds in zip(pairs, times, loaded, strict=True):
        yield f"| {pair.title} | {1 / statistics.median(taken):.1f} | {seconds:.2f} s |"


@functools.cache
def datasets() -> dict[str, Dataset]:
    """The photographs that keypoints are measured on."""
    mini = DATA / "coco-mini"
    return {
        "coco-people": _people(),
        "coco-mini": load_dataset(mini / "person_keypoints.json", mini / "images"),
    }


@functools.cache
def _people() -> Dataset:
    folder = DATA / "coco-people"
    return load_dataset(folder / "val.json", folder / "images")


def _estimator(pair: Pair, **options: object) -> PoseEstimator:
    return PoseEstimator(
        pair.detector,
        pair.pose,
        models_dir=MODELS,
        precision=pair.precision,
        **options,  # type: ignore[arg-type]
    )


def _precision(pair: Pair, dataset: Dataset, *, true_boxes: bool, flip: bool) -> AveragePrecision:
    estimator = _estimator(pair, nms=None, threshold=LEAST_BOX, flip=flip, convention="dark")
    preset = None if true_boxes else PRESET
    found = predict(estimator, dataset, nms=[preset], true_boxes=true_boxes)
    return average_precision(dataset, found[preset or "none"])


def _reached(pair: Pair, dataset: Dataset) -> np.ndarray:
    """The share of thresholds that each annotated person's pose reaches."""
    people = find_people(_estimator(pair, nms=None, flip=True), dataset, true_boxes=True)
    rows = np.flatnonzero(dataset.labeled & ~dataset.crowd)
    assert dataset.skeleton.sigmas is not None
    alike = oks(
        people.keypoints.double().numpy(), dataset.keypoints[rows], dataset.visibility[rows],
        dataset.boxes[rows], dataset.areas[rows], dataset.skeleton.sigmas,
    )  # fmt: skip
    return (alike[:, None] >= _THRESHOLDS).mean(1)


def _with_two(estimator: PoseEstimator) -> list[Path]:
    """The photographs on which two people are found."""
    return [path for path in _people().paths if len(estimator([path])) == 2]


def short(share: float | None) -> str:
    """.431 for 0.4312, and a dash for nothing."""
    return "-" if share is None else f"{share:.3f}".removeprefix("0")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--detector", help="a card, to be measured beside the package's")
    parser.add_argument("--pose", help="a card, likewise; both or none")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    arguments = parser.parse_args()
    if (arguments.detector is None) != (arguments.pose is None):
        parser.error("--detector and --pose must be given together")
    torch.set_num_threads(arguments.threads)
    own = Pair(DEFAULT_DETECTOR, DEFAULT_POSE)
    pairs = [own, replace(own, precision="bfloat16")] if computes_bfloat16() else [own]
    if arguments.pose is not None:
        pairs.append(Pair(arguments.detector, arguments.pose))
    try:
        _estimator(Pair(*READY))
        pairs.append(Pair(*READY))
    except ModelError as error:
        print(f"not measured: {error}\n")
    about = machine()
    print(f"{about['processor']}, {arguments.threads} threads, torch {about['torch']}\n")
    for table in (boxes_table, keypoints_table, who_table, speed_table):
        for line in table(pairs):
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
