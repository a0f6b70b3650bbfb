"""``rmpe infer``: the people of photographs, as result files and drawings."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmpe_ext.presets import DEFAULT_PRESET

from ..terminal import printable
from . import CommandError
from ._options import (
    NMS,
    add_method,
    add_networks,
    batch_limits,
    build_estimator,
    explain,
    fraction,
    names_among,
)

if TYPE_CHECKING:
    from ..memory import BatchLimits
    from ..outputs.labels import ImageLabel
    from ..outputs.records import Record
    from ..pipeline import PoseEstimator
    from ..run import Tally

SUMMARY = "find people and their keypoints in photographs"

DESCRIPTION = """\
Find the people in photographs and their keypoints; write result files and drawings.

examples:
  rmpe infer photos/ --recursive
  rmpe infer 'photos/**/*.jpg' --out poses --formats coco --no-draw
  rmpe infer photos/ --nms rmpe --flip --device cuda:0
  rmpe infer photos/ --resume                 go on after an interruption
"""

RESULTS_HELP = """\
what is written into the output folder:
  results.jsonl           one line for each image, also without people, or with the
                          error for which it was skipped; --resume needs it
  coco-results.json       COCO keypoint results, for pycocotools
  alphapose-results.json  AlphaPose's layout
  images.json             every image: its number (image_id), name, path, size, people
  run.json                the settings of the run
  drawings/               the images with their people drawn in
COCO and AlphaPose results list people, so an image without any does not appear there;
it does in results.jsonl and images.json. COCO wants numbers for images: the one at the
end of the file's name (000000493652.jpg is 493652), else the lowest free one.
Files get their names when complete; until then they are called NAME.partial.
Images in the folder of drawings are never taken as input.

The summary's seconds are those that the run worked on a stage, or waited for it: files are
read, drawings made and results written while the networks run.

An input that is missing, or that holds no image, is skipped.

exit status: 0 all well; 1 something was skipped or failed, all else is done, or the output
folder could not be written to any more; 2 wrong usage, nothing was done; 130 interrupted
(SIGINT), 143 terminated (SIGTERM), results so far are written.
"""

# Settings that change the results: a run may be resumed only with the same.
_SETTINGS = ("detector", "pose", "threshold", "nms", "flip", "convention")


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from ..outputs import RESULT_FORMATS

    parser.description = DESCRIPTION
    parser.epilog = RESULTS_HELP
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="image, folder, or quoted pattern such as 'photos/**/*.jpg'",
    )

    add_networks(parser)
    method = add_method(parser)
    method.add_argument(
        "--nms",
        choices=tuple(NMS),
        default=DEFAULT_PRESET,
        help="how poses that show the same person twice are removed (default: %(default)s)\n"
        + explain(NMS),
    )

    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        default=Path("rmpe-results"),
        metavar="DIR",
        help="output folder, made where missing (default: %(default)s)",
    )
    output.add_argument(
        "--formats",
        type=names_among(RESULT_FORMATS),
        default=list(RESULT_FORMATS),
        metavar="LIST",
        help=f"result files, separated by commas, of: {', '.join(RESULT_FORMATS)} (default: all)",
    )
    output.add_argument("--no-draw", action="store_true", help="write no drawings")
    output.add_argument("--no-boxes", action="store_true", help="draw no boxes around people")
    output.add_argument(
        "--min-person-score",
        type=fraction,
        default=0.3,
        metavar="SCORE",
        help="draw people whose box scores at least this; result files hold all that --threshold "
        "lets through, as measures such as AP want them (default: %(default)s)",
    )
    output.add_argument(
        "--min-keypoint-score",
        type=fraction,
        default=0.2,
        metavar="SCORE",
        help="draw keypoints that score at least this; result files hold all "
        "(default: %(default)s)",
    )
    earlier = output.add_mutually_exclusive_group()
    earlier.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the results of an earlier run: its files and drawings are removed",
    )
    earlier.add_argument(
        "--resume",
        action="store_true",
        help="keep the results of an earlier run with the same settings and skip its images; "
        "those that failed are tried again",
    )

    running = parser.add_argument_group("running")
    running.add_argument(
        "--recursive", action="store_true", help="look into the folders of a folder too"
    )
    running.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    running.add_argument(
        "--verbose", action="store_true", help="show the whole traceback of a failure"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status."""
    from ..outputs.folder import OutputError, OutputLostError

    try:
        return _run(arguments)
    except OutputLostError as error:
        raise CommandError(str(error), status=1) from None
    except OutputError as error:
        raise CommandError(str(error)) from None


