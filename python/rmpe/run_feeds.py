"""What a run works on, batch by batch: files that are found, or frames that come by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from .inputs.clip import Clip, Excerpt, frame_number, is_video, video_of
from .inputs.find import find_images
from .inputs.images import ImageError
from .inputs.prefetch import read_batches
from .inputs.video import expand_videos
from .outputs.earlier_results import CROPS, DRAWINGS
from .outputs.labels import ImageLabel
from .outputs.work import Work
from .run_loop import Item, Tally
from .terminal import printable

if TYPE_CHECKING:
    from .inputs.incoming import Incoming
    from .inputs.unrepeatable import Unrepeatable
    from .interrupts import StopRequest
    from .memory import BatchLimits
    from .outputs.drawing_style import DrawingStyle
    from .outputs.folder import ResultFolder

__all__ = ["FoundFiles", "IncomingFrames", "file_batches"]

Report = Callable[[str, BaseException | None], object]


class FoundFiles:
    """Photographs, and the frames of videos.

    Parameters
    ----------
    inputs, recursive
        As :func:`rmpe.inputs.find.find_images` takes them.
    out : Path
        Its drawings and crops are left out.
    excerpt : Excerpt
        Which frames of a video.
    tally : Tally
        Counts inputs that gave none, and images that are done.
    report : callable
        Called with a message about each of the former, and about videos that are left out.

    Attributes
    ----------
    paths : list of Path
    continuous : bool
        They are all frames of one thing.
    has_videos : bool
        Some are frames of videos.

    Raises
    ------
    ImageError
        There is no image at all.
    """

    def __init__(
        self,
        inputs: Iterable[str | os.PathLike[str]],
        out: Path,
        *,
        recursive: bool,
        excerpt: Excerpt,
        tally: Tally,
        report: Report,
    ) -> None:
        self.continuous = False
        self._tally = tally
        self._work: Sequence[Work] = ()
        missing: list[str] = []
        notes: list[str] = []
        found = find_images(inputs, recursive=recursive, report=missing.append, note=notes.append)
        # Unlike Path.resolve, realpath takes links that lead in a circle.
        made = {Path(os.path.realpath(out / name)) for name in (DRAWINGS, CROPS)}
        files = [path for path in found if made.isdisjoint(Path(os.path.realpath(path)).parents)]
        self.has_videos = any(map(is_video, files))
        self.paths, self._clips = expand_videos(files, excerpt, missing.append)
        if not self.paths:
            own = f"all images found are pictures of an earlier run in {printable(out)}"
            raise ImageError("\n".join(missing or [own]))
        for line in notes:
            report(line, None)
        for problem in missing:
            report(f"skipped {problem}", None)
        tally.skipped += len(missing)

    def plan(self, folder: ResultFolder, *, draw: bool, crops: DrawingStyle | None) -> int:
        """Find out what is left to be done, and count it."""
        self._work, self._tally.done_before = folder.plan(self.paths, draw=draw, crops=crops)
        return len(self._work)

    @property
    def needs_networks(self) -> bool:
        """Whether there is more to be done than pictures."""
        return not all(one.has_record for one in self._work)

    def start(self, stop: StopRequest) -> None:
        """Nothing: files wait."""

    def batches(
        self, limits: BatchLimits, workers: int, stop: StopRequest
    ) -> Generator[list[Item], None, None]:
        """Read what is to be done."""
        return file_batches(self._work, limits, workers, self._clips)


def file_batches(
    work: Sequence[Work],
    limits: BatchLimits,
    workers: int,
    clips: dict[Path, Clip] | None = None,
) -> Generator[list[Item], None, None]:
    """Read files and frames ahead, in batches; the times of frames are those of `clips`."""
    remaining = iter(work)
    batches = read_batches(
        [one.path for one in work],
        batch_size=limits.images,
        workers=workers,
        batch_bytes=limits.pixel_bytes,
    )
    with closing(batches):
        for batch in batches:
            items = [
                Item(one, image, _time(one.path, clips or {}), _photograph(one.path))
                for (_, image), one in zip(batch, remaining, strict=False)
            ]
            # Kept here as well, it would stay in memory while the next is read.
            del batch
            yield items
            del items


def _photograph(path: Path) -> Path | None:
    return path if video_of(path) is None else None


def _time(path: Path, clips: dict[Path, Clip]) -> float | None:
    clip = clips.get(video_of(path) or path)
    return None if clip is None else clip.time(frame_number(path))


class IncomingFrames:
    """The frames of a camera, an address or standard input.

    Parameters
    ----------
    source : Unrepeatable
        What they are of.
    incoming : Incoming
        What reads them.
    excerpt : Excerpt
        Which are wanted.
    tally : Tally
        Gets the number of frames that are taken, and of those that were dropped.
    report : callable
        Called with a message where the source is lost.

    Attributes
    ----------
    continuous, needs_networks : bool
        As of `FoundFiles`.
    """

    def __init__(
        self,
        source: Unrepeatable,
        incoming: Incoming,
        excerpt: Excerpt,
        tally: Tally,
        report: Report,
    ) -> None:
        self._source, self._incoming, self._excerpt = source, incoming, excerpt
        self._tally, self._report = tally, report
        self.continuous = self.needs_networks = True

    def plan(self, folder: ResultFolder, *, draw: bool, crops: DrawingStyle | None) -> None:
        """Nothing: nobody knows what will come."""

    def start(self, stop: StopRequest) -> None:
        """Begin to read, and wait for the first frame.

        Raises
        ------
        ImageError
            The source is not there, or gives none.
        """
        self._incoming.start()
        came = self._incoming.wait_for_first(lambda: stop.signal is not None)
        if not came and stop.signal is None:
            raise ImageError(f"{self._source.name}: no frame came")

    def batches(
        self, limits: BatchLimits, workers: int, stop: StopRequest
    ) -> Generator[list[Item], None, None]:
        """Take frames as they come, until the source ends, is lost, or a signal was noted."""
        with closing(self._incoming):
            while stop.signal is None:
                try:
                    taken = self._incoming.take(limits.images, lambda: stop.signal is not None)
                except ImageError as error:
                    self._report(f"stopped: {error}", error)
                    self._tally.skipped += 1
                    break
                if not taken:
                    break
                self._tally.left += len(taken)
                self._tally.dropped = self._incoming.lost
                items = [Item(self._work(one.index), one.image, one.time) for one in taken]
                del taken
                yield items
                del items
            self._tally.dropped = self._incoming.lost

    def _work(self, index: int) -> Work:
        name = f"{self._source.stem}_{index:06d}.jpg"
        file = f"{self._source.folder}/{name}"
        place = index // self._excerpt.stride
        return Work(Path(file), ImageLabel(file, name, index), False, place, place)
