"""``rmpe draw``: a video in which people are drawn, from its results."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import CommandError
from ._drawing import add_drawing, drawing_style
from ._messages import say, say_lines
from ._progress import progress_bar
from ._results import results_errors

SUMMARY = "draw the people of results into the video that they are of"

DESCRIPTION = """\
Draw people into a video, from what `rmpe infer`, `rmpe track`, `rmpe smooth` or `rmpe convert`
wrote of it. No network runs. The new video has the size, the times of all frames, and the sound of
the old one.

examples:
  rmpe infer walk.mp4 --track --no-draw --out results
  rmpe draw results walk.mp4 --out walk-poses.mp4
  rmpe draw results walk.mp4 --out walk-poses.mkv --blur-faces --no-boxes"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    parser.add_argument("results", type=Path, help="folder of results, with results.jsonl")
    parser.add_argument("video", type=Path, help="the video that they are of")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="new video: .mp4, .m4v, .mov or .mkv",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a file that is there already"
    )
    parser.add_argument("--no-sound", action="store_true", help="leave out the sound")
    add_drawing(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")


def run(arguments: argparse.Namespace) -> int:
    """Draw and write."""
    from ..annotation import annotate_video
    from ..inputs.images import ImageError

    if os.path.exists(arguments.out) and not arguments.overwrite:
        raise CommandError(f"{arguments.out} is there already: choose --overwrite to replace it")
    with results_errors(arguments.out):
        try:
            frames = annotate_video(
                arguments.results,
                arguments.video,
                arguments.out,
                drawing_style(arguments),
                sound=not arguments.no_sound,
                report=lambda line: say(f"{arguments.prog}: {line}"),
                progress=progress_bar(quiet=arguments.quiet),
            )
        except ImageError as error:
            raise CommandError(str(error)) from None
    if arguments.quiet:
        return 0
    said = say_lines([f"frames with results  {frames}", f"video  {arguments.out}"], sys.stdout)
    return 0 if said else 1
