"""How alike the people of two frames are, from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..metrics.box_iou import box_iou
from ..metrics.oks import oks
from .parameters import SimilarityName

__all__ = ["FORMULAS", "Poses"]

Floats = npt.NDArray[np.float64]

# A keypoint takes part where both poses are at least this sure of it.
_KEYPOINT_SCORE = 0.2


@dataclass(frozen=True, eq=False)
class Poses:
    """N poses and their boxes, as a tracker compares them.

    Attributes
    ----------
    boxes : array (N, 4), float64
        ``x1, y1, x2, y2`` in pixels.
    keypoints : array (N, K, 2), float64
        x, y in pixels.
    keypoint_scores : array (N, K), float64
    variances : array (N,), float64
        Of where each pose is, in square pixels: 0 of one that is seen, more of one that is
        predicted.
    classes : array (N,) of str
        Of each box. Those of two classes are never the same.
    sigmas : sequence of K floats
        Of the skeleton, `Skeleton.likely_sigmas`.
    """

    boxes: Floats
    keypoints: Floats
    keypoint_scores: Floats
    variances: Floats
    classes: npt.NDArray[np.str_]
    sigmas: Sequence[float]

    def select(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Poses:
        """Keep some of them."""
        return Poses(
            self.boxes[index],
            self.keypoints[index],
            self.keypoint_scores[index],
            self.variances[index],
            self.classes[index],
            self.sigmas,
        )

    def join(self, other: Poses) -> Poses:
        """Put the poses of another behind these."""
        return Poses(
            np.concatenate([self.boxes, other.boxes]),
            np.concatenate([self.keypoints, other.keypoints]),
            np.concatenate([self.keypoint_scores, other.keypoint_scores]),
            np.concatenate([self.variances, other.variances]),
            np.concatenate([self.classes, other.classes]),
            self.sigmas,
        )

    def moved(self, boxes: Floats) -> Poses:
        """Move and scale each pose with its box."""
        before, after = self.boxes[:, None], boxes[:, None]
        scale = (after[..., 2:] - after[..., :2]) / np.maximum(
            before[..., 2:] - before[..., :2], np.spacing(1)
        )
        keypoints = after[..., :2] + (self.keypoints - before[..., :2]) * scale
        return replace(self, boxes=boxes, keypoints=keypoints)


def _oks(tracks: Poses, people: Poses) -> Floats:
    """Object keypoint similarity, (T, N); the boxes' mean area stands for the person's.

    Who is predicted may be further away than who is seen: the prediction's variance adds to that
    of the keypoints. Where a track and a person share no sure keypoint, the similarity is 0.
    """
    sure = (tracks.keypoint_scores[:, None] >= _KEYPOINT_SCORE) & (
        people.keypoint_scores[None] >= _KEYPOINT_SCORE
    )
    # A box turned inside out has no area; what float64 cannot hold is as large as can be.
    with np.errstate(over="ignore", invalid="ignore"):
        variances = np.nan_to_num(tracks.variances[:, None] + people.variances)
        areas = [
            np.nan_to_num((boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1))
            for boxes in (tracks.boxes, people.boxes)
        ]
    similarity = oks(
        people.keypoints[None],
        tracks.keypoints[:, None],
        sure.astype(np.uint8),
        np.nan_to_num(tracks.boxes[:, None]),
        areas[0][:, None] / 2 + areas[1][None] / 2,
        tracks.sigmas,
        variances=variances,
    )
    return np.where(sure.any(axis=2), similarity, 0.0)


def _iou(tracks: Poses, people: Poses) -> Floats:
    """Intersection over union of the boxes, (T, N)."""
    return box_iou(tracks.boxes[:, None], people.boxes)


def _both(tracks: Poses, people: Poses) -> Floats:
    """The mean of the two."""
    return (_oks(tracks, people) + _iou(tracks, people)) / 2


# Of tracks and people, as `rmpe.trackers.parameters.SIMILARITIES` lists them.
FORMULAS: dict[SimilarityName, Callable[[Poses, Poses], Floats]] = {
    "both": _both,
    "oks": _oks,
    "iou": _iou,
}
