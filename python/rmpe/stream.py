"""People frame by frame, from any source, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any, Protocol

from rmpe_ext.validation.checks import TYPES, check_whole

from .arguments import check_kind
from .inputs.clip import Excerpt
from .inputs.frames import read_frames
from .inputs.live import Connection
from .people import People
from .result import Result
from .trackers.parameters import TrackingParameters
from .trackers.tracker import TrackerState, track

__all__ = ["stream"]

_ALL = Excerpt()
_CONNECTION = Connection()


class _Estimator(Protocol):
    def __call__(self, images: Sequence[Any], /) -> People: ...


def stream(
    estimator: _Estimator,
    source: Any,
    *,
    excerpt: Excerpt = _ALL,
    connection: Connection = _CONNECTION,
    channels: str = "rgb",
    batch_size: int = 1,
    tracking: TrackingParameters | None = None,
    report: Callable[[str], object] | None = None,
) -> Iterator[Result]:
    """Find the people in the frames of a source, one result after the other.

    A frame is read when its result is asked for, files a few ahead; nothing is kept of those
    before, whatever the source's length.

    Parameters
    ----------
    estimator : callable
        Finds the people in images, such as a :class:`rmpe.PoseEstimator`.
    source, excerpt, connection, channels, report
        As :func:`rmpe.inputs.frames.read_frames` takes them.
    batch_size : int
        So many frames go through the networks together; more wait for the last of them.
    tracking : TrackingParameters, optional
        Give people their identities from frame to frame; None: nobody is tracked.

    Yields
    ------
    Result
        Of a frame, which it holds.

    Raises
    ------
    TypeError, ValueError
        `batch_size` is no whole number from 1, or `tracking` of another type.
    Exception
        What :func:`rmpe.inputs.frames.read_frames` and the estimator raise.

    Examples
    --------
    >>> from rmpe import PoseEstimator, TrackingParameters
    >>> estimator = PoseEstimator()  # doctest: +SKIP
    >>> for result in estimator.stream("frames/", tracking=TrackingParameters()):  # doctest: +SKIP
    ...     print(result.frame.name, result.track_ids, result.keypoints.xy)
    """
    check_whole(TYPES, "batch_size", batch_size, 1)
    if tracking is not None:
        check_kind("tracking", tracking, TrackingParameters)
    frames = read_frames(
        source, excerpt=excerpt, connection=connection, channels=channels, report=report
    )
    return _results(estimator, frames, batch_size, tracking)


def _results(
    estimator: _Estimator, frames: Any, batch_size: int, tracking: TrackingParameters | None
) -> Iterator[Result]:
    state: TrackerState | None = None
    last = -1
    with closing(frames):
        while batch := list(islice(frames, batch_size)):
            people = estimator([frame.image for frame in batch])
            for frame, result in zip(batch, people, strict=True):
                if tracking is not None:
                    # Of frames that were left out, the time passes all the same.
                    elapsed = float(frame.index - last)
                    state, tracked = track(state, result.people, tracking, elapsed=elapsed)
                    result = replace(result, people=tracked)
                last = frame.index
                yield replace(result, frame=frame)
            # Or they would stay in memory while the next are read.
            del batch, people, frame, result  # pyright: ignore[reportPossiblyUnboundVariable]
