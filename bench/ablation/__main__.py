"""The paper's ablation, on real photographs: ``python -m bench.ablation --data ../shared/data``.

Everybody is found by the detector of the package, on the validation half of coco-people, which
nothing here was trained on. Kinds of suppression are compared in boxes that score .05 or more, what
was trained, and moved boxes, at the detector's own threshold.

suppression
    The pose network of the package, under each kind of suppression at its usual setting; in two
    plain steps (the boxes that the detector would show, and all their poses); and in annotated
    boxes. The IoU of boxes has no usual setting behind a detector that has removed what overlaps
    by more than .43: each photograph is measured with the one that suits the others best.
boxes
    What a transformer could bring that knows where everybody is: each box is moved a part of the
    way to the person that it overlaps most, from an IoU of .3 on.
training
    With ``--out DIR``: the pose network trained on from the weights of the package, all variants
    alike (`full.toml`) but for what they leave out, three seeds each. Interrupted at any moment,
    the same command goes on.

The intervals hold 95 % of the values on 1,000 sets of as many photographs, drawn with replacement.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from rmpe import PoseEstimator
from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import Dataset
from rmpe.evaluation import find_people
from rmpe.inputs.images import read_image
from rmpe.method.fit_nms import cross_validate
from rmpe.method.suppressions import SUPPRESSIONS
from rmpe.metrics.bootstrap import bootstrap
from rmpe.metrics.box_iou import box_iou
from rmpe.metrics.cocoeval import matched
from rmpe.metrics.keypoint_ap import average_precision, summarize
from rmpe.metrics.predictions import Predictions
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.models.read import load_card
from rmpe.people import People
from rmpe.pipeline import suppress
from rmpe.training.session import train_from_config

HERE = Path(__file__).parent
SEEDS = (1, 2, 3)
LEAST_BOX = 0.05
RESAMPLES = 1000
PARTS = (0.0, 0.25, 0.5, 1.0)
LEAST_IOU = 0.3
# Of the variants that are trained; the paper has no such preset, and AlphaPose's is the default.
PRESET = "alphapose"
PRESETS = ("paper", "rmpe", "alphapose")
OTHERS = ("oks-nms", "soft-oks-nms")

_FULL = (HERE / "full.toml").read_text()
_PROPOSALS = '[proposals]\nkind = "fitted"\nfile = "coco"\n\n'
_TRUE_BOXES = "[augmentation]\nshift = 0.0\nscale = 0.0\n\n"
_TRANSFORMER = _FULL[_FULL.index("[transformer]") : _FULL.index("[optimizer]")]

# What each variant has in place of a part of full.toml.
VARIANTS: dict[str, tuple[tuple[str, str], ...]] = {
    "full": (),
    "without the parallel branch": (("parallel = true", "parallel = false"),),
    "without transformer and parallel branch": (
        (_TRANSFORMER, ""),
        ("transformer = true\n", ""),
    ),
    "without proposals, true boxes": ((_PROPOSALS, _TRUE_BOXES),),
    "random jitter in place of proposals": (('kind = "fitted"', 'kind = "jitter"'),),
}


def config_text(variant: str, seed: int) -> str:
    """The configuration of a variant."""
    text = _FULL.replace("seed = 0", f"seed = {seed}")
    for part, other in VARIANTS[variant]:
        assert text.count(part) == 1, part
        text = text.replace(part, other)
    return text


def suppression_table(dataset: Dataset) -> Iterator[str]:
    """Each kind of suppression on the same poses."""
    yield from _header("suppression")
    people = find_people(_estimator(LEAST_BOX), dataset)
    for preset in PRESETS:
        yield _row(f"pose NMS, `{preset}`", dataset, suppress(people, preset))
    boxes = SUPPRESSIONS["box-nms"]
    fitted = cross_validate(boxes, people, dataset)
    yield _row(f"{boxes.summary}, fitted by cross-validation", dataset, fitted)
    for kind in OTHERS:
        keep, changed = SUPPRESSIONS[kind].apply(people, SUPPRESSIONS[kind].defaults)
        yield _row(SUPPRESSIONS[kind].summary, dataset, changed.select(keep))
    yield _row("none", dataset, people)
    yield _row("none, two plain steps", dataset, find_people(_estimator(None), dataset))
    true = find_people(_estimator(None), dataset, true_boxes=True)
    yield _row("none, annotated boxes", dataset, true)


def boxes_table(dataset: Dataset) -> Iterator[str]:
    """The poses in boxes that are nearer to the people than the detector's."""
    yield from _header("boxes, moved toward the people by")
    estimator = _estimator(None)
    assert estimator.detector is not None
    found: dict[float, list[People]] = {part: [] for part in PARTS}
    for i, path in enumerate(dataset.paths):
        image = torch.from_numpy(read_image(path))
        rows = dataset.people(i)
        people = torch.from_numpy(dataset.boxes[rows][~dataset.crowd[rows]]).float()
        detected = estimator.detector([image])
        for part, of_images in found.items():
            boxes = toward(detected.boxes, people, part)
            scored = torch.cat([boxes, detected.scores[:, None]], dim=1)
            of_images.append(estimator([image], boxes=[scored]))
    for part, of_images in found.items():
        yield _row(f"{part:.0%}", dataset, suppress(People.concatenate(of_images), PRESET))


