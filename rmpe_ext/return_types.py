"""Named tuples that the ops return, of tensors or of numpy's arrays."""

from __future__ import annotations

import sys
from typing import Generic, TypeVar

if sys.version_info >= (3, 11):
    from typing import NamedTuple
else:
    from typing_extensions import NamedTuple  # Python's own could not be generic

__all__ = ["MergedPoses", "NMSResult", "SoftNMSResult"]

Array = TypeVar("Array")


class NMSResult(NamedTuple, Generic[Array]):
    """The result of a suppression, in the order of the input.

    Attributes
    ----------
    keep : (N,)
        bool: whether the item is kept.
    suppressor : (N,)
        int64: the index of the item that suppressed this one; its own index where it is kept.
    """

    keep: Array
    suppressor: Array


class SoftNMSResult(NamedTuple, Generic[Array]):
    """The result of a soft suppression, in the order of the input.

    Attributes
    ----------
    keep : (N,)
        bool: whether the pose is kept.
    pose_scores : (N,)
        The lowered scores: of a kept pose, its score when it was picked.
    rank : (N,)
        int64: 0 for the pose that was picked first in its image, 1 for the next, ...; -1 for a
        pose that is not kept.
    """

    keep: Array
    pose_scores: Array
    rank: Array


class MergedPoses(NamedTuple, Generic[Array]):
    """Merged poses, in the order of the input.

    Attributes
    ----------
    keypoints : (N, K, 2)
        In image pixels.
    scores : (N, K)
        Confidence of the joints.
    keep : (N,)
        bool: whether the pose is kept.
    """

    keypoints: Array
    scores: Array
    keep: Array
