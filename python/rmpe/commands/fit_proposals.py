"""``rmpe fit-proposals``: fit the pose-guided proposals generator to a detector's errors."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..models import DEFAULT_DETECTOR
from . import CommandError
from ._cards import MODELS_HELP, least_score
from ._options import add_seed, check_kernels, check_outputs, fraction, positive
from ._readable import keep_readable
from ._runtime import add_runtime, chosen_options, resolve_runtime

if TYPE_CHECKING:
    from ..datasets.dataset import Dataset
    from ..datasets.detected_boxes import DetectedBoxes

SUMMARY = "fit training proposals to a detector's own errors (PGPG)"

DESCRIPTION = """\
Fit the pose-guided proposals generator (PGPG) of the RMPE paper: cluster annotated poses into
atomic poses, and fit a Gaussian mixture to the offsets between detected and true boxes of each.
`rmpe train` draws its boxes from the file that this writes.

Prints how well each model describes people who were not fitted to: the mean log-likelihood of
their offsets, of which more is better.

examples:
  rmpe fit-proposals train.json images/ --out proposals.json
  rmpe fit-proposals train.json images/ --detections boxes.json --out proposals.json
  rmpe fit-proposals mpii_annotations.json.gz --format mpii --detections MPII_multi_valid.h5 \\
      --out proposals.json --plot proposals.png
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from ..datasets import FORMATS

    parser.description = DESCRIPTION
    parser.add_argument("annotations", type=Path, help="annotated people")
    parser.add_argument(
        "images",
        type=Path,
        nargs="?",
        help="their folder; not needed with --detections; images that are not there, or cannot be "
        "read, are left out",
    )
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="coco",
        help="of the annotations (default: %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the JSON file to write"
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="a picture too, as PNG, SVG or PDF (default: none)",
    )
    boxes = parser.add_argument_group("whose boxes")
    boxes.add_argument(
        "--detections",
        type=Path,
        metavar="FILE",
        help="boxes from a file: COCO detection results (JSON), or the RMPE authors' (HDF5) "
        "(default: the detector's)",
    )
    boxes.add_argument(
        "--detector",
        default=DEFAULT_DETECTOR,
        metavar="NAME",
        help="a name from `rmpe models`, or a card.toml of your own (default: %(default)s)",
    )
    boxes.add_argument(
        "--models",
        metavar="DIR",
        help=MODELS_HELP,
    )
    add_runtime(boxes)
    boxes.add_argument(
        "--threshold",
        type=fraction,
        metavar="SCORE",
        help="least score, 0 to 1, of a box (default: the detector's own; all boxes of a file)",
    )
    fitting = parser.add_argument_group("fitting")
    fitting.add_argument(
        "--atomic-poses",
        type=positive,
        default=8,
        metavar="N",
        help="clusters that poses are put into (default: %(default)s)",
    )
    fitting.add_argument(
        "--min-iou",
        type=fraction,
        default=0.5,
        metavar="IOU",
        help="a box that overlaps a person less is not of that person (default: %(default)s)",
    )
    fitting.add_argument(
        "--prior",
        type=float,
        default=64,
        metavar="PEOPLE",
        help="how much everybody's mixture weighs against a pose's own people; 0: each pose by "
        "itself, as in the paper (default: %(default)s)",
    )
    add_seed(fitting)


def run(arguments: argparse.Namespace) -> int:
    """Fit, write, and print what the fit is worth."""
    from tqdm import tqdm

    from ..datasets import load_dataset
    from ..datasets.detected_boxes import read_detections
    from ..method.fit_proposals import fit_proposals

    if not 0 <= arguments.prior < float("inf"):
        raise CommandError(f"--prior must be 0 or more people, got {arguments.prior}")
    if arguments.detections is None and arguments.images is None:
        raise CommandError("name the folder of the images, or a file of boxes with --detections")
    check_outputs(arguments.out, arguments.plot)
    if arguments.detections is not None:
        resolve_runtime(arguments, [])  # No network runs.
    try:
        dataset = load_dataset(arguments.annotations, arguments.images, format=arguments.format)
        if arguments.detections is None:
            dataset = keep_readable(dataset)
            found, source = _detect(arguments, dataset), arguments.detector
        else:
            found, source = (
                read_detections(arguments.detections, dataset),
                arguments.detections.name,
            )
        wanted = ~(found.scores < (arguments.threshold or 0))
        with tqdm(total=6, desc="fit", unit="fit", disable=None) as bar:
            fit = fit_proposals(
                dataset,
                found.boxes[wanted],
                found.image_index[wanted],
                atomic_poses=arguments.atomic_poses,
                min_iou=arguments.min_iou,
                prior=arguments.prior,
                seed=arguments.seed,
                progress=bar.update,
            )
        fit.proposals.write(
            arguments.out,
            annotations=arguments.annotations.name,
            boxes=source,
            people=len(fit.people),
            least_score=(
                least_score(arguments.detector, arguments.threshold)
                if arguments.detections is None
                else arguments.threshold
            ),
            min_iou=arguments.min_iou,
            prior=arguments.prior,
            seed=arguments.seed,
            log_likelihood={name: round(v, 4) for name, v in fit.log_likelihood.items()},
        )
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    if arguments.plot:
        from ..method.plots import plot_proposals

        plot_proposals(fit, arguments.plot)
    mean, covariance = fit.proposals.overall()
    print(f"{len(fit.people)} of {dataset.labeled.sum()} annotated people were detected")
    print(f"{'offsets in sides of the box':<28}{'left':>9}{'top':>9}{'right':>9}{'bottom':>9}")
    deviation = covariance.diagonal() ** 0.5
    for name, row in (("mean", mean), ("standard deviation", deviation)):
        print(f"{name:<28}" + "".join(f"{value:>9.4f}" for value in row))
    print("log-likelihood of people who were not fitted to")
    for name, value in fit.log_likelihood.items():
        print(f"  {name:<26}{value:>9.3f}")
    return 0


def _detect(arguments: argparse.Namespace, dataset: Dataset) -> DetectedBoxes:
    """Run the detector on all images."""
    check_kernels()

    import numpy as np
    import torch
    from tqdm import tqdm

    from ..datasets.detected_boxes import DetectedBoxes
    from ..inputs.prefetch import read_batches
    from ..models.build import load_detector
    from ..models.run_options import run_options
    from ._cards import find_card

    card = find_card(arguments.detector, "detector")
    device = resolve_runtime(arguments, [card])
    detector = load_detector(
        arguments.detector,
        device=device,
        models_dir=arguments.models,
        **run_options(card, **chosen_options(arguments)),
    )
    boxes, scores, index, start = [], [], [], 0
    with tqdm(total=len(dataset), desc="detect", unit="image", disable=None) as bar:
        for batch in read_batches(dataset.paths, batch_size=16):
            images = []
            for _, image in batch:
                if isinstance(image, Exception):
                    raise image
                images.append(torch.from_numpy(image).to(device))
            found = detector(images, threshold=arguments.threshold)
            boxes.append(found.boxes.double().cpu().numpy())
            scores.append(found.scores.double().cpu().numpy())
            index.append(found.image_index.cpu().numpy() + start)
            start += len(batch)
            bar.update(len(batch))
    return DetectedBoxes(np.concatenate(boxes), np.concatenate(scores), np.concatenate(index))
