"""From a folder of results to one in which people have identities, without networks.

Each folder of images is a video of its own, and its images, by their numbers, are the frames.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from rmpe_ext import __version__

from .outputs import RESULT_FORMATS
from .outputs.errors import OutputError, ResultsError, reason_of
from .outputs.files import Directory
from .outputs.folder import ResultFolder, open_results
from .outputs.journal import Done, Journal
from .outputs.records import people_of, tracked_record
from .outputs.run_file import RunFile
from .progress import Progress, no_progress
from .skeletons import SKELETONS
from .trackers.parameters import TrackingParameters
from .trackers.tracker import TrackerState, track

__all__ = ["TrackTally", "track_results"]

# Records are written together in pieces of so many.
_PIECE = 256


@dataclass
class TrackTally:
    """What was tracked.

    Attributes
    ----------
    videos, frames : int
        Folders of images, and the images in them that have people's poses or could have.
    people, tracked : int
        People in all frames, and those who have an identity.
    tracks : int
        Identities.
    """

    videos: int = 0
    frames: int = 0
    people: int = 0
    tracked: int = 0
    tracks: int = 0


_DEFAULT = TrackingParameters()


def track_results(
    results: str | os.PathLike[str],
    out: str | os.PathLike[str],
    parameters: TrackingParameters = _DEFAULT,
    *,
    formats: Sequence[str] = tuple(RESULT_FORMATS),
    overwrite: bool = False,
    report: Callable[[str], object] = lambda line: None,
    progress: Progress = no_progress,
) -> TrackTally:
    """Track the people in results that are there already.

    Parameters
    ----------
    results : str or path-like
        A folder of results with ``results.jsonl``, or with what an interrupted run left of it. It
        is only read.
    out : str or path-like
        The folder of the new results, made where it is missing; another than `results`.
    parameters : TrackingParameters
        How people are associated.
    formats : sequence of str
        Which result files to write: keys of `rmpe.outputs.RESULT_FORMATS`.
    overwrite : bool
        Replace earlier results in `out`.
    report : callable
        Gets a line for each thing that people should know of.
    progress : callable
        Called with ``"frame"`` and how many there are; returns a context manager that gives what
        to call with the number of those that were done.

    Returns
    -------
    TrackTally
        What was tracked.

    Raises
    ------
    ResultsError
        There are no results, or a record cannot be read; the message says which.
    OutputError
        `out` is `results`, or cannot be written to.

    Examples
    --------
    >>> track_results("results", "tracked").tracks  # doctest: +SKIP
    12
    """
    results, out = Path(results), Path(out)
    if os.path.realpath(results) == os.path.realpath(out):
        raise OutputError(f"--out must be another folder than that of the results, got {out}")
    settings = {f"track.{name}": value for name, value in asdict(parameters).items()}
    with (
        _reading(results, report) as journal,
        open_results(out, settings, overwrite=overwrite, report=report) as folder,
    ):
        # Everything is looked at before anything in the folder changes.
        videos = _videos(journal.done)
        run = RunFile(__version__, settings, "none", tuple(formats), os.getcwd())
        folder.begin(run, overwrite=overwrite)
        tally = TrackTally()
        with progress("frame", len(journal.done)) as advance:
            for video in videos:
                _track_video(journal, video, parameters, folder, tally, advance)
        folder.finish()
    return tally


@contextmanager
def _reading(results: Path, report: Callable[[str], object]) -> Iterator[Journal]:
    try:
        with Directory(results) as directory, closing(Journal(directory, report=report)) as journal:
            if not journal.done:
                raise ResultsError(f"{results} holds no results.jsonl with records")
            yield journal
    except FileNotFoundError:
        raise ResultsError(f"{results} is not there; name the folder of a run's results") from None
    except NotADirectoryError:
        raise ResultsError(f"{results} is a file; name the folder of a run's results") from None
    except OSError as error:
        raise ResultsError(f"{results} cannot be read: {reason_of(error)}") from None


def _videos(done: dict[str, Done]) -> list[list[str]]:
    """Group the images by their folders, and sort each group by the images' numbers."""

    def folder_of(file: str) -> str:
        return os.path.dirname(file)

    def number_of(file: str) -> int:
        return done[file].label.image_id

    return [
        sorted(files, key=number_of) for _, files in groupby(sorted(done, key=folder_of), folder_of)
    ]


def _track_video(
    journal: Journal,
    files: Iterable[str],
    parameters: TrackingParameters,
    folder: ResultFolder,
    tally: TrackTally,
    advance: Callable[[int], object],
) -> None:
    state: TrackerState | None = None
    elapsed, piece = 1.0, []
    tally.videos += 1
    for file in files:
        entry = journal.record(file)
        if "error" in entry:  # A frame that was not seen; the next one comes later.
            elapsed += 1
        else:
            skeleton = SKELETONS.get(entry["skeleton"])
            if skeleton is None:
                raise ResultsError(
                    f"{file}: skeleton must be one of {', '.join(SKELETONS)}, "
                    f"got {entry['skeleton']!a}"
                )
            try:
                state, people = track(
                    state, people_of(entry, skeleton), parameters, elapsed=elapsed
                )
            except ValueError as error:  # They have another skeleton than those before.
                raise ResultsError(f"{file}: {error}") from None
            assert people.track_ids is not None
            entry, elapsed = tracked_record(entry, people.track_ids.tolist()), 1.0
            tally.frames += 1
            tally.people += len(people)
            tally.tracked += int((people.track_ids > 0).sum())
        piece.append(entry)
        if len(piece) == _PIECE:
            folder.append(piece)
            piece.clear()
        advance(1)
    folder.append(piece)
    tally.tracks += 0 if state is None else state.next_id - 1
