"""``rmpe smooth``: let the people in tracked results move steadily."""

from __future__ import annotations

import argparse
import sys

from ..trackers.parameters import FILTER_OF, FILTERS, SmoothingParameters
from . import CommandError
from ._messages import say, say_lines
from ._options import add_formats, explain, positive
from ._progress import progress_bar
from ._results import add_results, parameters_of, results_errors

SUMMARY = "let the people in tracked results move steadily"

DESCRIPTION = """\
Smooth the keypoints of tracked people, each identity and keypoint by itself, in results of
`rmpe infer --track` or `rmpe track`. Sure keypoints count more than doubtful ones. Short gaps are
filled: a person whom nobody found for a few frames has `filled` in JSON Lines there. Boxes and
scores stay as they are.

examples:
  rmpe infer walk.mp4 --track --no-draw --out results
  rmpe smooth results --out smooth
  rmpe draw smooth walk.mp4 --out walk-smooth.mp4"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    default = SmoothingParameters()
    parser.description = DESCRIPTION
    add_results(parser)
    add_formats(parser)
    how = parser.add_argument_group("smoothing")
    how.add_argument(
        "--filter",
        choices=tuple(FILTERS),
        default=default.filter,
        help=f"what makes them steady (default: %(default)s)\n{explain(FILTERS)}",
    )
    how.add_argument(
        "--window", type=positive, metavar="N",
        help="savgol: frames that a parabola is fitted to, odd; of a shorter track, all that there "
        f"are (default: {default.window})",
    )  # fmt: skip
    how.add_argument(
        "--cutoff", type=float, metavar="X",
        help="one-euro: cycles a frame that a keypoint at rest keeps; lower is steadier "
        f"(default: {default.cutoff})",
    )  # fmt: skip
    how.add_argument(
        "--beta", type=float, metavar="X",
        help="one-euro: growth of the cutoff with speed; higher lags less "
        f"(default: {default.beta})",
    )  # fmt: skip
    how.add_argument(
        "--frequency", type=float, metavar="X",
        help="butterworth: cycles a frame, below 0.5, up to which motion passes "
        f"(default: {default.frequency})",
    )  # fmt: skip
    how.add_argument(
        "--max-gap", type=int, default=default.max_gap, metavar="N",
        help="most frames in a row that are filled where a person or keypoint is missing; 0: none "
        "(default: %(default)s)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Smooth and write."""
    from ..smoothing import smooth_results

    for name, used_by in FILTER_OF.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, getattr(SmoothingParameters(), name))
        elif arguments.filter != used_by:
            raise CommandError(f"--{name} is for --filter {used_by}, got {arguments.filter}")
    parameters = parameters_of(SmoothingParameters, arguments)
    with results_errors(arguments.out):
        tally = smooth_results(
            arguments.results,
            arguments.out,
            parameters,
            formats=arguments.formats,
            overwrite=arguments.overwrite,
            report=lambda line: say(f"{arguments.prog}: {line}"),
            progress=progress_bar(quiet=arguments.quiet),
        )
    if arguments.quiet:
        return 0
    rows = [
        f"tracks   {tally.tracks}",
        f"people   {tally.people}, filled in: {tally.filled}",
        f"results  {arguments.out}",
    ]
    return 0 if say_lines(rows, sys.stdout) else 1
