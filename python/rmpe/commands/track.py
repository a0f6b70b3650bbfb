"""``rmpe track``: give the people in results their identities."""

from __future__ import annotations

import argparse
import sys

from ..trackers.parameters import SIMILARITIES, TrackingParameters
from ._messages import say, say_lines
from ._options import add_formats, explain, fraction
from ._progress import progress_bar
from ._results import add_results, parameters_of, results_errors

SUMMARY = "give the people in results their identities from frame to frame"

DESCRIPTION = """\
Track people through the frames of a video, in results that `rmpe infer` wrote. No network runs and
no image is read. Each folder of images is a video of its own, whose frames are in natural order:
2.jpg comes before 10.jpg. A person's identity, from 1, is `track_id` in JSON Lines and COCO's
files, `idx` in AlphaPose's, `person_id` in OpenPose's and `track` in tables. `rmpe infer --track`
does the same with the defaults.

As in ByteTrack, people with a high score continue tracks first, and begin new ones; those with a
low score only continue what is left. With --threshold 0.1 `rmpe infer` keeps such people.

examples:
  rmpe infer frames/ --threshold 0.1 --out results --no-draw
  rmpe track results --out tracked
  rmpe track results --out tracked --similarity iou --patience 60"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    default = TrackingParameters()
    parser.description = DESCRIPTION
    add_results(parser)
    add_formats(parser)
    how = parser.add_argument_group("association")
    how.add_argument(
        "--similarity",
        choices=SIMILARITIES,
        default=default.similarity,
        help=f"how alike a person and a track are (default: %(default)s)\n{explain(SIMILARITIES)}",
    )
    for name, text in (
        ("high_score", "people who score at least this continue tracks first, and begin new ones"),
        ("low_score", "people who score less are left out"),
        ("min_similarity", "least similarity of a person with a high score and their track"),
        ("min_similarity_low", "the same for a person with a low score"),
    ):
        how.add_argument(
            f"--{name.replace('_', '-')}",
            type=fraction,
            default=getattr(default, name),
            metavar="X",
            help=f"{text}: 0 to 1 (default: %(default)s)",
        )
    how.add_argument(
        "--patience",
        type=int,
        default=default.patience,
        metavar="N",
        help="frames in a row for which a track may find nobody; then it ends (default: "
        "%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Track and write."""
    from ..tracking import track_results

    parameters = parameters_of(TrackingParameters, arguments)
    with results_errors(arguments.out):
        tally = track_results(
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
    rows = {
        "videos": tally.videos,
        "frames": tally.frames,
        "people": f"{tally.people}, tracked: {tally.tracked}",
        "tracks": tally.tracks,
        "results": arguments.out,
    }
    said = say_lines([f"{name:<8} {value}" for name, value in rows.items()], sys.stdout)
    return 0 if said else 1
