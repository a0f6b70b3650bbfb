"""Lowering the scores of poses that resemble better ones (soft-NMS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .._registration import define
from ..reference.kernels.soft_oks_nms import soft_oks_nms_kernel
from ..return_types import SoftNMSResult
from ..validation import torch_arrays
from ..validation.soft_oks_nms import validate_soft_oks_nms
from ._fake import fake_nms

__all__ = ["soft_oks_nms"]


def _fake(keypoints: torch.Tensor, *others: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    keep, rank = fake_nms(keypoints)
    return keep, keypoints.new_empty((keypoints.shape[0],)), rank


_soft_oks_nms = define(
    "soft_oks_nms(Tensor keypoints, Tensor scores, Tensor areas, Tensor sigmas, "
    "Tensor? pose_scores, Tensor? image_index, float threshold, int max_kept) "
    "-> (Tensor keep, Tensor decayed, Tensor rank)",
    reference=soft_oks_nms_kernel,
    fake=_fake,
)


def soft_oks_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    max_kept: int = 20,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | Sequence[int] | None = None,
) -> SoftNMSResult[torch.Tensor]:
    """Lower the scores of poses that resemble better ones, and keep the best of each image.

    Within each image, pick the pose of the highest score, multiply the score of every other pose by
    ``exp(-OKS^2 / threshold)``, with the OKS of :func:`rmpe_ext.oks_nms`, and go on with the rest
    until ``max_kept`` poses are picked. No pose is dropped for its similarity alone, but a pose
    similar to a better one is picked late, with a low score.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : Tensor (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    areas : Tensor (N,)
        Areas of the people's segments or boxes in pixels^2, in the dtype of ``keypoints``. A
        negative area counts as 0.
    sigmas : Tensor (K,) or sequence of float, optional
        Standard deviation of annotators at each joint, relative to the square root of the area;
        above 0. Default where K is 17: those of COCO.
    threshold : float
        Above 0. The larger, the less a score is lowered: an identical pose keeps
        ``exp(-1 / threshold)`` of its own.
    max_kept : int
        Largest number of poses to keep in an image; at least 1.
    pose_scores : Tensor (N,), optional
        The scores to lower, in the dtype of ``keypoints``. Default: the mean of the joint scores.
    image_index : Tensor (N,) or sequence of int, optional
        int64 or int32, any values in any order: poses of different images do not suppress each
        other. Default: all poses are of one image.

    Returns
    -------
    SoftNMSResult
        ``keep`` (N,) bool, the lowered ``pose_scores`` (N,), and ``rank`` (N,) int64, the order in
        which the kept poses of an image were picked, -1 for the others; all in the order of the
        input. ``pose_scores[i]`` of a kept pose is its score when it was picked. Of equal scores
        the lower index is picked. A pose with a coordinate, joint score, area or pose score that is
        not finite lowers no score and keeps its own; it comes last, in the order of the input, and
        is kept where ``max_kept`` leaves room.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value; the message names the argument.

    References
    ----------
    Bodla, Singh, Chellappa, Davis, "Soft-NMS: Improving Object Detection With One Line of Code",
    ICCV 2017, with OKS in place of the IoU of boxes.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> pose = torch.rand(17, 2) * 100
    >>> keypoints = torch.stack([pose, pose, pose + 500])
    >>> scores = torch.tensor([0.7, 0.9, 0.8])[:, None].expand(3, 17)
    >>> result = rmpe_ext.soft_oks_nms(keypoints, scores, torch.full((3,), 1e4), max_kept=2)
    >>> result.rank, result.pose_scores
    (tensor([-1,  0,  1]), tensor([0.2304, 0.9000, 0.8000]))
    """
    return SoftNMSResult(
        *_soft_oks_nms(
            *validate_soft_oks_nms(
                torch_arrays,
                keypoints,
                scores,
                areas,
                sigmas,
                threshold,
                max_kept,
                pose_scores,
                image_index,
            )
        )
    )
