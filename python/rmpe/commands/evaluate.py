"""``rmpe evaluate``: keypoint AP on images with COCO annotations."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rmpe_ext.presets import DEFAULT_PRESET

from ..terminal import printable
from . import CommandError
from ._options import (
    NMS,
    add_method,
    add_networks,
    batch_limits,
    build_estimator,
    check_kernels,
    names_among,
    positive,
)

# The share of resampled data sets that an interval holds.
_LEVEL = 0.95

SUMMARY = "measure keypoint AP on images with COCO annotations"

DESCRIPTION = """\
Measure the keypoint average precision (AP) of a pipeline on images with COCO annotations,
by pycocotools; needs no output folder. Several kinds of pose NMS are measured in one run. APM and
APL are the AP of people of 32^2 to 96^2 square pixels, and of larger ones.

examples:
  rmpe evaluate person_keypoints.json images/ --boxes true
  rmpe evaluate person_keypoints.json images/ --threshold 0.1 --nms none,paper,alphapose
  rmpe evaluate person_keypoints.json images/ --bootstrap 1000     with 95 % intervals
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    parser.add_argument("annotations", type=Path, help="COCO keypoint annotations, JSON")
    parser.add_argument(
        "images", type=Path, help="their folder; annotated images that are not there are left out"
    )
    add_networks(parser)
    method = add_method(parser)
    method.add_argument(
        "--nms",
        type=names_among(NMS, files=True),
        default=f"none,{DEFAULT_PRESET}",
        metavar="PRESET[,PRESET...]",
        help=f"what removes repeated people, among {', '.join(NMS)}, or a .toml file of "
        "`rmpe fit-nms` (default: %(default)s)",
    )
    method.add_argument(
        "--boxes",
        choices=("detected", "true"),
        default="detected",
        help="whose boxes: the detector's, or the annotated ones (default: %(default)s)",
    )
    parser.add_argument(
        "--bootstrap",
        type=positive,
        metavar="N",
        help="say how much each measure depends on the choice of images: the interval that holds "
        f"{_LEVEL:.0%}% of its values on N data sets, each of as many images, drawn from these "
        "with replacement; 1000 is a good N (default: no intervals)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print a table."""
    from tqdm import tqdm

    check_kernels()

    from ..datasets import load_dataset
    from ..evaluation import predict
    from ..metrics.bootstrap import MOST_RESAMPLES, bootstrap
    from ..metrics.cocoeval import matched
    from ..metrics.keypoint_ap import MEASURES, summarize

    if (arguments.bootstrap or 0) > MOST_RESAMPLES:
        raise CommandError(
            f"--bootstrap must be at most {MOST_RESAMPLES}, got {arguments.bootstrap}"
        )
    try:
        dataset = load_dataset(arguments.annotations, arguments.images)
    except ValueError as error:
        raise CommandError(str(error)) from error
    if dataset.missing:
        print(
            f"{arguments.prog}: {dataset.missing} of {dataset.missing + len(dataset)} annotated "
            f"images are not in {printable(arguments.images)}, and left out",
            file=sys.stderr,
        )
    estimator = build_estimator(arguments, nms=None)
    limits = batch_limits(arguments, estimator)

    start = time.perf_counter()
    try:
        with tqdm(total=len(dataset), unit="image", disable=None) as bar:
            found = predict(
                estimator,
                dataset,
                nms=[None if name == "none" else name for name in arguments.nms],
                true_boxes=arguments.boxes == "true",
                batch_size=limits.images,
                batch_bytes=limits.pixel_bytes,
                progress=bar.update,
            )
    except ValueError as error:
        raise CommandError(str(error)) from error
    seconds = time.perf_counter() - start

    print(f"{'pose NMS':<12}" + "".join(f"{m:>7}" for m in MEASURES.values()) + f"{'people':>8}")
    for name, people in found.items():
        evaluated = matched(dataset, people)
        measured = summarize(evaluated, len(people))
        values = [getattr(measured, field) for field in MEASURES]
        print(f"{printable(name):<12}{_cells(values)}{len(people):8d}")
        if arguments.bootstrap:
            with tqdm(total=arguments.bootstrap, unit="resample", disable=None, leave=False) as bar:
                intervals = bootstrap(
                    dataset, evaluated, arguments.bootstrap, level=_LEVEL, progress=bar.update
                )
            low, high = zip(*intervals.values(), strict=True)
            print(f"{'  from':<12}{_cells(low)}\n{'  to':<12}{_cells(high)}")
    if arguments.bootstrap:
        print(f"from, to: {_LEVEL:.0%} of {arguments.bootstrap} draws of as many images")
    stages = ", ".join(f"{name} {s:.2f}" for name, s in estimator.timer.seconds.items())
    print(f"{len(dataset)} images in {seconds:.2f} s ({stages})")
    print(f"batch size {limits}")
    return 0


def _cells(values: Iterable[float | None]) -> str:
    """Columns of measures; a dash where nobody is annotated."""
    return "".join(
        f"{'-' if value is None or math.isnan(value) else format(value, '.3f'):>7}"
        for value in values
    )
