"""People frame by frame, from any source, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any, Protocol

from rmpe_ext.validation.checks import TYPES, check_whole

from .arguments import check_kind
from .following import Follower, as_follower
from .inputs.clip import Excerpt
from .inputs.frames import Frame, read_frames
from .inputs.live import Connection
from .inputs.raw import RawVideo
from .people import People
from .result import Result
from .trackers.frames import FrameTracking
from .trackers.parameters import TrackingParameters

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
    raw: RawVideo | None = None,
    channels: str = "rgb",
    batch_size: int = 1,
    detect_every: int = 1,
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
    source, excerpt, connection, raw, channels, report
        As :func:`rmpe.inputs.frames.read_frames` takes them.
    batch_size : int
        So many frames go through the networks together; more wait for the last of them.
    detect_every : int
        The detector looks at every so many frames, from the first one on. In those between, people
        are looked for where their joints were in the frame before, as :func:`rmpe.carrying.carry`
        has it, by the estimator's `follow`; this takes the frames one by one. 1: at every frame.
    tracking : TrackingParameters, optional
        Give people their identities from frame to frame; None: nobody is tracked.

    Notes
    -----
    For `detect_every` and `tracking`, each video file is by itself; all else that a source gives
    one after the other, photographs too, is a video.

    Yields
    ------
    Result
        Of a frame, which it holds.

    Raises
    ------
    TypeError, ValueError
        `batch_size` or `detect_every` is no whole number from 1, both are above 1, the estimator
        has no `follow` for the latter, or `tracking` is of another type.
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
    check_whole(TYPES, "detect_every", detect_every, 1)
    if detect_every > 1 and batch_size > 1:
        raise ValueError(
            f"batch_size must be 1 where detect_every is above 1, got {batch_size}: each frame "
            "needs the poses of the one before"
        )
    if tracking is not None:
        check_kind("tracking", tracking, TrackingParameters)
    frames = read_frames(
        source,
        excerpt=excerpt,
        connection=connection,
        raw=raw,
        channels=channels,
        report=report,
    )
    if detect_every > 1:
        return _results(_Following(as_follower(estimator), detect_every), frames, 1, tracking)
    return _results(
        lambda batch: estimator([one.image for one in batch]), frames, batch_size, tracking
    )


class _Following:
    """Finds people with the detector in the first frame of each part, and follows them in it."""

    def __init__(self, estimator: Follower, every: int) -> None:
        self._estimator, self._every = estimator, every
        self._part: tuple[object, int] | None = None
        self._people: People | None = None
        self._videos = _Videos()

    def __call__(self, batch: Sequence[Frame]) -> People:
        (frame,) = batch
        start, number = self._videos.place(frame)
        part, before = (start, number // self._every), self._people
        # A frame of another size is of another scene.
        if (
            before is not None
            and part == self._part
            and before.image_sizes == (tuple(frame.image.shape[:2]),)
        ):
            self._people = self._estimator.follow(frame.image, before)
        else:
            self._people = self._estimator([frame.image])
        self._part = part
        return self._people


class _Videos:
    """Says where frames are in their videos."""

    def __init__(self) -> None:
        self._video: str | None = None
        self._first = ""
        self._start = 0

    def place(self, frame: Frame) -> tuple[int, int]:
        """Give the index with which a frame's video begins, and the number of the frame in it."""
        # One that is named twice begins anew.
        again = frame.video != "" and frame.name == self._first
        if frame.video != self._video or again:
            self._video, self._first, self._start = frame.video, frame.name, frame.index
        return self._start, frame.index - self._start


def _results(
    people_of: Callable[[Sequence[Frame]], People],
    frames: Any,
    batch_size: int,
    tracking: TrackingParameters | None,
) -> Iterator[Result]:
    tracker, videos = None, _Videos()
    with closing(frames):
        while batch := list(islice(frames, batch_size)):
            people = people_of(batch)
            for frame, result in zip(batch, people, strict=True):
                if tracking is not None:
                    start, number = videos.place(frame)
                    if tracker is None or frame.index == start:
                        tracker = FrameTracking(tracking)
                    result = replace(result, people=tracker(result.people, number))
                yield replace(result, frame=frame)
            # Or they would stay in memory while the next are read.
            del batch, people, frame, result  # pyright: ignore[reportPossiblyUnboundVariable]
