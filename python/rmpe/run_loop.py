"""The loop of a run: read, find people, draw and write, batch after batch.

Files are read, drawings made and records written in background threads while the networks run. An
image's record is written after its drawing, so that whatever the result files list is done
completely.
"""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from .digest import digest_of
from .inputs.images import ImageError
from .outputs.photograph import change_since, with_digest
from .outputs.records import Record, error_record, record

if TYPE_CHECKING:
    import torch

    from .following import Following
    from .interrupts import StopRequest
    from .memory import BatchLimits
    from .outputs.folder import ResultFolder
    from .outputs.pictures import Pictures
    from .outputs.window import Viewer
    from .outputs.work import Work
    from .people import People
    from .timing import StageTimer

__all__ = ["Estimator", "Inference", "Tally"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class Item(NamedTuple):
    """An image that was read, or why it cannot be.

    `time` is that of a frame, in seconds; `file` is that of a photograph, which frames have not.
    """

    work: Work
    image: Pixels | ImageError
    time: float | None
    file: Path | None = None


class Estimator(Protocol):
    """What finds people: `rmpe.PoseEstimator`, or anything like it."""

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        ...

    @property
    def timer(self) -> StageTimer:
        """Collects the seconds of each stage."""
        ...

    def __call__(self, images: Sequence[Pixels], /) -> People:
        """Find the people in images, (H, W, 3) uint8 RGB."""
        ...


@dataclass
class Tally:
    """What became of the images.

    Attributes
    ----------
    images, people : int
        Images that went through the networks, and the people in them.
    skipped : int
        Inputs that are missing, cannot be read, or on which the networks failed.
    dropped : int
        Frames of a camera or stream that came while the networks were busy, and went.
    failed_drawings : int
        Images that have a record and not all of their pictures.
    drawn_again : int
        Images whose pictures an earlier run lacked.
    done_before : int
        Images that an earlier run did.
    left : int
        Images that were not reached.
    stopped_by : int or None
        The number of the signal that ended the run early.
    loading, working : float
        Seconds until the networks were loaded, and from then on.
    stages : dict of str to float
        Seconds that the run worked on each stage, or waited for it.
    limits : BatchLimits or None
        Of what went through the networks together; None: nothing did.
    """

    images: int = 0
    people: int = 0
    skipped: int = 0
    dropped: int = 0
    failed_drawings: int = 0
    drawn_again: int = 0
    done_before: int = 0
    left: int = 0
    stopped_by: int | None = None
    loading: float = 0.0
    working: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    limits: BatchLimits | None = None


@dataclass(frozen=True)
class Inference:
    """The loop of a run over batches of images.

    Attributes
    ----------
    estimator : callable or None
        Images to `People`; None where all images lack only pictures.
    folder : ResultFolder
        Gets every record.
    pictures : Pictures or None
        Makes drawings and crops; None: there are none.
    timer : StageTimer
        Gets the seconds the loop itself spent on, or waited for, ``read``, ``draw``, ``write``.
    report : callable
        Called with a message for people, and the error, for every failure.
    advance : callable
        Called with the number of images that were finished.
    workers : int
        Background threads that draw.
    following : Following, optional
        Finds the people of one image after the other, in place of `estimator`.
    tracker : callable, optional
        Gives the people of each image identities, at once, image after image.
    viewer : Viewer, optional
        Shows each image with its people.
    """

    estimator: Callable[[Sequence[Pixels]], People] | None
    folder: ResultFolder
    pictures: Pictures | None
    timer: StageTimer
    report: Callable[[str, BaseException], object]
    advance: Callable[[int], object]
    workers: int
    following: Following | None = None
    tracker: Callable[[People, int], People] | None = None
    viewer: Viewer | None = None

    def run(
        self, batches: Generator[list[Item], None, None], tally: Tally, stop: StopRequest
    ) -> None:
        """Process the images; a signal that `stop` notes ends the run after the batch.

        Raises
        ------
        OutputLostError
            A record cannot be written.
        """
        with (
            warnings.catch_warnings(),
            closing(batches),
            ThreadPoolExecutor(self.workers, "rmpe-draw") as pool,
            ThreadPoolExecutor(1, "rmpe-write") as writer,
        ):
            # Pillow warns of odd files, in the middle of the progress bar, and reads them.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            unfinished: list[_Unfinished] = []
            finishing = writer.submit(self._finish, unfinished, tally)
            # No variable here holds a batch, or it would stay in memory while the next is read.
            while stop.signal is None and (begun := self._process(batches, pool)):
                # One batch behind, so that drawing and writing overlap with the networks.
                self._wait_for(unfinished, finishing)
                unfinished, finishing = begun, writer.submit(self._finish, begun, tally)
                if self.viewer is not None and self.viewer.window.quit:
                    stop.signal = stop.signal or signal.SIGINT
            self._wait_for(unfinished, finishing)

    def _process(
        self, batches: Iterator[list[Item]], pool: ThreadPoolExecutor
    ) -> list[_Unfinished]:
        with self.timer.stage("read"):
            batch = next(batches, [])
        return [self._begin(*found, pool) for found in self._estimate(batch)]

    def _estimate(self, batch: Sequence[Item]) -> Iterator[tuple[Item, People | Exception | None]]:
        """Give the people of each image; those that only lack a drawing have none."""
        images = [
            one.image
            for one in batch
            if not isinstance(one.image, ImageError) and not one.work.has_record
        ]
        found = iter([] if self.following is not None else self._people_of(images))
        for one in batch:
            if isinstance(one.image, ImageError):
                yield one, one.image
            elif one.work.has_record:
                yield one, None
            elif self.following is not None:
                yield one, self._followed(self.following, one.work, one.image)
            else:
                yield one, next(found)

    def _followed(self, following: Following, one: Work, image: Pixels) -> People | Exception:
        try:
            return following(one, image).to("cpu")
        except Exception as error:  # As below.
            return error

    def _people_of(self, images: Sequence[Pixels]) -> Sequence[People | Exception]:
        if not images or self.estimator is None:
            return []
        try:
            return self.estimator(images).to("cpu").split()
        except Exception as error:  # Whatever it is, it must not cost the other images.
            if len(images) == 1:
                return [error]
        return [outcome for image in images for outcome in self._people_of([image])]

    def _begin(
        self, item: Item, outcome: People | Exception | None, pool: ThreadPoolExecutor
    ) -> _Unfinished:
        one, image, time, file = item
        if isinstance(outcome, Exception):
            unreadable = isinstance(outcome, ImageError)
            message = str(outcome) if unreadable else f"{one.label.file}: {_describe(outcome)}"
            return _Unfinished(one, error_record(one.label, message, time), outcome)
        if outcome is None:
            entry = self.folder.record(one.label.file)
            if file is not None and (changed := change_since(entry, file)) is not None:
                return _Unfinished(one, entry, changed)
        else:
            if self.tracker is not None:
                outcome = self.tracker(outcome, one.place)
            entry = record(one.label, outcome, time)
            if self.following is not None:
                self.following.note(one, entry)
        digest = None if file is None or one.has_record else pool.submit(digest_of, file)
        drawing = None
        skeleton = None if outcome is None else outcome.skeleton
        if self.pictures is not None and not isinstance(image, ImageError):
            drawing = pool.submit(self.pictures.make, image, entry, skeleton)
        if self.viewer is not None and not isinstance(image, ImageError):
            try:
                self.viewer.show(image, entry, skeleton, self.folder.drawn_score)
            except ValueError as error:
                self.report(f"not shown: {one.label.file}: {_describe(error)}", error)
        return _Unfinished(one, entry, None, drawing, digest)

    def _finish(self, unfinished: Sequence[_Unfinished], tally: Tally) -> None:
        errors = [image.failure() for image in unfinished]
        self.folder.append([image.record() for image in unfinished if not image.work.has_record])
        for image, error in zip(unfinished, errors, strict=True):
            has_record = image.work.has_record
            if image.drawing is None and error is not None and not has_record:
                tally.skipped += 1
                self.report(f"skipped {image.entry['error']}", error)
                continue
            if not has_record:
                tally.images += 1
                tally.people += len(image.entry["people"])
            if error is not None:
                tally.failed_drawings += 1
                kinds = "picture" if self.pictures is None else self.pictures.kinds
                self.report(f"no {kinds} of {image.work.label.file}: {_describe(error)}", error)
            elif has_record:
                tally.drawn_again += 1
        tally.left -= len(unfinished)
        self.advance(len(unfinished))

    def _wait_for(self, unfinished: Sequence[_Unfinished], finishing: Future[None]) -> None:
        if self.pictures is not None:
            with self.timer.stage("draw"):
                wait([image.drawing for image in unfinished if image.drawing is not None])
        with self.timer.stage("write"):
            finishing.result()


@dataclass(frozen=True)
class _Unfinished:
    """An image whose drawing is under way and whose record is not written yet."""

    work: Work
    entry: Record
    error: Exception | None = None
    drawing: Future[None] | None = None
    digest: Future[str] | None = None

    def record(self) -> Record:
        """Wait for the digest of the photograph, and give what is written of it."""
        # One that was removed meanwhile is compared with nothing later.
        if self.digest is None or self.digest.exception() is not None:
            return self.entry
        return with_digest(self.entry, self.digest.result())

    def failure(self) -> Exception | None:
        """Wait for the drawing, and say what went wrong with the image or with it."""
        error = self.error if self.drawing is None else self.drawing.exception()
        if error is None or isinstance(error, Exception):
            return error
        raise error


def _describe(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