def toward(boxes: torch.Tensor, people: torch.Tensor, part: float) -> torch.Tensor:
    """Move boxes (M, 4) a part of the way to those of people (P, 4) that they overlap most."""
    if not len(people):
        return boxes
    overlaps = box_iou(boxes[:, None].double().numpy(), people.double().numpy())
    iou, person = torch.from_numpy(overlaps).max(dim=1)
    return torch.where((iou >= LEAST_IOU)[:, None], boxes.lerp(people[person], part), boxes)


def training_table(dataset: Dataset, out: Path) -> Iterator[str]:
    """All variants that have been trained: each seed, then their means."""
    yield from _header("trained")
    reached: dict[str, list[float]] = {}
    for variant in VARIANTS:
        for seed in SEEDS:
            card = _folder(out, variant, seed) / "average.toml"
            if card.exists():
                people = suppress(find_people(_estimator(None, card), dataset), PRESET)
                yield _row(f"{variant}, seed {seed}", dataset, people)
                ap = average_precision(dataset, Predictions.from_people(people)).ap
                reached.setdefault(variant, []).append(ap or 0.0)
    yield ""
    yield "| trained | AP, mean of the seeds | least to largest |"
    yield "|---|---|---|"
    for variant, aps in reached.items():
        yield f"| {variant} | {np.mean(aps):.4f} | {min(aps):.4f} to {max(aps):.4f} |"


def train(variant: str, seed: int, *, out: Path, data: Path, cache: Path) -> int | None:
    """Train a variant to its end, from wherever it is; what interrupted it."""
    run = _folder(out, variant, seed)
    run.mkdir(parents=True, exist_ok=True)
    config = run / "variant.toml"
    config.write_text(config_text(variant, seed))
    resume = (run / "checkpoint.pt").exists()
    print(f"{run.name}: {'going on' if resume else 'starting'}", file=sys.stderr)
    network = load_card(DEFAULT_POSE).network
    assert network.folder is not None
    return train_from_config(
        config,
        data=data,
        cache=cache,
        out=run,
        resume=resume,
        weights=None if resume else network.folder / network.name,
    )


def _folder(out: Path, variant: str, seed: int) -> Path:
    return out / f"{variant.replace(' ', '-')}-{seed}"


def _estimator(threshold: float | None, pose: Path | None = None) -> PoseEstimator:
    return PoseEstimator(
        DEFAULT_DETECTOR, DEFAULT_POSE if pose is None else pose, nms=None, threshold=threshold
    )


def _header(first: str) -> list[str]:
    return [f"| {first} | AP | 95 % | AP50 | AP75 | people |", "|---|---|---|---|---|---|"]


def _row(name: str, dataset: Dataset, found: People | Predictions) -> str:
    predictions = Predictions.from_people(found) if isinstance(found, People) else found
    evaluated = matched(dataset, predictions)
    measured = summarize(evaluated, len(predictions))
    low, high = bootstrap(dataset, evaluated, RESAMPLES)["ap"]
    measures = [measured.ap, low, high, measured.ap50, measured.ap75]
    ap, low_, high_, ap50, ap75 = (f"{np.round(v, 3):.3f}".removeprefix("0") for v in measures)
    return f"| {name} | {ap} | {low_} to {high_} | {ap50} | {ap75} | {measured.people:,} |"


def main() -> int:
    """Train what is asked for, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with coco-people")
    parser.add_argument(
        "--out", type=Path, help="folder of the runs; without it nothing is trained"
    )
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/rmpe/photographs"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = arguments.data / "coco-people"
    dataset = load_dataset(folder / "val.json", folder / "images")
    if arguments.out is not None:
        for seed in SEEDS:
            for variant in VARIANTS:
                stopped = train(
                    variant, seed, out=arguments.out, data=arguments.data, cache=arguments.cache
                )
                if stopped:
                    return 128 + stopped
    for table in (suppression_table, boxes_table):
        for line in table(dataset):
            print(line, flush=True)
        print()
    if arguments.out is not None:
        for line in training_table(dataset, arguments.out):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
