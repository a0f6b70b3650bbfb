"""``rmpe infer``: the people of photographs, as result files and drawings."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import CommandError
from ._options import NMS, add_method, add_networks, build_estimator, explain, fraction

if TYPE_CHECKING:
    from ..pipeline import PoseEstimator
    from ..results import ImageLabel, Record
    from ._inference import Tally

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
read, and drawings made, while the networks run.

exit status: 0 all well; 1 an image was skipped or failed, all others are done;
2 wrong usage, nothing was done; 130 interrupted, results so far are written.
"""

DRAWINGS = "drawings"
RUN_FILE = "run.json"

# Settings that change the results: a run may be resumed only with the same.
_SETTINGS = ("detector", "pose", "threshold", "nms", "flip", "convention")


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from ..results import FORMATS

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
        default="alphapose",
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
        type=_formats,
        default=list(FORMATS),
        metavar="LIST",
        help=f"result files, separated by commas, of: {', '.join(FORMATS)} (default: all)",
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
        "--overwrite", action="store_true", help="replace the results of an earlier run"
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
    from ..images import ImageError, find_images
    from ..results import FORMATS, label_images, label_of, read_records

    try:
        paths = find_images(arguments.inputs, recursive=arguments.recursive)
    except ImageError as error:
        raise CommandError(str(error)) from None
    drawings = (arguments.out / DRAWINGS).resolve()
    paths = [path for path in paths if drawings not in path.resolve().parents]
    settings = {name: getattr(arguments, name) for name in _SETTINGS}
    _check_output(arguments, settings)

    earlier: list[Record] = []
    if arguments.resume:
        try:
            earlier = read_records(arguments.out / FORMATS["jsonl"][0])
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot resume: {error}") from None
    labels = label_images(paths, map(label_of, earlier))
    done = {entry["file"] for entry in earlier if "error" not in entry}
    pending = [label for label in labels if label.file not in done]
    again = {label.file for label in pending}
    earlier = [entry for entry in earlier if entry["file"] not in again]

    started = time.perf_counter()
    nms = None if arguments.nms == "none" else arguments.nms
    estimator = build_estimator(arguments, nms=nms) if pending else None
    loaded = time.perf_counter()
    try:
        _prepare_output(arguments, settings)
        tally = _infer(arguments, estimator, pending, earlier)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot write to {arguments.out}: {reason}") from None
    if not arguments.quiet:
        stages = estimator.timer.seconds if estimator is not None else {}
        print(_summary(arguments, tally, len(labels) - len(pending), stages, loaded - started,
                       time.perf_counter() - loaded))  # fmt: skip
    if tally.stopped_by is not None:
        left = len(pending) - tally.images - tally.skipped
        print(f"rmpe infer: interrupted, images left: {left}; --resume goes on", file=sys.stderr)
        return 128 + tally.stopped_by
    return 1 if tally.skipped or tally.failed_drawings else 0


def _check_output(arguments: argparse.Namespace, settings: dict[str, Any]) -> None:
    """Refuse an output folder that cannot be one, or whose results would be lost or mixed."""
    folder, formats = arguments.out, arguments.formats
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"--out must be a folder, {folder} is a file")
    if arguments.resume and "jsonl" not in formats:
        raise CommandError("--resume needs jsonl among --formats: it reads results.jsonl")
    if arguments.overwrite or not (folder / RUN_FILE).exists():
        return
    if not arguments.resume:
        raise CommandError(
            f"{folder} holds the results of an earlier run: choose --resume to go on with it, "
            "--overwrite to replace it, or another folder with --out"
        )
    try:
        before = json.loads((folder / RUN_FILE).read_bytes())["settings"]
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"cannot resume: {folder / RUN_FILE} is damaged") from None
    differences = [
        f"--{name} was {before.get(name)}, now {value}"
        for name, value in settings.items()
        if before.get(name) != value
    ]
    if differences:
        raise CommandError(
            f"cannot resume {folder} with other settings: {'; '.join(differences)}"
        )


def _prepare_output(arguments: argparse.Namespace, settings: dict[str, Any]) -> None:
    """Make the folder, say in it which run this is, and clear what the run will not replace."""
    from .. import __version__
    from ..results import FORMATS

    folder = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    if not arguments.no_draw:
        (folder / DRAWINGS).mkdir(exist_ok=True)
    for name, (file, _) in FORMATS.items():
        # An old file beside the new ones would tell of other images: go on with it, or remove it.
        if name not in arguments.formats and arguments.resume and (folder / file).exists():
            arguments.formats.append(name)
        elif name not in arguments.formats:
            (folder / file).unlink(missing_ok=True)
            (folder / f"{file}.partial").unlink(missing_ok=True)
    about = {"rmpe": __version__, "settings": settings, "device": arguments.device}
    partial = folder / f"{RUN_FILE}.partial"
    partial.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, folder / RUN_FILE)


def _infer(
    arguments: argparse.Namespace,
    estimator: PoseEstimator | None,
    pending: list[ImageLabel],
    earlier: list[Record],
) -> Tally:
    from tqdm import tqdm

    from ..results import open_writers
    from ._inference import Drawings, Inference, Tally, print_traceback

    def report(message: str, error: BaseException) -> None:
        tqdm.write(f"rmpe infer: {message}", file=sys.stderr)
        if arguments.verbose:
            print_traceback(error)

    drawings = Drawings(
        arguments.out / DRAWINGS,
        min_person_score=arguments.min_person_score,
        min_keypoint_score=arguments.min_keypoint_score,
        boxes=not arguments.no_boxes,
    )
    with ExitStack() as stack:
        writers = [
            stack.enter_context(writer)
            for writer in open_writers(arguments.out, arguments.formats)
        ]
        for entry in earlier:
            for writer in writers:
                writer.append(entry)
        if estimator is None:
            return Tally()
        # None: a bar on a terminal only.
        silent = True if arguments.quiet else None
        bar = stack.enter_context(tqdm(total=len(pending), unit="image", disable=silent))
        inference = Inference(
            estimator,
            writers,
            None if arguments.no_draw else drawings,
            arguments.batch_size,
            estimator.timer,
            report,
            bar.update,
        )
        return inference.run(pending)


def _summary(
    arguments: argparse.Namespace,
    tally: Tally,
    resumed: int,
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
    if stages:
        parts = ", ".join(f"{name} {spent:.2f}" for name, spent in stages.items())
        rows.append(("seconds", f"{seconds:.2f} ({parts}), loading {loading:.2f}"))
    rows.append(("results", str(arguments.out)))
    return "\n".join(f"{name:<11}  {value}" for name, value in rows)


def _formats(text: str) -> list[str]:
    from ..results import FORMATS

    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in FORMATS:
            raise argparse.ArgumentTypeError(f"must be among {', '.join(FORMATS)}, got {name}")
    if not names:
        raise argparse.ArgumentTypeError(f"must name at least one of {', '.join(FORMATS)}")
    return list(dict.fromkeys(names))
