"""Which people of successive frames are the same: association in two rounds.

As in ByteTrack (Zhang et al. 2022): people with a high score continue tracks first, then those with
a low score, who begin none, continue what is left. Who was lost is looked for where they are
expected, and then, as in OC-SORT (Cao et al. 2023), where they were seen last: behind somebody
else, people stop and turn. Each round pairs tracks and people so that their similarities have the
greatest sum. Where the detector looks for several classes, nobody continues a track of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_type

from ..arrays import as_float64, within_float32
from ..toml_table import show
from .motion import Motion
from .parameters import TrackingParameters
from .similarity import FORMULAS, Poses

if TYPE_CHECKING:
    from ..people import People
    from ..skeletons import Skeleton

__all__ = ["LONGEST", "UNTRACKED", "TrackerState", "track"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# The identity of those who have none.
UNTRACKED = -1
# No prediction goes further than so many frames: nothing is known of them, and squares overflow.
LONGEST = 1e9
# Of a track and a person of different classes: below the least that may be asked for, 0.
_NEVER = -1.0


@dataclass(frozen=True, eq=False)
class TrackerState:
    """The T tracks that are followed, after some frame.

    Attributes
    ----------
    motion : Motion
        Of the boxes.
    poses : Poses
        As each track was last seen.
    ids : array (T,), int64
        From 1; none is given twice. -1 until confirmed.
    missed : array (T,), int64
        For how many frames each has found nobody.
    next_id : int
    skeleton : Skeleton
        Of all poses.
    """

    motion: Motion
    poses: Poses
    ids: Indices
    missed: Indices
    next_id: int
    skeleton: Skeleton

    def __len__(self) -> int:
        """Return the number of tracks, T."""
        return len(self.ids)


_DEFAULT = TrackingParameters()


def track(
    state: TrackerState | None,
    people: People,
    parameters: TrackingParameters = _DEFAULT,
    *,
    elapsed: float = 1.0,
) -> tuple[TrackerState, People]:
    """Give the people of successive frames their identities.

    Parameters
    ----------
    state : TrackerState or None
        What the last call gave; None before the first frame.
    people : People
        Of one frame or many; image after image is the next frame.
    parameters : TrackingParameters
        The same for all frames of a video.
    elapsed : float
        Time since the frame before, in frames, at most `LONGEST`; above 1 where frames were left
        out.

    Returns
    -------
    state : TrackerState
        For the next call. The one that was given is unchanged.
    people : People
        The same, sorted by image, with ``track_ids``: from 1, and -1 for those whose score is too
        low to begin a track, or who are seen for the first time, unless in the first frame.

    Raises
    ------
    TypeError
        An argument is of another type.
    ValueError
        There is no image, the skeleton is another than before, or `elapsed` is not above 0 or too
        long.

    Examples
    --------
    >>> from rmpe import PoseEstimator
    >>> estimator, state = PoseEstimator(), None  # doctest: +SKIP
    >>> for frame in frames:  # doctest: +SKIP
    ...     state, people = track(state, estimator(frame))
    ...     print(people.track_ids)
    """
    from ..people import People

    for name, value, kind in (
        ("state", TrackerState if state is None else type(state), TrackerState),
        ("people", type(people), People),
        ("parameters", type(parameters), TrackingParameters),
    ):
        if not issubclass(value, kind):
            raise TypeError(f"{name} must be {kind.__name__}, got {value.__name__}")
    check_type(TYPES, "elapsed", elapsed, "float")
    if not 0 < elapsed <= LONGEST:
        raise ValueError(
            f"elapsed must be above 0 and at most {LONGEST:g}, in frames, got {show(elapsed)}"
        )
    if state is not None and state.skeleton != people.skeleton:
        raise ValueError(
            f"the skeleton of people must be that of the frames before, {state.skeleton.name}, "
            f"got {people.skeleton.name}"
        )
    frames = []
    for frame in people.split():
        state, tracked = _track_frame(state, frame, parameters, elapsed)
        frames.append(tracked)
    if state is None or not frames:
        raise ValueError("people must be of at least one image, got none")
    return state, People.concatenate(frames)


def _track_frame(
    state: TrackerState | None, people: People, parameters: TrackingParameters, elapsed: float
) -> tuple[TrackerState, People]:
    import torch

    poses, scores = _poses(people), as_float64(people.scores)
    usable = within_float32(poses.boxes).all(axis=1) & (scores >= parameters.low_score)
    high = np.flatnonzero(usable & (scores >= parameters.high_score))
    low = np.flatnonzero(usable & (scores < parameters.high_score))
    ids = np.full(len(people), UNTRACKED, np.int64)
    first = state is None
    if state is None:
        state = _nobody(poses, people.skeleton)
    motion = state.motion.predict(elapsed)
    last = replace(state.poses, variances=motion.variances)
    expected = last.moved(motion.boxes)

    found = np.full(len(state), -1, np.int64)  # The person that each track found.
    seen = state.missed == 0
    confirmed = state.ids != UNTRACKED
    for tracks, where, candidates, least in (
        (confirmed, expected, high, parameters.min_similarity),
        (confirmed & seen, expected, low, parameters.min_similarity_low),
        (confirmed & ~seen, last, high, parameters.min_similarity),
        (~confirmed, expected, high, parameters.min_similarity),
    ):
        rows = np.flatnonzero(tracks & (found < 0))
        columns = np.setdiff1d(candidates, found)
        similarity = FORMULAS[parameters.similarity](where.select(rows), poses.select(columns))
        same = where.classes[rows, None] == poses.classes[columns]
        for row, column in _assign(np.where(same, similarity, _NEVER), least):
            found[rows[row]] = columns[column]
    state = _confirmed(state, found >= 0)
    ids[found[found >= 0]] = state.ids[found >= 0]

    continued = _continue(state, motion, poses, found, parameters.patience)
    begun = np.setdiff1d(high, found)
    state = replace(
        continued,
        motion=continued.motion.join(Motion.begin(poses.boxes[begun])),
        poses=continued.poses.join(poses.select(begun)),
        ids=np.concatenate([continued.ids, ids[begun]]),
        missed=np.concatenate([continued.missed, np.zeros(len(begun), np.int64)]),
    )
    if first:
        state = _confirmed(state, np.ones(len(state), bool))
        ids[begun] = state.ids
    tracked = replace(people, track_ids=torch.from_numpy(ids).to(people.scores.device))
    return state, tracked


def _confirmed(state: TrackerState, seen: npt.NDArray[np.bool_]) -> TrackerState:
    """Give those who are seen again, and have none, identities."""
    ids = state.ids.copy()
    new = np.flatnonzero(seen & (ids == UNTRACKED))
    ids[new] = state.next_id + np.arange(len(new))
    return replace(state, ids=ids, next_id=state.next_id + len(new))


def _continue(
    state: TrackerState, motion: Motion, poses: Poses, found: Indices, patience: int
) -> TrackerState:
    """Update the tracks that found somebody, and end those that have missed too much."""
    hit = found >= 0
    corrected = motion.select(hit).update(poses.boxes[found[hit]])
    mean, covariance = motion.mean.copy(), motion.covariance.copy()
    mean[hit], covariance[hit] = corrected.mean, corrected.covariance
    boxes, keypoints = state.poses.boxes.copy(), state.poses.keypoints.copy()
    scores = state.poses.keypoint_scores.copy()
    boxes[hit], keypoints[hit] = poses.boxes[found[hit]], poses.keypoints[found[hit]]
    scores[hit] = poses.keypoint_scores[found[hit]]
    missed = np.where(hit, 0, state.missed + 1)
    kept = hit | ((state.ids != UNTRACKED) & (missed <= patience))
    return replace(
        state,
        motion=Motion(mean, covariance).select(kept),
        poses=replace(state.poses, boxes=boxes, keypoints=keypoints, keypoint_scores=scores).select(
            kept
        ),
        ids=state.ids[kept],
        missed=missed[kept],
    )


def _assign(similarity: Floats, least: float) -> list[tuple[int, int]]:
    """Pair rows and columns for the greatest sum of similarities, none of them below `least`."""
    from scipy.optimize import linear_sum_assignment

    # What is too unlike counts as nothing, or it would push aside what is alike.
    worth = np.where(similarity >= least, similarity, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if similarity[row, column] >= least
    ]


def _poses(people: People) -> Poses:
    """Copy what the association needs; what float32 could not hold counts for nothing."""
    keypoints = as_float64(people.keypoints)
    scores = as_float64(people.keypoint_scores)
    finite: npt.NDArray[np.bool_] = np.all(within_float32(keypoints), axis=2)
    return Poses(
        boxes=as_float64(people.boxes),
        keypoints=np.where(finite[..., None], keypoints, 0.0),
        keypoint_scores=np.where(finite & np.isfinite(scores), scores, 0.0),
        variances=np.zeros(len(people)),
        classes=np.array(people.class_names, dtype=str),
        sigmas=people.skeleton.likely_sigmas,
    )


def _nobody(poses: Poses, skeleton: Skeleton) -> TrackerState:
    none = np.zeros(0, np.int64)
    return TrackerState(
        motion=Motion.begin(np.zeros((0, 4))),
        poses=poses.select(none),
        ids=none,
        missed=none,
        next_id=1,
        skeleton=skeleton,
    )
