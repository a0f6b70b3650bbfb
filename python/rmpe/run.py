"""From images to a folder of results.

`run` is what ``rmpe infer`` does, for any program: it finds the images, goes on where an earlier
run ended, reads, finds people, tracks them, draws and writes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch

from rmpe_ext import __version__
from rmpe_ext.processors import usable_processors

from .arguments import as_path
from .inputs.clip import Clip, Excerpt, frame_number, video_of
from .inputs.find import find_images
from .inputs.images import ImageError
from .inputs.video import expand_videos
from .interrupts import StopRequest
from .memory import BatchLimits, choose_batch
from .outputs import DEFAULT_FORMATS
from .outputs.drawing_style import DrawingStyle
from .outputs.earlier_results import DRAWINGS
from .outputs.errors import OutputError, OutputLostError
from .outputs.folder import ResultFolder, open_results
from .outputs.run_file import RunFile, Setting
from .progress import Progress, no_progress
from .run_loop import Estimator, Inference, Tally
from .timing import StageTimer
from .trackers.parameters import TrackingParameters
from .tracking import track_folder

__all__ = ["Estimator", "Tally", "run"]

_STYLE = DrawingStyle()
_ALL = Excerpt()
_MOST_WORKERS = 4  # where the caller does not say


def run(
    inputs: Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    load_estimator: Callable[[], Estimator],
    *,
    settings: Mapping[str, Setting],
    recursive: bool = False,
    excerpt: Excerpt = _ALL,
    formats: Sequence[str] = DEFAULT_FORMATS,
    style: DrawingStyle | None = _STYLE,
    tracking: TrackingParameters | None = None,
    resume: bool = False,
    overwrite: bool = False,
    batch_size: int | None = None,
    workers: int | None = None,
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
        Images, folders and patterns, as :func:`rmpe.inputs.find.find_images` takes them, and video
        files, whose frames are images of their own. Drawings of an earlier run in `out` are left
        out.
    out : str or path-like
        The folder of results, made where it is missing.
    load_estimator : callable
        Gives what finds people, such as a `rmpe.PoseEstimator`. Called when the folder is locked
        and before anything in it changes, and only where an image needs it.
    settings : mapping
        What changes the results, by name: text, numbers, true, false and None. A run is resumed
        only with the same.
    recursive : bool
        Look into the folders of a folder too.
    excerpt : Excerpt
        Which frames of a video are done.
    formats : sequence of str
        Which result files to write: keys of `rmpe.outputs.RESULT_FORMATS`.
    style : DrawingStyle, optional
        How to draw; None: no drawings.
    tracking : TrackingParameters, optional
        Give people their identities, from image to image of a folder, once all are done; drawings
        are made after that. They are those of `rmpe.tracking.track_results`, and do not depend on
        interruptions. None: nobody is tracked.
    resume : bool
        Keep the results of an earlier run and do what it left: images that it did not reach, that
        were skipped, or whose drawing is missing.
    overwrite : bool
        Replace the results of an earlier run.
    batch_size : int, optional
        At most so many images go through the networks together; as many as memory lets, where
        omitted.
    workers : int, optional
        Background threads that read, and as many that draw, while the networks run; as many as
        there are usable processors, but no more than 4, where omitted.
    report : callable
        Called with a message for people, and the error if there is one, for every failure; from
        background threads too.
    progress : callable
        Called with ``"image"``, ``"frame"`` (that is tracked), ``"drawing"`` (after tracking) or
        ``"record"``, and how many there are; returns a context manager that gives what to call
        with the number of those that were done.

    Returns
    -------
    Tally
        What became of the images.

    Raises
    ------
    ImageError
        No image was found at all.
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
    if workers is None:
        workers = min(_MOST_WORKERS, usable_processors())
    with StopRequest() as stop:
        paths, clips = _find(inputs, out, recursive, excerpt, tally, report)

        def time_of(path: Path) -> float | None:
            video = video_of(path)
            return None if video is None else clips[video].time(frame_number(path))

        with open_results(
            out,
            settings,
            resume=resume,
            overwrite=overwrite,
            report=lambda line: report(line, None),
        ) as folder:
            draw_at_once = style is not None and tracking is None
            work, tally.done_before = folder.plan(paths, draw=draw_at_once)
            started = time.perf_counter()
            estimator = None if all(one.has_record for one in work) else load_estimator()
            loaded = time.perf_counter()
            device = torch.device("cpu") if estimator is None else estimator.device
            limits = choose_batch(device) if batch_size is None else BatchLimits(batch_size)
            timer = StageTimer() if estimator is None else estimator.timer
            about = RunFile(__version__, dict(settings), str(device), tuple(formats), os.getcwd())
            folder.begin(about, style, overwrite=overwrite)
            tally.left, tally.limits = len(work), None if estimator is None else limits
            drawings = folder.drawings if draw_at_once else None
            try:
                with progress("image", len(work)) as advance:
                    Inference(
                        estimator,
                        folder,
                        drawings,
                        limits,
                        timer,
                        report,
                        advance,
                        workers,
                        time_of,
                    ).run(work, tally, stop)
                if tracking is not None:
                    with progress("frame", folder.count) as advance, timer.stage("track"):
                        track_folder(folder, tracking, advance=advance)
                    _draw(paths, folder, limits, timer, report, progress, workers, tally, stop)
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


def _draw(
    paths: Sequence[Path],
    folder: ResultFolder,
    limits: BatchLimits,
    timer: StageTimer,
    report: Callable[[str, BaseException | None], object],
    progress: Progress,
    workers: int,
    tally: Tally,
    stop: StopRequest,
) -> None:
    """Draw what has a record and no drawing, if the folder has drawings."""
    if folder.drawings is None:
        return
    work = [one for one in folder.plan(paths, draw=True)[0] if one.has_record]
    drawn = Tally(left=len(work))
    with progress("drawing", len(work)) as advance:
        Inference(None, folder, folder.drawings, limits, timer, report, advance, workers).run(
            work, drawn, stop
        )
    tally.failed_drawings += drawn.failed_drawings
    tally.left += drawn.left


def _find(
    inputs: Iterable[str | os.PathLike[str]],
    out: Path,
    recursive: bool,
    excerpt: Excerpt,
    tally: Tally,
    report: Callable[[str, BaseException | None], object],
) -> tuple[list[Path], dict[Path, Clip]]:
    """List images and frames, find the videos, and report the inputs that gave none."""
    missing: list[str] = []
    found = find_images(inputs, recursive=recursive, report=missing.append)
    drawings = Path(os.path.realpath(out / DRAWINGS))
    # Unlike Path.resolve, realpath takes links that lead in a circle.
    files = [path for path in found if drawings not in Path(os.path.realpath(path)).parents]
    paths, clips = expand_videos(files, excerpt, missing.append)
    if not paths:
        reasons = missing or [f"all images found are drawings of an earlier run in {out}"]
        raise ImageError("\n".join(reasons))
    for problem in missing:
        report(f"skipped {problem}", None)
    tally.skipped += len(missing)
    return paths, clips
