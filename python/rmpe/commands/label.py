"""``rmpe label``: annotations from a network, of what it is sure of."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmpe_ext.presets import DEFAULT_PRESET

from ..arguments import as_path
from . import CommandError
from ._contents import contents_of_file, contents_of_networks
from ._messages import say, say_lines
from ._options import (
    add_method,
    add_networks,
    batch_limits,
    build_estimator,
    check_outputs,
    fraction,
    positive,
)

if TYPE_CHECKING:
    from ..interrupts import StopRequest
    from ..pipeline import PoseEstimator
    from ..training.label_file import LabelFile
    from ..training.labeling import Sureness

SUMMARY = "annotate photographs with what a network is sure of"

DESCRIPTION = """\
Write COCO annotations of photographs, with only those keypoints that the pose network finds again
in the mirrored photograph. What is not sure has visibility 0, as what is not annotated in COCO: it
does not count in `rmpe train`. A person with too few sure keypoints is a box alone.

The file can be corrected by hand in CVAT, Label Studio and others that read COCO keypoints.

A run adds to FILE.partial as it goes, and makes FILE from it when it ends, so a run that is killed,
or whose disk is full, loses nothing, and --resume ends with the same file as if nothing had
happened.

examples:
  rmpe label photos/ --out labels.json
  rmpe label photos/ --out labels.json --resume             go on after an interruption
  rmpe label photos/ --out labels.json --boxes annotations.json --convention dark
"""

# Settings that change the labels: a run may be resumed only with the same, and with the same
# contents of the files that they name.
_SETTINGS = (
    "detector", "classes", "pose", "threshold", "flip", "precision", "convention", "stn",
    "similarity", "score", "keypoints",
)  # fmt: skip


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
        help="COCO annotations whose boxes are taken, in place of the detector's (default: none)",
    )
    earlier = parser.add_mutually_exclusive_group()
    earlier.add_argument(
        "--overwrite", action="store_true", help="replace the file, or what a run has left of it"
    )
    earlier.add_argument(
        "--resume",
        action="store_true",
        help="go on with what an interrupted run of the same settings has left",
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
    from ..interrupts import StopRequest
    from ..outputs.errors import OutputError, OutputLostError
    from ..training.label_file import open_labels
    from ._cards import find_card

    check_outputs(arguments.out, None)
    # Unlike Path.exists, os.path.exists takes any path.
    if not os.path.exists(arguments.images):
        raise CommandError(f"images must be a folder or a photograph, {arguments.images} is none")
    skeleton = getattr(find_card(arguments.pose, "pose"), "skeleton", None)
    if skeleton is not None and skeleton.sigmas is None:
        raise CommandError(f"--pose must have a skeleton with sigmas, {skeleton.name} has none")
    try:
        with (
            StopRequest() as stop,
            open_labels(
                arguments.out,
                _settings(arguments),
                resume=arguments.resume,
                overwrite=arguments.overwrite,
                report=lambda line: say(f"{arguments.prog}: {line}"),
            ) as file,
        ):
            if file.complete:
                say(f"{arguments.prog}: {arguments.out} is complete; --overwrite replaces it")
                return 0
            return _label(arguments, file, stop)
    except OutputError as error:
        status = 1 if isinstance(error, OutputLostError) else 2
        raise CommandError(str(error), status=status) from None


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What changes the labels, by the names of the arguments."""
    settings = {f"--{name}": getattr(arguments, name) for name in _SETTINGS}
    boxes = arguments.boxes
    return {
        "images": os.path.realpath(arguments.images),
        "--boxes": boxes and os.path.realpath(as_path("--boxes", boxes, CommandError)),
        **settings,
        **contents_of_networks(arguments, "--"),
        **contents_of_file("--boxes", boxes),
    }


def _label(arguments: argparse.Namespace, file: LabelFile, stop: StopRequest) -> int:
    from tqdm import tqdm

    from ..inputs.prefetch import read_batches
    from ..outputs.coco_annotations import categories
    from ..training.labeling import Sureness

    paths, boxes = _inputs(arguments)
    # A single photograph may be named, too.
    folder = arguments.images if arguments.images.is_dir() else arguments.images.parent
    names = {path: str(path.relative_to(folder)) for path in paths}
    work = [path for path in paths if names[path] not in file.done]
    estimator = build_estimator(arguments, nms=DEFAULT_PRESET if boxes is None else None)
    sureness = Sureness(arguments.similarity, arguments.score, arguments.keypoints)
    limits = batch_limits(arguments, estimator)
    file.begin()
    left, skipped = len(work), 0
    with (
        tqdm(total=len(paths), initial=len(paths) - left, unit="image", disable=None) as bar,
        closing(
            read_batches(work, batch_size=limits.images, batch_bytes=limits.pixel_bytes)
        ) as batches,
    ):
        for batch in batches:
            records = []
            for path, found in _label_batch(estimator, batch, sureness, boxes):
                if isinstance(found, Exception):
                    say(f"{arguments.prog}: skipped {_describe(path, found)}")
                    skipped += 1
                else:
                    records.append({"file_name": names[path], **found})
            file.append(records)
            left -= len(batch)
            bar.update(len(batch))
            if stop.signal is not None:
                break
    if left and stop.signal is not None:
        say(f"{arguments.prog}: interrupted, images left: {left}; --resume goes on")
        return 128 + stop.signal
    content = file.finish(list(names.values()), categories(estimator.pose.card.skeleton))
    people = content["annotations"]
    sure = sum(person["num_keypoints"] > 0 for person in people)
    keypoints = sum(person["num_keypoints"] for person in people)
    said = say_lines(
        [
            f"{len(content['images'])} images, {len(people)} people, {sure} of them with "
            f"{keypoints} sure keypoints: {arguments.out}"
        ],
        sys.stdout,
    )
    return 1 if skipped or not said else 0


def _label_batch(
    estimator: PoseEstimator,
    batch: Sequence[tuple[Path, Any]],
    sureness: Sureness,
    boxes: Mapping[Path, Any] | None,
) -> Iterator[tuple[Path, dict[str, Any] | Exception]]:
    """Each photograph of a batch, and what was found in it or why nothing was."""
    from ..training.labeling import label_images

    read = [(path, image) for path, image in batch if not isinstance(image, Exception)]
    yield from ((path, image) for path, image in batch if isinstance(image, Exception))
    if not read:
        return
    given = None if boxes is None else [boxes[path] for path, _ in read]
    try:
        labels = label_images(estimator, [image for _, image in read], sureness, given)
    except Exception as error:  # Whatever it is, it must not cost the other photographs.
        if len(read) == 1:
            yield read[0][0], error
        else:
            for one in read:
                yield from _label_batch(estimator, [one], sureness, boxes)
        return
    for (path, image), people in zip(read, labels, strict=True):
        height, width = image.shape[:2]
        yield path, {"height": height, "width": width, "people": people}


def _describe(path: Path, error: Exception) -> str:
    from ..inputs.images import ImageError

    return str(error) if isinstance(error, ImageError) else f"{path}: {error}"


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
    except ImageError as error:
        raise CommandError(*str(error).split("\n")) from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    boxes = {}
    for i, path in enumerate(dataset.paths):
        rows = dataset.people(i)
        boxes[path] = dataset.boxes[rows][~dataset.crowd[rows]]
    return list(dataset.paths), boxes
