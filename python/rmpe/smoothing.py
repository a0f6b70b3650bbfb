"""From a folder of tracked results to one in which people move steadily, without networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .arguments import as_path, check_kind
from .outputs import DEFAULT_FORMATS, check_formats
from .outputs.derived import begin_derived, derived_settings
from .outputs.errors import OutputError, ResultsError
from .outputs.folder import open_results
from .outputs.journal import Journal, in_pieces, open_journal
from .outputs.location import check_apart
from .outputs.records import Record, rounded
from .progress import Progress, no_progress
from .trackers.parameters import SmoothingParameters
from .trackers.smoothing import fill_gaps, smooth_track
from .tracking import videos_of

__all__ = ["SmoothTally", "smooth_results"]

Floats = npt.NDArray[np.float64]

_DEFAULT = SmoothingParameters()


@dataclass
class SmoothTally:
    """What was smoothed.

    Attributes
    ----------
    tracks : int
        Identities.
    people : int
        People in all frames who have one.
    filled : int
        People who were put into frames in which nobody had found them.
    """

    tracks: int = 0
    people: int = 0
    filled: int = 0


def smooth_results(
    results: str | os.PathLike[str],
    out: str | os.PathLike[str],
    parameters: SmoothingParameters = _DEFAULT,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    overwrite: bool = False,
    report: Callable[[str], object] = lambda line: None,
    progress: Progress = no_progress,
) -> SmoothTally:
    """Smooth the keypoints of tracked people, each identity and keypoint by itself.

    People without an identity stay as they are. Boxes and scores do, too; who is filled in has
    ``filled`` true, boxes and keypoints on the straight line between the frames before and after,
    and the smaller of their scores.

    Parameters
    ----------
    results : str or path-like
        A folder of results with ``results.jsonl``, of tracked people. It is only read.
    out : str or path-like
        The folder of the new results, made where it is missing; another than `results`.
    parameters : SmoothingParameters
        How.
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
    SmoothTally
        What was smoothed.

    Raises
    ------
    ResultsError
        There are no results, a record cannot be read, or nobody in them is tracked.
    OutputError
        `out` is `results`, or cannot be written to.

    Examples
    --------
    >>> smooth_results("tracked", "smooth").tracks  # doctest: +SKIP
    12
    """
    results = as_path("results", results, ResultsError)
    out = as_path("out", out, OutputError)
    check_formats(formats)
    check_kind("parameters", parameters, SmoothingParameters)
    check_apart(results, out)
    settings = derived_settings("smooth", asdict(parameters))
    with (
        open_journal(results, report) as journal,
        open_results(out, settings, overwrite=overwrite, report=report) as folder,
    ):
        tally = SmoothTally()
        tracks = [
            (video, _tracks_of(journal, video, parameters)) for video in videos_of(journal.done)
        ]
        if not any(found for _, found in tracks):
            raise ResultsError(f"{results} must hold tracked people; see rmpe track")
        begin_derived(folder, results, settings, formats, overwrite=overwrite)
        with progress("frame", len(journal.done)) as advance:
            for video, found in tracks:
                tally.tracks += len(found)
                for piece in in_pieces(_smoothed_video(journal, video, found, tally, advance)):
                    folder.append(piece)
        folder.finish()
    return tally


@dataclass(frozen=True, eq=False)
class _Track:
    """One person through the frames from first seen to last, N of them.

    ``values`` (N, 3 K + 6) are keypoints (2 K), keypoint scores (K), box (4), score and box score.
    """

    first: int
    seen: npt.NDArray[np.bool_]
    there: npt.NDArray[np.bool_]
    values: Floats
    keypoints: Floats


def _tracks_of(
    journal: Journal, video: Sequence[str], parameters: SmoothingParameters
) -> dict[int, _Track]:
    """Read and smooth the tracks of a video; memory holds numbers, and no records."""
    seen: dict[int, list[int]] = {}
    rows: dict[int, list[Floats]] = {}
    for number, file in enumerate(video):
        for person in journal.record(file).get("people", ()):
            track = person.get("track_id")
            if track is None:
                continue
            row = _row(person)
            if track in seen and (seen[track][-1] == number or len(rows[track][-1]) != len(row)):
                raise ResultsError(f"{file}: track {track} must be one person of one skeleton")
            seen.setdefault(track, []).append(number)
            rows.setdefault(track, []).append(row)
    return {
        track: _smooth(np.array(seen[track]), np.stack(rows[track]), parameters) for track in seen
    }


def _row(person: Record) -> Floats:
    flat: list[Any] = [value for place in person["keypoints"] for value in place]
    flat += person["keypoint_scores"] + person["box"] + [person["score"], person["box_score"]]
    return np.array(flat, np.float64)  # None becomes NaN.


def _smooth(seen: npt.NDArray[np.int64], rows: Floats, parameters: SmoothingParameters) -> _Track:
    first, count = int(seen[0]), int(seen[-1] - seen[0]) + 1
    k = (rows.shape[1] - 6) // 3
    values = np.full((count, rows.shape[1]), np.nan)
    values[seen - first] = rows
    present = np.zeros(count, bool)
    present[seen - first] = True
    times = np.arange(float(count))
    # A person is there in frames of a gap that is short enough, whatever keypoints are known.
    mark = np.where(present, 1.0, np.nan)[:, None]
    there = np.isfinite(fill_gaps(times, mark, parameters.max_gap)[:, 0])
    filled = fill_gaps(times, values, parameters.max_gap)
    # A score in between is not better than those around it.
    scores = [*range(2 * k, 3 * k), 3 * k + 4, 3 * k + 5]
    filled[:, scores] = np.where(
        np.isnan(values[:, scores]), _smaller(values[:, scores]), values[:, scores]
    )
    sides = filled[:, 3 * k + 2 : 3 * k + 4] - filled[:, 3 * k : 3 * k + 2]
    sizes = np.sqrt(np.nan_to_num(sides).clip(0).prod(axis=1))
    points = filled[:, : 2 * k].reshape(count, k, 2)
    keypoints = smooth_track(times, points, filled[:, 2 * k : 3 * k], sizes, parameters)
    # Curves go beyond their points, but records hold no number larger than this.
    most = float(np.finfo(np.float32).max)
    return _Track(first, present, there, filled, keypoints.clip(-most, most))


def _smaller(scores: Floats) -> Floats:
    """Give the smaller of the last known score and the next one, (N, D)."""
    forward, backward = scores.copy(), scores.copy()
    for i in range(1, len(scores)):
        forward[i] = np.where(np.isnan(scores[i]), forward[i - 1], scores[i])
        j = len(scores) - 1 - i
        backward[j] = np.where(np.isnan(scores[j]), backward[j + 1], scores[j])
    return np.minimum(forward, backward)


def _smoothed_video(
    journal: Journal,
    video: Sequence[str],
    tracks: dict[int, _Track],
    tally: SmoothTally,
    advance: Callable[[int], object],
) -> Iterator[Record]:
    for number, file in enumerate(video):
        yield _smoothed(journal.record(file), number, tracks, tally)
        advance(1)


def _smoothed(entry: Record, number: int, tracks: dict[int, _Track], tally: SmoothTally) -> Record:
    if "error" in entry:  # Nobody saw it, and its size is not known.
        return entry
    people = []
    for person in entry["people"]:
        track = tracks.get(person.get("track_id"))
        if track is None:
            people.append(person)
            continue
        at = number - track.first
        k = track.keypoints.shape[1]
        people.append(
            {
                **person,
                "keypoints": rounded(track.keypoints[at], 3),
                "keypoint_scores": rounded(track.values[at, 2 * k : 3 * k], 6),
            }
        )
        tally.people += 1
    for name, track in tracks.items():
        at = number - track.first
        if not 0 <= at < len(track.seen) or track.seen[at] or not track.there[at]:
            continue
        k = track.keypoints.shape[1]
        values = track.values[at]
        people.append(
            {
                "score": rounded(values[3 * k + 4 : 3 * k + 5], 6)[0],
                "keypoints": rounded(track.keypoints[at], 3),
                "keypoint_scores": rounded(values[2 * k : 3 * k], 6),
                "box": rounded(values[3 * k : 3 * k + 4], 3),
                "box_score": rounded(values[3 * k + 5 :], 6)[0],
                "track_id": name,
                "filled": True,
            }
        )
        tally.filled += 1
    return {**entry, "people": people}
