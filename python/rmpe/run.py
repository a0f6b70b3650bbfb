"""From images to results: read, find people, draw and write, batch after batch.

Files are read, drawings made and records written in background threads while the networks run. An
image's record is written after its drawing, so that whatever the result files list is done
completely.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .inputs.images import ImageError
from .inputs.prefetch import read_batches
from .outputs.drawing import draw
from .outputs.files import partial_path
from .outputs.labels import drawing_name
from .outputs.records import error_record, record

if TYPE_CHECKING:
    from .memory import BatchLimits
    from .outputs.folder import ResultFiles
    from .outputs.labels import ImageLabel
    from .outputs.records import Record
    from .people import People
    from .timing import StageTimer

    Estimator = Callable[[Sequence[np.ndarray]], People]
    Batches = Iterator[list[tuple[Path, np.ndarray | ImageError]]]

_JPEG_QUALITY = 92


@dataclass
class Tally:
    """What became of the images."""

    images: int = 0
    people: int = 0
    skipped: int = 0
    failed_drawings: int = 0
    stopped_by: int | None = None  # the number of the signal


@dataclass(frozen=True)
class Drawings:
    """How images are drawn, and where to."""

    folder: Path
    min_person_score: float
    min_keypoint_score: float
    boxes: bool

    def make(self, label: ImageLabel, image: np.ndarray, people: People) -> None:
        """Draw one image and write the drawing under the image's name."""
        import cv2

        shown = people.select(people.box_scores >= self.min_person_score)
        drawing = draw(image, shown, min_score=self.min_keypoint_score, boxes=self.boxes)
        path = self.folder / drawing_name(label.name)
        jpeg = path.suffix.lower() in (".jpg", ".jpeg")
        options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if jpeg else []
        encoded = cv2.imencode(path.suffix, drawing[:, :, ::-1], options)[1]
        partial = partial_path(path)
        partial.write_bytes(encoded)
        os.replace(partial, path)