def _run(arguments: argparse.Namespace) -> int:
    from ..outputs.folder import check_output
    from ..outputs.jsonl import JSONLinesWriter
    from ..outputs.labels import label_images
    from ..outputs.records import label_of, read_records

    paths, missing = _find(arguments)
    settings = {name: getattr(arguments, name) for name in _SETTINGS}
    check_output(
        arguments.out,
        arguments.formats,
        settings,
        resume=arguments.resume,
        overwrite=arguments.overwrite,
    )

    earlier: list[Record] = []
    if arguments.resume:
        try:
            earlier = read_records(arguments.out / JSONLinesWriter.file_name)
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot resume: {error}") from None
    labels = label_images(paths, map(label_of, earlier))
    done = {entry["file"] for entry in earlier if "error" not in entry}
    pending = [label for label in labels if label.file not in done]
    again = {label.file for label in pending}
    earlier = [entry for entry in earlier if entry["file"] not in again]

    for problem in missing:
        print(f"rmpe infer: skipped {printable(problem)}", file=sys.stderr)
    started = time.perf_counter()
    nms = None if arguments.nms == "none" else arguments.nms
    estimator = build_estimator(arguments, nms=nms) if pending else None
    limits = batch_limits(arguments, estimator) if estimator is not None else None
    loaded = time.perf_counter()
    tally = _infer(arguments, settings, estimator, limits, pending, earlier)
    left = len(pending) - tally.images - tally.skipped
    tally.skipped += len(missing)
    if not arguments.quiet:
        stages = estimator.timer.seconds if estimator is not None else {}
        print(_summary(arguments, tally, len(labels) - len(pending), limits, stages,
                       loaded - started, time.perf_counter() - loaded))  # fmt: skip
    if tally.stopped_by is not None:
        print(f"rmpe infer: interrupted, images left: {left}; --resume goes on", file=sys.stderr)
        return 128 + tally.stopped_by
    return 1 if tally.skipped or tally.failed_drawings else 0


def _find(arguments: argparse.Namespace) -> tuple[list[Path], list[str]]:
    """List the images, and say which inputs gave none."""
    from ..inputs.find import find_images
    from ..inputs.images import ImageError
    from ..outputs.folder import DRAWINGS

    missing: list[str] = []
    try:
        found = find_images(arguments.inputs, recursive=arguments.recursive, report=missing.append)
    except ImageError as error:
        raise CommandError(str(error)) from None
    drawings = Path(os.path.realpath(arguments.out / DRAWINGS))
    # Unlike Path.resolve, realpath takes links that lead in a circle.
    paths = [path for path in found if drawings not in Path(os.path.realpath(path)).parents]
    if not paths:
        raise CommandError(f"all images found are drawings of an earlier run in {arguments.out}")
    return paths, missing


def _infer(
    arguments: argparse.Namespace,
    settings: dict[str, Any],
    estimator: PoseEstimator | None,
    limits: BatchLimits | None,
    pending: list[ImageLabel],
    earlier: list[Record],
) -> Tally:
    """Replace the contents of the output folder: from here on, something has been done."""
    from tqdm import tqdm

    from .. import __version__
    from ..outputs.folder import DRAWINGS, open_output
    from ..run import Drawings, Inference, Tally, print_traceback

    def report(message: str, error: BaseException) -> None:
        tqdm.write(f"rmpe infer: {printable(message)}", file=sys.stderr)
        if arguments.verbose:
            print_traceback(error)

    drawings = Drawings(
        arguments.out / DRAWINGS,
        min_person_score=arguments.min_person_score,
        min_keypoint_score=arguments.min_keypoint_score,
        boxes=not arguments.no_boxes,
    )
    files = open_output(
        arguments.out,
        arguments.formats,
        {"rmpe": __version__, "settings": settings, "device": arguments.device},
        draw=not arguments.no_draw,
        resume=arguments.resume,
        overwrite=arguments.overwrite,
    )
    with closing(files):
        for entry in earlier:
            files.append(entry)
        if estimator is None:
            return Tally()
        # None: a bar on a terminal only.
        silent = True if arguments.quiet else None
        with tqdm(total=len(pending), unit="image", disable=silent) as bar:
            inference = Inference(
                estimator,
                files,
                None if arguments.no_draw else drawings,
                limits,
                estimator.timer,
                report,
                bar.update,
            )
            return inference.run(pending)


def _summary(
    arguments: argparse.Namespace,
    tally: Tally,
    resumed: int,
    limits: BatchLimits | None,
    stages: dict[str, float],
    loading: float,
    seconds: float,
) -> str:
    rows = [("images", str(tally.images)), ("people", str(tally.people))]
    if tally.skipped:
        rows.append(("skipped", str(tally.skipped)))
    if tally.failed_drawings:
        rows.append(("not drawn", str(tally.failed_drawings)))
    if resumed:
        rows.append(("done before", str(resumed)))
    if tally.images:
        rows.append(("speed", f"{tally.images / seconds:.1f} images/s"))
    if limits is not None:
        rows.append(("batch size", str(limits)))
    if stages:
        parts = ", ".join(f"{name} {spent:.2f}" for name, spent in stages.items())
        rows.append(("seconds", f"{seconds:.2f} ({parts}), loading {loading:.2f}"))
    rows.append(("results", printable(arguments.out)))
    return "\n".join(f"{name:<11}  {value}" for name, value in rows)
