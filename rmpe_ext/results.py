"""What the ops return where it is more than one array: of tensors, and of numpy's arrays."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

__all__ = ["MergedPoses", "NMSResult", "SoftNMSResult"]

Array = TypeVar("Array")


class NMSResult(NamedTuple, Generic[Array]):
    """What suppression left, in the order of the input.

    Attributes
    ----------
    keep : (N,)
        bool.
    suppressor : (N,)
        int64: the item that removed this one; its own index where it was kept.
    """

    keep: Array
    suppressor: Array


class SoftNMSResult(NamedTuple, Generic[Array]):
    """What soft suppression left, in the order of the input.

    Attributes
    ----------
    keep : (N,)
        bool.
    pose_scores : (N,)
        Of a kept pose, its score when it was picked; of another, its score in the end.
    rank : (N,)
        int64: 0 for the pose that was picked first in its image, 1 for the next, ...; -1 where a
        pose was not kept.
    """

    keep: Array
    pose_scores: Array
    rank: Array


class MergedPoses(NamedTuple, Generic[Array]):
    """Poses after merging, in the order of the input.

    Attributes
    ----------
    keypoints : (N, K, 2)
        In image pixels.
    scores : (N, K)
        Confidence of the joints.
    keep : (N,)
        bool.
    """

    keypoints: Array
    scores: Array
    keep: Array
