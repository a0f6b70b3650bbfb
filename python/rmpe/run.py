"""From images to a folder of results.

`run` is what ``rmpe infer`` does, for any program: it finds the images, goes on where an earlier
run ended, reads, finds people, tracks them, draws and writes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack

import torch

from rmpe_ext import __version__
from rmpe_ext.processors import usable_processors
from rmpe_ext.validation.checks import TYPES, check_whole

from .arguments import as_path
from .following import Following, as_follower
from .inputs.clip import Excerpt
from .inputs.images import ImageError
from .inputs.live import Connection
from .inputs.raw import RawVideo
from .inputs.unrepeatable import STANDARD_INPUT, unrepeatable
from .interrupts import StopRequest
from .memory import BatchLimits, choose_batch
from .outputs import DEFAULT_FORMATS, check_formats
from .outputs.drawing_style import DrawingStyle
from .outputs.errors import OutputError, OutputLostError
from .outputs.folder import ResultFolder, open_results
from .outputs.location import working_directory
from .outputs.run_file import RunFile, Setting
from .outputs.window import Viewer
from .outputs.work import Work
from .people_fields import check_drawn_score
from .progress import Progress, no_progress
from .run_feeds import FoundFiles, IncomingFrames, file_batches
from .run_loop import Estimator, Inference, Tally
from .timing import StageTimer
from .trackers.frames import FrameTracking
from .trackers.parameters import TrackingParameters
from .tracking import track_folder

__all__ = ["Estimator", "Tally", "run"]

_STYLE = DrawingStyle()
_ALL = Excerpt()
_CONNECTION = Connection()
_MOST_WORKERS = 4  # where the caller does not say


def run(
    inputs: Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    load_estimator: Callable[[], Estimator],
    *,
    settings: Mapping[str, Setting],
    recursive: bool = False,
    excerpt: Excerpt = _ALL,
    connection: Connection = _CONNECTION,
    raw: RawVideo | None = None,
    detect_every: int = 1,
    formats: Sequence[str] = DEFAULT_FORMATS,
    style: DrawingStyle | None = _STYLE,
    crops: DrawingStyle | None = None,
    tracking: TrackingParameters | None = None,
    resume: bool = False,
    overwrite: bool = False,
    batch_size: int | None = None,
    workers: int | None = None,
    viewer: Viewer | None = None,
    report: Callable[[str, BaseException | None], object] = lambda message, error: None,
    progress: Progress = no_progress,
) -> Tally:
    """Find the people in images and write result files and drawings.

    The first SIGINT, SIGTERM or SIGHUP ends the run after the batch, if this is called in the main
    thread; what is done by then is written, and ``resume`` goes on with it. So it does after a
    crash.

    Parameters
    ----------
    inputs : iterable of str or path-like
        Images, folders, patterns and videos, as :func:`rmpe.inputs.find.find_images` takes them;
        the frames of videos are images of their own. Pictures of an earlier run in `out` are left
        out. Or one alone of these, which are read until they end or a signal comes: the number of a
        camera (``"0"`` or ``"camera:0"``), an address such as ``"rtsp://..."``, or ``"-"`` for
        images on standard input.
    out : str or path-like
        The folder of results, made where it is missing.
    load_estimator : callable
        Gives what finds people, such as a `rmpe.PoseEstimator`. Called when the folder is locked
        and before anything in it changes, and only where an image needs it. Its attribute
        `drawn_score`, if it has one, is that of the people (`rmpe.People`).
    settings : mapping
        What changes the results, by name: text, numbers, true, false and None. A run is resumed
        only with the same.
    recursive : bool
        Look into the folders of a folder too.
    excerpt : Excerpt
        Which frames of a video are done.
    connection : Connection
        How long a camera or address is waited for.
    raw : RawVideo, optional
        Standard input holds raw frames, and these.
    detect_every : int
        In a video, and whatever comes by itself, the detector looks at every so many frames; in
        those between, people are looked for where their joints were in the frame before, one frame
        at a time. The estimator must have `rmpe.PoseEstimator.follow`. 1: at every frame.
    formats : sequence of str
        Which result files to write: keys of `rmpe.outputs.RESULT_FORMATS`.
    style : DrawingStyle, optional
        How to draw; None: no drawings.
    crops : DrawingStyle, optional
        Save the crops of those whom this draws; None: no crops.
    tracking : TrackingParameters, optional
        Give people their identities, from image to image of a folder, once all are done; pictures
        are made after that. They are those of `rmpe.tracking.track_results`, and do not depend on
        interruptions. None: nobody is tracked.
    resume : bool
        Keep the results of an earlier run and do what it left: images that it did not reach, that
        were skipped, or whose pictures are missing. Not for what comes by itself.
    overwrite : bool
        Replace the results of an earlier run.
    batch_size : int, optional
        At most so many images go through the networks together; as many as memory lets, where
        omitted.
    workers : int, optional
        Background threads that read, and as many that draw, while the networks run; as many as
        there are usable processors, but no more than 4, where omitted.
    viewer : Viewer, optional
        Shows each image with its people when it is done, with identities if it has them by then;
        its ``q`` is an interruption. None: nothing is shown.
    report : callable
        Called with a message for people, and the error if there is one, for every failure; from
        background threads too.
    progress : callable
        Called with ``"image"``, ``"frame"`` (that is tracked), ``"drawing"`` (after tracking) or
        ``"record"``, and how many there are, None where nobody knows; returns a context manager
        that gives what to call with the number of those that were done.

    Returns
    -------
    Tally
        What became of the images.

    Raises
    ------
    ImageError
        No image was found at all, or what comes by itself is not there, has company, or is to be
        resumed; or `excerpt`, `connection` or `detect_every` would have no effect on the inputs.
    OutputError
        The folder cannot be written to, holds what is in the way, or another run writes into it;
        nothing was done.
    OutputLostError
        The folder could not be written to any more; nothing that was done is lost.

    Examples
    --------
    >>> from rmpe import PoseEstimator
    >>> tally = run(["photos"], "results", PoseEstimator, settings={})  # doctest: +SKIP
    >>> tally.images, tally.people  # doctest: +SKIP
    (36, 271)
    """
    out, tally = as_path("out", out, OutputError), Tally()
    check_formats(formats)
    if workers is None:
        workers = min(_MOST_WORKERS, usable_processors())
    working_directory()  # Refuses one that is gone, before paths are looked up from there.
    check_whole(TYPES, "detect_every", detect_every, 1)
    if not isinstance(inputs, (str, bytes, os.PathLike)):  # Else, it is an error below.
        inputs = list(inputs)
    source = unrepeatable(inputs if isinstance(inputs, list) else [])
    if resume and source is not None:
        raise ImageError(
            f"{source.name} cannot be resumed: its frames are gone; --resume is for files"
        )
    if recursive and source is not None:
        raise ImageError(f"--recursive is for folders; {source.name} is none")
    if raw is not None and (source is None or source.source != STANDARD_INPUT):
        raise ImageError("--raw is for standard input: name - as the input")
    if connection != _CONNECTION and (source is None or not source.is_live):
        these = "these inputs are files" if source is None else "standard input is read to its end"
        raise ImageError(f"--retries, --timeout: for cameras and streams; {these}")
    with StopRequest() as stop, ExitStack() as stack:
        feed: FoundFiles | IncomingFrames
        if source is None:
            feed = FoundFiles(
                inputs, out, recursive=recursive, excerpt=excerpt, tally=tally, report=report
            )
            _check_effect(feed, excerpt, detect_every)
        else:
            frames = source.open(excerpt, connection, raw, lambda line: report(line, None))
            stack.callback(frames.close)
            feed = IncomingFrames(source, frames, excerpt, tally, report)
        tracked_later = tracking is not None and not feed.continuous
        with open_results(
            out,
            settings,
            resume=resume,
            overwrite=overwrite,
            report=lambda line: report(line, None),
        ) as folder:
            total = feed.plan(
                folder,
                draw=style is not None and not tracked_later,
                crops=None if tracked_later else crops,
            )
            started = time.perf_counter()
            estimator = load_estimator() if feed.needs_networks else None
            loaded = time.perf_counter()
            drawn_score = check_drawn_score(getattr(estimator, "drawn_score", None))
            device = torch.device("cpu") if estimator is None else estimator.device
            limits = choose_batch(device) if batch_size is None else BatchLimits(batch_size)
            timer = StageTimer() if estimator is None else estimator.timer
            following = None
            if detect_every > 1 and estimator is not None:
                following = Following(
                    as_follower(estimator), detect_every, folder, continuous=feed.continuous
                )
            feed.start(stop)
            about = RunFile(
                __version__,
                dict(settings),
                "" if estimator is None else str(device),
                tuple(formats),
                folder.working_directory,
                drawn_score,
            )
            folder.begin(about, style, crops, overwrite=overwrite)
            tally.left, tally.limits = total or 0, None if estimator is None else limits
            pictures = None if tracked_later else folder.pictures
            tracker = None if tracking is None or tracked_later else FrameTracking(tracking)
            try:
                with progress("image", total) as advance:
                    Inference(
                        estimator,
                        folder,
                        pictures,
                        timer,
                        report,
                        advance,
                        workers,
                        following,
                        tracker,
                        viewer,
                    ).run(feed.batches(limits, workers, stop), tally, stop)
                if isinstance(feed, FoundFiles) and tracking is not None:
                    with progress("frame", folder.count) as advance, timer.stage("track"):
                        track_folder(folder, tracking, advance=advance)
                    if folder.pictures is not None:
                        wanted, _ = folder.plan(feed.paths, draw=style is not None, crops=crops)
                        _draw(wanted, folder, limits, timer, report, progress, workers, tally, stop)
            except OutputLostError:
                raise
            except BaseException:
                # A second signal, or an error of the program: what is done is worth its files.
                folder.finish()
                raise
            with progress("record", folder.count) as advance, timer.stage("finish"):
                folder.finish(advance)
        tally.stopped_by = stop.signal if tally.left else None
        tally.stages, tally.loading = dict(timer.seconds), loaded - started
        tally.working = time.perf_counter() - loaded
    return tally


def _check_effect(feed: FoundFiles, excerpt: Excerpt, detect_every: int) -> None:
    """Raise ImageError where options say something about inputs that are not there."""
    options = {
        "--start": excerpt.start > 0,
        "--end": excerpt.end is not None,
        "--stride": excerpt.stride > 1,
        "--detect-every": detect_every > 1,
    }
    if not feed.has_videos and (idle := [name for name, given in options.items() if given]):
        raise ImageError(
            f"{', '.join(idle)}: for videos, cameras and streams; these inputs are photographs"
        )


def _draw(
    wanted: Sequence[Work],
    folder: ResultFolder,
    limits: BatchLimits,
    timer: StageTimer,
    report: Callable[[str, BaseException | None], object],
    progress: Progress,
    workers: int,
    tally: Tally,
    stop: StopRequest,
) -> None:
    """Make the pictures of images that have a record and lack them."""
    work = [one for one in wanted if one.has_record]
    drawn = Tally(left=len(work))
    with progress("drawing", len(work)) as advance:
        Inference(None, folder, folder.pictures, timer, report, advance, workers).run(
            file_batches(work, limits, workers), drawn, stop
        )
    tally.failed_drawings += drawn.failed_drawings
    tally.left += drawn.left
