"""Merging each kept pose with the poses that it suppressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .._registration import define
from ..presets import DEFAULT_PRESET, PoseNMSPreset, PresetName
from ..reference.kernels.merge_poses import merge_poses_kernel
from ..return_types import MergedPoses
from ..validation import torch_arrays
from ..validation.merge_poses import validate_merge_poses

__all__ = ["merge_poses"]


def _fake(
    keypoints: torch.Tensor, scores: torch.Tensor, *others: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
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
    fake=_fake,
)


def merge_poses(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor | Sequence[Sequence[float]],
    suppressor: torch.Tensor,
    *,
    preset: PresetName | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> MergedPoses[torch.Tensor]:
    """Replace each kept pose by the confidence-weighted mean of itself and what it suppressed.

    A suppression runs first; its ``suppressor`` says which poses belong together. Each joint is
    averaged over those poses whose joint lies within
    ``min(merge_radius, merge_box * longer side of the kept pose's box)`` of the kept one's:

    ``keypoint = sum s * keypoint / sum s``,    ``score = sum s^2 / sum s``.

    Then a kept pose whose best joint scores less than ``min_score``, before or after merging, is
    dropped.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : Tensor (N, K)
        Confidence ``s`` of the joints, in the dtype of ``keypoints``. A score of 0 or less counts
        as ``zero_score``.
    boxes : Tensor (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2`` of the people in image pixels. Only the boxes of kept poses matter. A box
        without width and height merges only joints that coincide.
    suppressor : Tensor (N,)
        int64, as :func:`rmpe_ext.pose_nms` and the other suppressions return it: the index of the
        pose that suppressed this one, its own index where it is kept. A pose whose suppressor is
        not kept, or is outside 0..N-1, is dropped and merged into none.
    preset : str or PoseNMSPreset
        The preset that gives the four parameters. Their values were released for ``"alphapose"``
        only; the other presets use the same.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace: ``merge_box``,
        ``merge_radius``, ``min_score``, ``zero_score``.

    Returns
    -------
    MergedPoses
        ``keypoints`` (N, K, 2), ``scores`` (N, K) and ``keep`` (N,) bool, in the order of the
        input. Suppressed poses are returned as they were, and so are kept poses that suppressed
        none, except that a score of 0 or less becomes ``zero_score``. A joint whose coordinates or
        score are not finite is merged into none; a kept pose's own stays as it is.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value, or a keyword that is not a parameter; the
        message names it.

    Notes
    -----
    *Images.* No ``image_index`` is needed: a pose and its suppressor are in one image.

    *Gradients.* There are none.

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
            *validate_merge_poses(
                torch_arrays, keypoints, scores, boxes, suppressor, preset, parameters
            )
        )
    )