@dataclass(frozen=True)
class Inference:
    """Everything that stays the same from batch to batch.

    Attributes
    ----------
    estimator : callable
        Images, (H, W, 3) uint8 RGB, to `People`.
    files : ResultFiles
        Get every record.
    drawings : Drawings, optional
        None: nothing is drawn.
    limits : BatchLimits
        Of the images in a call of `estimator`.
    timer : StageTimer
        Gets the seconds the loop itself spent on, or waited for, ``read``, ``draw``, ``write``.
    report : callable
        Called with a message for people, and the error, for every failure.
    advance : callable
        Called with the number of images that were finished.
    """

    estimator: Estimator
    files: ResultFiles
    drawings: Drawings | None
    limits: BatchLimits
    timer: StageTimer
    report: Callable[[str, BaseException], None]
    advance: Callable[[int], Any]

    def run(self, labels: Sequence[ImageLabel]) -> Tally:
        """Process the images; the first SIGINT or SIGTERM ends the run after the batch."""
        tally = Tally()
        workers = min(4, os.cpu_count() or 1)
        remaining = iter(labels)
        batches = read_batches(
            [Path(label.file) for label in labels],
            batch_size=self.limits.images,
            workers=workers,
            batch_bytes=self.limits.pixel_bytes,
        )
        with (
            _StopRequest() as stop,
            warnings.catch_warnings(),
            closing(batches),
            ThreadPoolExecutor(workers, "rmpe-draw") as pool,
            ThreadPoolExecutor(1, "rmpe-write") as writer,
        ):
            # Pillow warns of odd files, in the middle of the progress bar, and reads them.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            unfinished: list[_Unfinished] = []
            finishing = writer.submit(self._finish, unfinished, tally)
            # No variable here holds a batch, or it would stay in memory while the next is read.
            while begun := self._process(self._read(batches, remaining), pool):
                # One batch behind, so that drawing and writing overlap with the networks.
                self._wait_for(unfinished, finishing)
                unfinished, finishing = begun, writer.submit(self._finish, begun, tally)
                if stop.signal is not None:
                    tally.stopped_by = stop.signal
                    break
            self._wait_for(unfinished, finishing)
        return tally

    def _read(
        self, batches: Batches, remaining: Iterator[ImageLabel]
    ) -> list[tuple[ImageLabel, np.ndarray | ImageError]]:
        with self.timer.stage("read"):
            batch = next(batches, ())
            return [(label, image) for (_, image), label in zip(batch, remaining, strict=False)]

    def _process(
        self, batch: Sequence[tuple[ImageLabel, np.ndarray | ImageError]], pool: ThreadPoolExecutor
    ) -> list[_Unfinished]:
        return [self._begin(*item, pool) for item in self._estimate(batch)]

    def _estimate(
        self, batch: Sequence[tuple[ImageLabel, np.ndarray | ImageError]]
    ) -> Iterator[tuple[ImageLabel, np.ndarray | None, People | Exception]]:
        images = [outcome for _, outcome in batch if not isinstance(outcome, ImageError)]
        found = iter(self._people_of(images))
        for label, outcome in batch:
            if isinstance(outcome, ImageError):
                yield label, None, outcome
            else:
                yield label, outcome, next(found)

    def _people_of(self, images: Sequence[np.ndarray]) -> list[People | Exception]:
        if not images:
            return []
        try:
            return self.estimator(images).to("cpu").split()
        except Exception as error:  # Whatever it is, it must not cost the other images.
            if len(images) == 1:
                return [error]
        return [outcome for image in images for outcome in self._people_of([image])]

    def _begin(
        self,
        label: ImageLabel,
        image: np.ndarray | None,
        outcome: People | Exception,
        pool: ThreadPoolExecutor,
    ) -> _Unfinished:
        if isinstance(outcome, ImageError):
            return _Unfinished(label, error_record(label, str(outcome)), outcome)
        if isinstance(outcome, Exception):
            message = f"{label.file}: {_describe(outcome)}"
            return _Unfinished(label, error_record(label, message), outcome)
        drawing = None
        if self.drawings is not None:
            drawing = pool.submit(self.drawings.make, label, image, outcome)
        return _Unfinished(label, record(label, outcome), None, drawing)

    def _finish(self, unfinished: Sequence[_Unfinished], tally: Tally) -> None:
        for image in unfinished:
            if image.error is not None:
                tally.skipped += 1
                self.report(f"skipped {image.entry['error']}", image.error)
            else:
                tally.images += 1
                tally.people += len(image.entry["people"])
            error = image.drawing.exception() if image.drawing is not None else None
            if error is not None:
                tally.failed_drawings += 1
                self.report(f"no drawing of {image.label.file}: {_describe(error)}", error)
            self.files.append(image.entry)
        self.files.flush()
        self.advance(len(unfinished))

    def _wait_for(self, unfinished: Sequence[_Unfinished], finishing: Future[None]) -> None:
        if self.drawings is not None:
            with self.timer.stage("draw"):
                wait([image.drawing for image in unfinished if image.drawing is not None])
        with self.timer.stage("write"):
            finishing.result()


@dataclass(frozen=True)
class _Unfinished:
    """An image whose drawing is under way and whose record is not written yet."""

    label: ImageLabel
    entry: Record
    error: Exception | None = None
    drawing: Future[None] | None = None


class _StopRequest:
    """While active, the first SIGINT or SIGTERM is only noted; a second one interrupts."""

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.signal: int | None = None

    def __enter__(self) -> _StopRequest:
        # Python handles signals in the main thread and nowhere else.
        self._active = threading.current_thread() is threading.main_thread()
        if self._active:
            self._previous = [signal.signal(number, self._note) for number in self._SIGNALS]
        return self

    def __exit__(self, *exception: object) -> None:
        if self._active:
            for number, handler in zip(self._SIGNALS, self._previous, strict=True):
                signal.signal(number, handler)

    def _note(self, number: int, frame: object) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = int(number)
        print("stopping after this batch; once more stops at once", file=sys.stderr)


def _describe(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def print_traceback(error: BaseException) -> None:
    """Show where an error came from, on the error stream."""
    traceback.print_exception(error)
