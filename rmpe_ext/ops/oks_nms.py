"""Removing the poses that show one person twice, by object keypoint similarity."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .._native import define
from ..arguments import tensors
from ..arguments.oks_nms import oks_nms_arguments, soft_oks_nms_arguments
from ..reference.oks_nms import oks_nms_kernel, soft_oks_nms_kernel
from ..results import NMSResult, SoftNMSResult
from .pose_nms import fake_nms

__all__ = ["oks_nms", "soft_oks_nms"]


def _fake_soft_oks_nms(keypoints, *others):
    keep, rank = fake_nms(keypoints)
    return keep, keypoints.new_empty((keypoints.shape[0],)), rank


_oks_nms = define(
    "oks_nms(Tensor keypoints, Tensor scores, Tensor areas, Tensor sigmas, Tensor? pose_scores, "
    "Tensor? image_index, float threshold) -> (Tensor keep, Tensor suppressor)",
    reference=oks_nms_kernel,
    fake=fake_nms,
)
_soft_oks_nms = define(
    "soft_oks_nms(Tensor keypoints, Tensor scores, Tensor areas, Tensor sigmas, "
    "Tensor? pose_scores, Tensor? image_index, float threshold, int max_kept) "
    "-> (Tensor keep, Tensor decayed, Tensor rank)",
    reference=soft_oks_nms_kernel,
    fake=_fake_soft_oks_nms,
)


def oks_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | None = None,
) -> NMSResult[torch.Tensor]:
    """Of several poses of one person, keep the most confident, by object keypoint similarity.

    Within an image, pick the most confident pose, drop every pose ``j`` whose OKS with the picked
    pose ``i`` is above the threshold, and go on with the best of the rest:

    ``OKS(i, j) = mean_n exp(-|k_i - k_j|^2 / (2 (2 sigma_n)^2 ((area_i + area_j) / 2 + eps)))``,
    with ``eps`` the spacing of float64 at 1. The mean is over all joints, whatever they score.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, half precision is computed in
        float32.
    scores : Tensor (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    areas : Tensor (N,)
        Of the people, in pixels^2, in the dtype of ``keypoints``: of their boxes, or segments. A
        negative area counts as 0, which only poses that coincide resemble.
    sigmas : Tensor (K,) or sequence of float, optional
        Spread of annotators at each joint, relative to the square root of the area; above 0. Those
        of COCO where K is 17 unless given. Numbers, the default included, are copied to a GPU
        once, by the first call that has them, which waits for that; in a compiled function, give a
        tensor.
    threshold : float
        A pose is suppressed where its OKS with a kept one is above this, in 0..1.
    pose_scores : Tensor (N,), optional
        What makes a pose the most confident: the mean of its joint scores unless given.
    image_index : Tensor (N,), optional
        int64, any values in any order: poses of different images never suppress each other. All
        poses are of one image unless given.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate, joint score or area
        that is NaN or infinite, or with a NaN in ``pose_scores``, comes last: it suppresses none,
        and is kept.

    Raises
    ------
    TypeError
        For a wrong dtype.
    ValueError
        For a wrong shape, device or threshold, a sigma in a sequence that is not above 0, or no
        sigmas where K is not 17.

    References
    ----------
    https://cocodataset.org/#keypoints-eval gives OKS; Papandreou et al., "Towards Accurate
    Multi-person Pose Estimation in the Wild", CVPR 2017, NMS by it.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> pose = torch.rand(17, 2) * 100
    >>> keypoints = torch.stack([pose, pose + 0.1, pose + 500])
    >>> scores = torch.tensor([0.7, 0.9, 0.8])[:, None].expand(3, 17)
    >>> result = rmpe_ext.oks_nms(keypoints, scores, torch.full((3,), 1e4))
    >>> result.keep, result.suppressor
    (tensor([False,  True,  True]), tensor([1, 1, 2]))
    """
    return NMSResult(
        *_oks_nms(
            *oks_nms_arguments(
                tensors, keypoints, scores, areas, sigmas, threshold, pose_scores, image_index
            )
        )
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
    image_index: torch.Tensor | None = None,
) -> SoftNMSResult[torch.Tensor]:
    """Lower the scores of poses that resemble better ones, and keep the best of each image.

    Within an image, pick the pose of the highest score, multiply the score of every other by
    ``exp(-OKS^2 / threshold)``, and so on with the rest, until ``max_kept`` are picked. No pose is
    dropped for what it resembles, but what resembles a better one comes late, and scores little.

    Parameters
    ----------
    keypoints, scores, areas, sigmas, image_index
        As in :func:`oks_nms`.
    threshold : float
        Above 0; the larger, the less a score is lowered: an identical pose keeps
        ``exp(-1 / threshold)`` of it.
    max_kept : int
        This many poses of an image are kept at most; at least 1.
    pose_scores : Tensor (N,), optional
        The scores that are lowered, in the dtype of ``keypoints``: the mean of the joint scores
        unless given.

    Returns
    -------
    SoftNMSResult
        ``keep`` (N,) bool, the lowered ``pose_scores`` (N,), and ``rank`` (N,) int64, the place of
        a kept pose in its image's order of picking, -1 for the others; all in the order of the
        input. ``pose_scores[i]`` is the score at which a kept pose was picked.
        Of equal scores the one of lower index is picked. A pose with a coordinate, joint score,
        area or pose score that is NaN or infinite comes last, in the order of the input: it lowers
        no score, keeps its own, and is kept where ``max_kept`` leaves room.

    Raises
    ------
    TypeError, ValueError
        As :func:`oks_nms` does, and for a ``max_kept`` below 1.

    References
    ----------
    Bodla, Singh, Chellappa, Davis, "Soft-NMS: Improving Object Detection With One Line of Code",
    ICCV 2017, with OKS in place of the overlap of boxes.

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
            *soft_oks_nms_arguments(
                tensors,
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
