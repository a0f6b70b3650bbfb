"""Identities for the people in records, and so for a folder of results, without networks.

Each folder of images is a video of its own, whose frames are its images in natural order: ``2.jpg``
comes before ``10.jpg``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise, tee

from .arguments import as_path, check_kind
from .inputs.find import natural_key
from .outputs import DEFAULT_FORMATS, check_formats
from .outputs.derived import begin_derived, derived_settings
from .outputs.errors import OutputError, ResultsError
from .outputs.folder import ResultFolder, open_results
from .outputs.journal import in_pieces, open_journal
from .outputs.location import check_apart
from .outputs.records import Record, known_skeleton, people_of, tracked_record
from .progress import Progress, no_progress
from .trackers.parameters import TrackingParameters
from .trackers.tracker import LONGEST, TrackerState, track

__all__ = ["TrackTally", "track_folder", "track_records", "track_results", "videos_of"]


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
    formats: Sequence[str] = DEFAULT_FORMATS,
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
    results = as_path("results", results, ResultsError)
    out = as_path("out", out, OutputError)
    check_formats(formats)
    check_kind("parameters", parameters, TrackingParameters)
    check_apart(results, out)
    settings = derived_settings("track", asdict(parameters))
    with (
        open_journal(results, report) as journal,
        open_results(out, settings, overwrite=overwrite, report=report) as folder,
    ):
        # Everything is looked at before anything in the folder changes.
        videos = videos_of(journal.done)
        begin_derived(folder, results, settings, formats, overwrite=overwrite)
        tally = TrackTally()
        with progress("frame", len(journal.done)) as advance:
            for video in videos:
                entries = (journal.record(file) for file in video)
                tracked = track_records(entries, parameters)
                for piece in in_pieces(_counted(tracked, tally, advance)):
                    folder.append(piece)
        folder.finish()
    return tally


def track_folder(
    folder: ResultFolder,
    parameters: TrackingParameters = _DEFAULT,
    *,
    advance: Callable[[int], object] = lambda count: None,
) -> None:
    """Give the people in all records of a folder their identities, anew where they have some.

    So the outcome does not depend on when each image was done, or tried again.

    Parameters
    ----------
    folder : ResultFolder
        After `ResultFolder.begin`. Records are replaced, where an identity changed.
    parameters : TrackingParameters
        How people are associated.
    advance : callable
        Called with the number of frames that were tracked since the last call.

    Raises
    ------
    ResultsError
        A record is of an unknown skeleton, or of another than those before in its video.
    OutputLostError
        A record cannot be written.
    """
    for video in videos_of(folder.files):
        for piece in in_pieces(_changed(folder, video, parameters, advance)):
            folder.replace(piece)


def _changed(
    folder: ResultFolder,
    video: Sequence[str],
    parameters: TrackingParameters,
    advance: Callable[[int], object],
) -> Iterator[Record]:
    """The records of a video in which an identity changed."""
    before, entries = tee(folder.record(file) for file in video)
    for old, new in zip(before, track_records(entries, parameters), strict=True):
        if new != old:
            yield new
        advance(1)


def track_records(
    entries: Iterable[Record], parameters: TrackingParameters = _DEFAULT
) -> Iterator[Record]:
    """Give the people in the records of a video their identities.

    Parameters
    ----------
    entries : iterable of dict
        The records of all frames, in order. An image that was skipped is a frame that nobody saw.
    parameters : TrackingParameters
        How people are associated.

    Yields
    ------
    dict
        The same records, those of skipped images unchanged.

    Raises
    ------
    ResultsError
        A record is of an unknown skeleton, or of another than those before; the message names the
        file.
    """
    state: TrackerState | None = None
    elapsed = 1.0
    for entry in entries:
        if "error" in entry:
            elapsed = min(elapsed + 1, LONGEST)
            yield entry
            continue
        people = people_of(entry, known_skeleton(entry))
        try:
            state, people = track(state, people, parameters, elapsed=elapsed)
        except ValueError as error:
            raise ResultsError(f"{entry['file']}: {error}") from None
        assert people.track_ids is not None
        elapsed = 1.0
        yield tracked_record(entry, people.track_ids.tolist())


def videos_of(files: Iterable[str]) -> list[list[str]]:
    """Group the images by their folders, and sort each group naturally."""
    by_folder: dict[str, list[str]] = {}
    for file in files:
        by_folder.setdefault(os.path.dirname(file), []).append(file)
    return [_in_natural_order(by_folder[folder]) for folder in sorted(by_folder)]


def _in_natural_order(files: list[str]) -> list[str]:
    # The frames of a video are in order already; keys for 100,000 of them would take 150 MB.
    ordered = all(before <= after for before, after in pairwise(map(natural_key, files)))
    return files if ordered else sorted(files, key=natural_key)


def _counted(
    entries: Iterable[Record], tally: TrackTally, advance: Callable[[int], object]
) -> Iterator[Record]:
    """The records of a video, once they are counted."""
    tally.videos += 1
    tracks: set[int] = set()
    for entry in entries:
        ids = [person["track_id"] for person in entry.get("people", ())]
        tally.frames += "people" in entry
        tally.people += len(ids)
        tally.tracked += len(ids) - ids.count(None)
        tracks.update(one for one in ids if one is not None)
        yield entry
        advance(1)
    tally.tracks += len(tracks)
