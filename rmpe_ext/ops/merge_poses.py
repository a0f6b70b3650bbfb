"""Merging a kept pose with the poses that it suppressed."""

from __future__ import annotations

from typing import Any

import torch

from .._native import define
from ..arguments import tensors
from ..arguments.merge_poses import merge_poses_arguments
from ..presets import DEFAULT_PRESET, PoseNMSPreset
from ..reference.merge_poses import merge_poses_kernel
from ..results import MergedPoses

__all__ = ["merge_poses"]


def _fake_merge_poses(keypoints, scores, *others):
    return (
        keypoints.new_empty(keypoints.shape),
        scores.new_empty(scores.shape),
        keypoints.new_empty((keypoints.shape[0],), dtype=torch.bool),
    )


_merge_poses = define(
    "merge_poses(Tensor keypoints, Tensor scores, Tensor boxes, Tensor suppressor, "
    "float merge_box, float merge_radius, float min_score, float zero_score) "
    "-> (Tensor merged_keypoints, Tensor merged_scores, Tensor keep)",
    reference=merge_poses_kernel,
    fake=_fake_merge_poses,
)


def merge_poses(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    suppressor: torch.Tensor,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> MergedPoses[torch.Tensor]:
    """Make each kept pose the confidence-weighted mean of itself and what it suppressed.

    Joint by joint, over those of the poses whose joint lies within
    ``min(merge_radius, merge_box * longer side of the kept pose's box)`` of the kept one's:

    ``keypoint = sum s * keypoint / sum s``,    ``score = sum s^2 / sum s``.

    Then a kept pose whose best joint scores less than ``min_score``, before or after this, is
    dropped. It runs after a suppression, whose ``suppressor`` says which poses belong together.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, half precision is computed in
        float32.
    scores : Tensor (N, K)
        Confidence ``s`` of the joints, in the dtype of ``keypoints``. A score of 0 or less counts
        as ``zero_score``.
    boxes : Tensor (N, 4)
        ``x1, y1, x2, y2`` of the people, in image pixels. Only a kept pose's box matters; into one
        without width and height merges only what coincides.
    suppressor : Tensor (N,)
        int64, as :func:`pose_nms` and the other suppressions return it: the pose that removed this
        one, its own index where it was kept. A pose whose suppressor was not kept, or is outside
        0..N-1, is removed and merged into none.
    preset : str or PoseNMSPreset
        Where the four parameters come from; their values were released with ``"alphapose"``, and
        the other presets take them over.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace: ``merge_box``,
        ``merge_radius``, ``min_score``, ``zero_score``.

    Returns
    -------
    MergedPoses
        ``keypoints`` (N, K, 2), ``scores`` (N, K) and ``keep`` (N,) bool, in the order of the
        input. Poses that were removed keep their values. A kept pose that removed none does too,
        except that a score of 0 or less becomes ``zero_score``. A joint whose coordinates or score
        are NaN or infinite is merged into none; where it is the kept pose's, it stays as it is.
        Images need no index: a suppressor is in the image of what it removed.

    Raises
    ------
    TypeError
        For a wrong dtype, or a keyword that is no parameter.
    ValueError
        For a wrong shape or device, an unknown preset, or a parameter out of its range.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> keypoints = torch.tensor([[[10., 10.], [50., 90.]], [[14., 10.], [90., 90.]]])
    >>> scores = torch.tensor([[0.9, 0.9], [0.3, 0.3]])
    >>> boxes = torch.tensor([[0., 0., 100., 100.]] * 2)
    >>> merged = rmpe_ext.merge_poses(keypoints, scores, boxes, torch.tensor([0, 0]))
    >>> merged.keypoints[0], merged.scores[0], merged.keep
    (tensor([[11., 10.],
            [50., 90.]]), tensor([0.7500, 0.9000]), tensor([ True, False]))
    """
    return MergedPoses(
        *_merge_poses(
            *merge_poses_arguments(
                tensors, keypoints, scores, boxes, suppressor, preset, parameters
            )
        )
    )
