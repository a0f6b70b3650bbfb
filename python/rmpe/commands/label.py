"""``rmpe label``: annotations from a network, of what it is sure of."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rmpe_ext.presets import DEFAULT_PRESET

from ..terminal import printable
from . import CommandError
from ._messages import say
from ._options import (
    add_method,
    add_networks,
    batch_limits,
    build_estimator,
    check_outputs,
    fraction,
    positive,
)

SUMMARY = "annotate photographs with what a network is sure of"

DESCRIPTION = """\
Write COCO annotations of photographs, with only those keypoints that the pose network finds again
in the mirrored photograph. What is not sure has visibility 0, as what is not annotated in COCO: it
does not count in `rmpe train`. A person with too few sure keypoints is a box alone.

The file can be corrected by hand in CVAT, Label Studio and others that read COCO keypoints.

examples:
  rmpe label photos/ --out labels.json
  rmpe label photos/ --out labels.json --boxes annotations.json --convention dark
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    parser.add_argument("images", type=Path, help="folder of the photographs")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the JSON file to write"
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        metavar="FILE",
        help="COCO annotations whose boxes are taken, in place of the detector's",
    )
    add_networks(parser)
    add_method(parser)
    sure = parser.add_argument_group("what is sure")
    sure.add_argument(
        "--similarity",
        type=fraction,
        default=0.5,
        metavar="S",
        help="least similarity, as in OKS, of a keypoint and its mirror image's "
        "(default: %(default)s)",
    )
    sure.add_argument(
        "--score",
        type=fraction,
        default=0.3,
        metavar="S",
        help="least score of both (default: %(default)s)",
    )
    sure.add_argument(
        "--keypoints",
        type=positive,
        default=8,
        metavar="N",
        help="least number of sure keypoints of a person (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Label and write; 1 where photographs were skipped."""
    from tqdm import tqdm

    from ..inputs.images import ImageError
    from ..inputs.prefetch import read_batches
    from ..output_file import write_output
    from ..training.labeling import Sureness, categories, label_images

    check_outputs(arguments.out, None)
    paths, boxes = _inputs(arguments)
    estimator = build_estimator(arguments, nms=None if boxes else DEFAULT_PRESET)
    sureness = Sureness(arguments.similarity, arguments.score, arguments.keypoints)
    limits = batch_limits(arguments, estimator)
    # A single photograph may be named, too.
    folder = arguments.images if arguments.images.is_dir() else arguments.images.parent
    images: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    skipped = 0
    with tqdm(total=len(paths), unit="image", disable=None) as bar:
        for batch in read_batches(paths, batch_size=limits.images, batch_bytes=limits.pixel_bytes):
            read = [(path, image) for path, image in batch if not isinstance(image, ImageError)]
            for _, outcome in batch:
                if isinstance(outcome, ImageError):
                    say(f"{arguments.prog}: skipped {outcome}")
                    skipped += 1
            given = [boxes[path] for path, _ in read] if boxes else None
            try:
                labels = label_images(estimator, [image for _, image in read], sureness, given)
            except ValueError as error:
                raise CommandError(str(error)) from error
            for (path, image), found in zip(read, labels, strict=True):
                images.append({
                    "id": len(images) + 1,
                    "file_name": str(path.relative_to(folder)),
                    "height": image.shape[0],
                    "width": image.shape[1],
                })  # fmt: skip
                for person in found:
                    people.append({"id": len(people) + 1, "image_id": len(images), **person})
            bar.update(len(batch))
    content = {
        "images": images,
        "annotations": people,
        "categories": categories(estimator.pose.card.skeleton),
    }
    try:
        write_output(arguments.out, json.dumps(content).encode())
    except OSError as error:
        raise CommandError(f"cannot write {arguments.out}: {error}", status=1) from error
    sure = sum(person["num_keypoints"] > 0 for person in people)
    keypoints = sum(person["num_keypoints"] for person in people)
    print(
        f"{len(images)} images, {len(people)} people, {sure} of them with {keypoints} sure "
        f"keypoints: {printable(arguments.out)}"
    )
    return 1 if skipped else 0


def _inputs(arguments: argparse.Namespace) -> tuple[list[Path], dict[Path, Any] | None]:
    """The photographs, and the boxes in each where a file has them."""
    from ..datasets import load_dataset
    from ..inputs.find import find_images
    from ..inputs.images import ImageError

    try:
        if arguments.boxes is None:
            found = find_images([arguments.images], recursive=True, report=say)
            return found, None
        dataset = load_dataset(arguments.boxes, arguments.images)
    except (ImageError, ValueError) as error:
        raise CommandError(str(error)) from error
    boxes = {}
    for i, path in enumerate(dataset.paths):
        rows = dataset.people(i)
        boxes[path] = dataset.boxes[rows][~dataset.crowd[rows]]
    return list(dataset.paths), boxes
