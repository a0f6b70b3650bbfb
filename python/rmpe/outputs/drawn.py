"""Which people and which of their joints a drawing shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import as_float64, within_float32
from .drawing_style import DrawingStyle

if TYPE_CHECKING:
    from ..people import People

__all__ = ["bounded", "drawn_joints", "usable_boxes"]

Array = np.ndarray[Any, np.dtype[Any]]

# Above this similarity, two poses are taken for one person. Of the 36 photographs that
# `bench.drawings` counts, all pairs of one person are above .7, all others below .45.
_SAME_PERSON = 0.6


def drawn_joints(people: People, style: DrawingStyle) -> Array:
    """Choose the joints of one image's people that are worth drawing.

    Left out are people whose own score (`People.scores`) is too low, joints whose score is too low,
    joints with none of their neighbors along the limbs, and people who show the joints of a person
    with a higher score once more (by the OKS over the joints that both would show).

    Parameters
    ----------
    people : People
        P people of one image.
    style : DrawingStyle
        Says what is too low, or leaves it to the people's `drawn_score`.

    Returns
    -------
    numpy.ndarray
        (P, K) bool. A person without any is not drawn at all.

    Examples
    --------
    >>> import torch
    >>> from rmpe.people import People
    >>> from rmpe.skeletons import COCO_17
    >>> scores = torch.zeros(1, 17)
    >>> scores[0, [7, 9, 16]] = 0.9  # A left forearm, and a right ankle that hangs on nothing.
    >>> people = People(
    ...     keypoints=torch.zeros(1, 17, 2), keypoint_scores=scores, boxes=torch.ones(1, 4),
    ...     box_scores=torch.ones(1), scores=torch.ones(1), skeleton=COCO_17,
    ...     image_index=torch.zeros(1, dtype=torch.int64), image_sizes=((48, 64),))
    >>> drawn_joints(people, DrawingStyle()).nonzero()[1]
    array([7, 9])
    """
    keypoints = as_float64(people.keypoints)
    scores = as_float64(people.scores)
    # As float32, which scores are: one that is written as 0.7 is at least 0.7.
    # Not finite is never drawn: NaN is not at least anything, and infinity has no place.
    least = np.float32(style.keypoint_score(people.drawn_score))
    joints = (as_float64(people.keypoint_scores) >= least) & within_float32(keypoints).all(-1)
    joints &= (scores >= np.float32(style.person_score(people.drawn_score)))[:, None]
    connected = np.zeros_like(joints)
    for start, end in people.skeleton.limbs:
        limb = joints[:, start] & joints[:, end]
        connected[:, start] |= limb
        connected[:, end] |= limb
    return connected & _first_of_each(people, keypoints, scores, connected)[:, None]


def _first_of_each(people: People, keypoints: Array, scores: Array, joints: Array) -> Array:
    """Choose the best of those who show the same joints, (P,) bool, as greedy NMS does."""
    corners = usable_boxes(people)
    areas = (corners[:, 2:] - corners[:, :2]).clip(0).prod(1)
    sigmas = np.array(people.skeleton.likely_sigmas)
    chosen: list[int] = []
    for person in np.argsort(-scores, kind="stable"):
        if not joints[person].any():
            continue
        both = joints[person] & joints[chosen]
        with np.errstate(invalid="ignore", over="ignore"):
            squares = ((keypoints[person] - keypoints[chosen]) ** 2).sum(-1)
            area = (areas[person] + areas[chosen])[:, None] / 2
            similar = np.exp(-squares / (2 * (2 * sigmas) ** 2 * area + np.spacing(1)))
        oks = np.where(both, similar, 0).sum(1) / both.sum(1).clip(1)
        if not (oks > _SAME_PERSON).any():
            chosen.append(int(person))
    first = np.zeros(len(people), bool)
    first[chosen] = True
    return first


def usable_boxes(people: People) -> Array:
    """Give boxes (P, 4) as float64; 0 for what is not finite, or beyond float32."""
    boxes = as_float64(people.boxes)
    return np.where(within_float32(boxes), boxes, 0.0)


def bounded(points: Array, shape: tuple[int, ...]) -> Array:
    """Bring coordinates of a picture near it, so that none overflows OpenCV's integers.

    Far outside, only the direction matters; NaN becomes 0. ``shape`` is that of the picture.
    """
    longest = max(shape[:2])
    near: Array = np.nan_to_num(points).clip(-2 * longest, 3 * longest)
    return near
