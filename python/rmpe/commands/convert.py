"""``rmpe convert``: write results in other formats, or with other keypoints."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..outputs import RESULT_FORMATS
from ..skeletons import SKELETONS, Skeleton
from ._messages import say, say_lines
from ._options import names_among
from ._progress import progress_bar
from ._results import add_results, results_errors

SUMMARY = "write results in other formats, or with the keypoints of another skeleton"

DESCRIPTION = """\
Write results of `rmpe infer` or `rmpe track` in other formats. No network runs and no image is
read. COCO results and annotations of other programs are read too: as JSON Lines they can be
tracked, smoothed, and drawn into a video. What else is written is not read, and what each format
leaves out stands in docs/results.md: only JSON Lines keep everything.

With --skeleton, people get the keypoints of another skeleton, where these are the same places of
the body. A neck between the shoulders, and the middle of the hips, are computed where they are
missing; JSON Lines name them under `derived`. Where other keypoints are missing, nothing is done.

examples:
  rmpe convert results --to csv --out tables
  rmpe convert results --to openpose --skeleton openpose_18 --out for-pose2sim
  rmpe convert results --to coco-annotations --out for-cvat
  rmpe convert theirs.json --images annotations.json --to jsonl --out results"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    add_results(
        parser,
        "folder of results, with results.jsonl; or a file of COCO results or annotations (.json)",
    )
    parser.add_argument(
        "--to",
        type=names_among(RESULT_FORMATS),
        required=True,
        metavar="LIST",
        help=f"formats, separated by commas, of: {', '.join(RESULT_FORMATS)}",
    )
    parser.add_argument(
        "--skeleton",
        choices=tuple(SKELETONS),
        metavar="NAME",
        help=f"whose keypoints people get: {', '.join(SKELETONS)} (default: those that they have)",
    )
    coco = parser.add_argument_group("for a file of COCO results")
    coco.add_argument(
        "--images",
        type=Path,
        metavar="FILE",
        help="names and sizes of the images: annotations, or images.json beside our results; COCO "
        "annotations have them, COCO results need it (default: none)",
    )
    coco.add_argument(
        "--source-skeleton",
        choices=tuple(SKELETONS),
        metavar="NAME",
        help="whose keypoints they are, of the same (default: those that --images names, "
        "or as many)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert and write."""
    from ..conversion import convert_results

    def skeleton(name: str | None) -> Skeleton | None:
        return None if name is None else SKELETONS[name]

    with results_errors(arguments.out):
        images = convert_results(
            arguments.results,
            arguments.out,
            arguments.to,
            skeleton=skeleton(arguments.skeleton),
            images=arguments.images,
            source=skeleton(arguments.source_skeleton),
            overwrite=arguments.overwrite,
            report=lambda line: say(f"{arguments.prog}: {line}"),
            progress=progress_bar(quiet=arguments.quiet),
        )
    if arguments.quiet:
        return 0
    said = say_lines([f"images   {images}", f"results  {arguments.out}"], sys.stdout)
    return 0 if said else 1
