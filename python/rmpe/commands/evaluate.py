"""``rmpe evaluate``: keypoint AP on images with COCO annotations."""

from __future__ import annotations

import argparse
import sys
import time
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
)

SUMMARY = "measure keypoint AP on images with COCO annotations"

DESCRIPTION = """\
Measure the keypoint average precision (AP) of a pipeline on images with COCO annotations,
by pycocotools; needs no output folder. Several kinds of pose NMS are measured in one run.

examples:
  rmpe evaluate person_keypoints.json images/ --boxes true
  rmpe evaluate person_keypoints.json images/ --threshold 0.1 --nms none,paper,alphapose
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
        type=names_among(NMS),
        default=f"none,{DEFAULT_PRESET}",
        metavar="PRESET[,PRESET...]",
        help=f"what removes repeated people, among {', '.join(NMS)} (default: %(default)s)",
    )
    method.add_argument(
        "--boxes",
        choices=("detected", "true"),
        default="detected",
        help="whose boxes: the detector's, or the annotated ones (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print a table."""
    from tqdm import tqdm

    check_kernels()

    from ..datasets import load_dataset
    from ..evaluation import evaluate

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
    with tqdm(total=len(dataset), unit="image", disable=None) as bar:
        try:
            measures = evaluate(
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

    print(
        f"{'pose NMS':<12}{'AP':>7}{'AP50':>7}{'AP75':>7}{'APM':>7}{'APL':>7}{'AR':>7}{'people':>8}"
    )
    for name, m in measures.items():
        values = (m.ap, m.ap50, m.ap75, m.ap_medium, m.ap_large, m.ar)
        cells = "".join(f"{'-' if value is None else format(value, '.3f'):>7}" for value in values)
        print(f"{name:<12}{cells}{m.people:8d}")
    stages = ", ".join(f"{name} {s:.2f}" for name, s in estimator.timer.seconds.items())
    print(f"{len(dataset)} images in {seconds:.2f} s ({stages})")
    print(f"batch size {limits}")
    return 0
