"""``rmpe infer``: the people of photographs, as result files and drawings."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rmpe_ext.presets import DEFAULT_PRESET

from ..terminal import printable
from . import CommandError
from ._drawing import add_drawing, drawing_style
from ._excerpt import add_excerpt, add_incoming, connection_of, raw_video
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
    from ..outputs.result_format import ResultFormat
    from ..outputs.run_file import Setting
    from ..run import Tally

SUMMARY = "find people and their keypoints in photographs, videos, cameras and streams"

DESCRIPTION = """\
Find the people in photographs, videos, cameras and streams, and their keypoints; write result
files and drawings.

examples:
  rmpe infer photos/ --recursive
  rmpe infer 'photos/**/*.jpg' --out poses --formats coco --no-draw
  rmpe infer photos/ --nms rmpe --flip --device cuda:0
  rmpe infer photos/ --resume                 go on after an interruption
  find . -name '*.jpg' | rmpe infer @-         names from standard input; @FILE: from a file
  rmpe infer frames/ --track                  number people from frame to frame
  rmpe infer walk.mp4 --track --stride 2      every second frame of a video
  rmpe infer walk.mp4 --detect-every 5        the detector in every fifth, poses in all
  rmpe infer 0 --track                        the first camera, until Ctrl-C
  rmpe infer rtsp://10.0.0.7/door --end 1:00  a minute of a stream
  cat photo.jpg | rmpe infer -                an image, or many, on standard input
  ffmpeg -i walk.mp4 -f rawvideo -pix_fmt rgb24 - | rmpe infer - --raw 640x480@25
"""

RESULTS_HELP = """\
what is written into the output folder:
{files}
Each image has a number: the one at the end of its file's name (000000493652.jpg is
493652), else the lowest free one.
A run adds to results.jsonl.partial as it goes, and makes all other files from it when it
ends. They get their names when complete, so a run that is killed, or whose disk is full,
loses nothing, and --resume ends with the same files as if nothing had happened.
Pictures in the folders of drawings and crops are never taken as input. Drawings of images that JPEG
cannot hold, beyond 65,500 pixels a side, are PNG.

The summary's seconds are those that the run worked on a stage, or waited for it: files are
read, drawings made and results written while the networks run.

An input that is missing, or that holds no image, is skipped. Of a folder, or by a pattern,
photographs are taken; by a pattern that ends as videos do, such as '*.mp4', videos. A file is a
video by the end of its name:
{videos}
A video's frames are images of their own: frame 12 of walk.mp4 is walk_000012.jpg, with the
number 12, and its time in JSON Lines and tables. A frame that cannot be decoded is skipped, and
keeps its number.

A camera, a stream or standard input must be the only input. It is done when it ends, at --end
or at Ctrl-C; all result files are then made, and the exit status is 0. Its frames are called as
those of a video: camera0_000012.jpg, stream_000012.jpg for an address that ends in /stream,
stdin_000012.jpg. What a camera, or a stream that does not wait (rtsp, rtmp, srt, udp), sends while
the networks are busy is dropped, counted, and leaves a gap in the numbers; a server of http and a
pipe wait. These runs cannot be resumed: their frames are gone.

With --track, people are tracked when all images are done, and drawn after that. Whenever a
run ends, identities are given anew, so --resume ends with those of an unbroken run. Of cameras,
streams and standard input, people are tracked as they come.

With --detect-every N, the detector looks at every N-th frame of a video, camera, stream or pipe.
In those between, each person is looked for around the joints that were sure in the frame before;
who is not seen there any more is dropped until the detector looks again, and who comes is not found
before. Frames then go through the networks one by one. Photographs are all looked at.

exit status: 0 all well; 1 something was skipped or failed, all else is done, or the output
folder could not be written to any more; 2 wrong usage, nothing was done; 129 hung up
(SIGHUP), 130 interrupted (SIGINT), 143 terminated (SIGTERM), results so far are written.
"""

# Settings that change the results: a run may be resumed only with the same.
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
    from ..inputs.suffixes import VIDEO_SUFFIXES
    from ..outputs import RESULT_FORMATS

    parser.description = DESCRIPTION
    parser.epilog = RESULTS_HELP.format(
        files=_describe_files(RESULT_FORMATS.values()),
        videos=textwrap.fill(" ".join(sorted(VIDEO_SUFFIXES)), 79, break_on_hyphens=False),
    )
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
        "of\n`rmpe fit-nms` (default: %(default)s)\n" + explain(NMS),
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
        help="save each person who is drawn as a picture too, cut out by the box",
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


def _describe_files(formats: Iterable[ResultFormat]) -> str:
    """What is in each file of a run, a paragraph each."""
    from ..outputs.earlier_results import CROPS, DRAWINGS
    from ..outputs.image_list import IMAGE_LIST
    from ..outputs.run_file import RUN_FILE

    rows = [(known.file_name, known.summary) for known in (*formats, IMAGE_LIST)]
    rows.append((RUN_FILE, "the settings of the run"))
    rows.append((f"{DRAWINGS}/", "the images with their people drawn in"))
    rows.append((f"{CROPS}/", "each person as NAME_p03.jpg, by the index in the other files, or "
                 "NAME_p03_t7.jpg with the identity (--save-crops)"))  # fmt: skip
    return "\n".join(
        textwrap.fill(summary, 79, initial_indent=f"  {name:<24}", subsequent_indent=" " * 26)
        for name, summary in rows
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
    from ._cards import find_card

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
    card = find_card(arguments.pose, "pose")
    style = drawing_style(arguments, getattr(card, "drawn_score", None))
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
            settings=_settings(arguments),
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
        raise CommandError(str(error)) from None
    except OutputError as error:
        status = 1 if isinstance(error, OutputLostError) else 2
        raise CommandError(printable(error), status) from None
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
    return settings | {"detect-every": arguments.detect_every}


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
