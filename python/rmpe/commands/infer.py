"""``rmpe infer``: the people of photographs, as result files and drawings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rmpe_ext.presets import DEFAULT_PRESET

from . import CommandError
from ._contents import contents_of_file, contents_of_networks
from ._drawing import add_drawing, drawing_style
from ._excerpt import add_excerpt, add_incoming, connection_of, raw_video
from ._infer_help import DESCRIPTION, describe_results
from ._messages import say, say_lines, traceback_lines
from ._options import (
    NMS,
    add_formats,
    add_method,
    add_networks,
    build_estimator,
    explain,
    nms_name,
    positive,
)
from ._progress import progress_bar

if TYPE_CHECKING:
    from ..outputs.run_file import Setting
    from ..run import Tally

SUMMARY = "find people and their keypoints in photographs, videos, cameras and streams"

# Settings that change the results: a run may be resumed only with the same, and with the same
# contents of the files that they name.
_SETTINGS = (
    "detector",
    "classes",
    "pose",
    "threshold",
    "nms",
    "flip",
    "precision",
    "convention",
    "stn",
    "track",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = DESCRIPTION
    parser.epilog = describe_results()
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="image, folder, quoted pattern such as 'photos/**/*.jpg' or '*.mp4', video file, or "
        "@FILE: a list of these, one a line; @-: from standard input. Or one alone of these: a "
        "number or camera:NUMBER: a camera; an address: rtsp://..., http://... and others; -: "
        "images on standard input",
    )
    add_excerpt(parser)
    add_incoming(parser)

    add_networks(parser)
    method = add_method(parser)
    method.add_argument(
        "--nms",
        type=nms_name,
        default=DEFAULT_PRESET,
        metavar="PRESET",
        help="how poses that show the same person twice are removed: one of these, or a .toml file "
        "of `rmpe fit-nms` (default: %(default)s)\n" + explain(NMS),
    )

    method.add_argument(
        "--detect-every",
        type=positive,
        default=1,
        metavar="N",
        help="detect in every N-th frame of a video or stream, and follow the poses in between "
        "(default: %(default)s, every frame)",
    )

    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        default=Path("rmpe-results"),
        metavar="DIR",
        help="output folder, made where missing (default: %(default)s)",
    )
    add_formats(output)
    output.add_argument("--no-draw", action="store_true", help="write no drawings")
    add_drawing(output)
    output.add_argument(
        "--save-crops",
        action="store_true",
        help="save each person who is drawn as a picture too, cut out by the box; with "
        "--resume, of "
        "results that are there",
    )
    output.add_argument(
        "--track",
        action="store_true",
        help="give people their identities from frame to frame; the images of a folder, in natural "
        "order, are a video (default: off; `rmpe track` does it later, with other parameters)",
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
        "those that failed are tried again, and pictures that are missing are made",
    )

    running = parser.add_argument_group("running")
    running.add_argument(
        "--recursive", action="store_true", help="look into the folders of a folder too"
    )
    running.add_argument(
        "--view",
        action="store_true",
        help="show each image with its people in a window, one after the other unless --batch-size "
        "says otherwise: Escape closes it and the run goes on; q ends the run, as Ctrl-C does",
    )
    running.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    running.add_argument(
        "--verbose", action="store_true", help="show the whole traceback of a failure"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status."""
    if arguments.resume and "jsonl" not in arguments.formats:
        raise CommandError("--resume needs jsonl among --formats: it reads results.jsonl")

    from tqdm import tqdm

    from ..inputs.clip import Excerpt
    from ..inputs.find import with_lists
    from ..inputs.images import ImageError
    from ..outputs.errors import OutputError, OutputLostError
    from ..run import run as infer
    from ..trackers.parameters import TrackingParameters

    def report(message: str, error: BaseException | None) -> None:
        lines = [f"rmpe infer: {message}"]
        if arguments.verbose and error is not None:
            lines += traceback_lines(error)
        with tqdm.external_write_mode(file=sys.stderr):
            say_lines(lines, sys.stderr)

    try:
        excerpt = Excerpt(arguments.start, arguments.end, arguments.stride)
    except ValueError as error:
        raise CommandError(f"--{error}") from None
    settings, style = _settings(arguments), drawing_style(arguments)
    nms = None if arguments.nms == "none" else arguments.nms
    connection, raw = connection_of(arguments), raw_video(arguments)
    viewer = None
    try:
        if arguments.view:
            from ..outputs.window import Viewer, Window

            viewer = Viewer(Window("rmpe infer"), style)
        tally = infer(
            with_lists(arguments.inputs),
            arguments.out,
            lambda: build_estimator(arguments, nms=nms),
            settings=settings,
            recursive=arguments.recursive,
            excerpt=excerpt,
            connection=connection,
            raw=raw,
            detect_every=arguments.detect_every,
            formats=arguments.formats,
            style=None if arguments.no_draw else style,
            crops=style if arguments.save_crops else None,
            tracking=TrackingParameters() if arguments.track else None,
            resume=arguments.resume,
            overwrite=arguments.overwrite,
            batch_size=arguments.batch_size or (1 if arguments.view else None),
            viewer=viewer,
            report=report,
            progress=progress_bar(quiet=arguments.quiet),
        )
    except ImageError as error:
        # A line for each input that is none.
        raise CommandError(*str(error).split("\n")) from None
    except OutputError as error:
        status = 1 if isinstance(error, OutputLostError) else 2
        raise CommandError(str(error), status=status) from None
    finally:
        if viewer is not None:
            viewer.window.close()
    said = arguments.quiet or say_lines(_summary(tally, arguments), sys.stdout)
    if tally.stopped_by is not None:
        say(f"rmpe infer: interrupted, images left: {tally.left}; --resume goes on")
        return 128 + tally.stopped_by
    return 1 if tally.skipped or tally.failed_drawings or not said else 0


def _settings(arguments: argparse.Namespace) -> dict[str, Setting]:
    settings = {name: getattr(arguments, name) for name in _SETTINGS}
    if arguments.detect_every > 1:
        # Which frames are done says in which the detector looks.
        names = ("start", "end", "stride")
        settings |= {name: getattr(arguments, name) for name in names}
    settings |= {"detect-every": arguments.detect_every}
    settings |= contents_of_networks(arguments)
    if arguments.nms not in NMS:
        settings |= contents_of_file("nms", arguments.nms)
    return settings


def _summary(tally: Tally, arguments: argparse.Namespace) -> list[str]:
    from ..outputs.earlier_results import CROPS, DRAWINGS

    rows = [("images", str(tally.images)), ("people", str(tally.people))]
    for name, count in (
        ("skipped", tally.skipped),
        ("dropped", tally.dropped),
        ("not drawn", tally.failed_drawings),
        ("drawn again", tally.drawn_again),
        ("done before", tally.done_before),
    ):
        if count:
            rows.append((name, str(count)))
    if tally.images:
        rows.append(("speed", f"{tally.images / tally.working:.1f} images/s"))
    if tally.limits is not None:
        rows.append(("batch size", str(tally.limits)))
    parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in tally.stages.items())
    rows.append(("seconds", f"{tally.working:.2f} ({parts}), loading {tally.loading:.2f}"))
    rows.append(("results", str(arguments.out)))
    if not arguments.no_draw:
        rows.append(("drawings", str(arguments.out / DRAWINGS)))
    if arguments.save_crops:
        rows.append(("crops", str(arguments.out / CROPS)))
    return [f"{name:<11}  {value}" for name, value in rows]
