"""Removing the poses that show one person twice, by how many of their joints coincide."""

from __future__ import annotations

import torch

from .._native import define
from ..arguments import tensors
from ..arguments.nearby_joints_nms import nearby_joints_nms_arguments
from ..reference.nearby_joints_nms import nearby_joints_nms_kernel
from ..results import NMSResult
from .pose_nms import fake_nms

__all__ = ["nearby_joints_nms"]

_nearby_joints_nms = define(
    "nearby_joints_nms(Tensor keypoints, Tensor scores, Tensor? pose_scores, Tensor? image_index, "
    "float distance, int max_near) -> (Tensor keep, Tensor suppressor)",
    reference=nearby_joints_nms_kernel,
    fake=fake_nms,
)


def nearby_joints_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    *,
    distance: float = 0.05,
    max_near: int | None = None,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | None = None,
) -> NMSResult[torch.Tensor]:
    """Of poses that share many joints, keep the most confident.

    Within an image, pick the most confident pose, drop every pose with more than ``max_near``
    joints close to the picked one's, and go on with the best of the rest. A joint is close within
    ``distance`` times the diagonal of the box around the picked pose's own joints, so that neither
    boxes nor areas are needed. This is the suppression of bottom-up methods, whose poses share
    joints.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, half precision is computed in
        float32.
    scores : Tensor (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    distance : float
        Share of the picked pose's diagonal, at least 0; a joint at just this distance is close.
        Where all joints of the picked pose coincide, only what coincides with them is close.
    max_near : int, optional
        A pose with more close joints than this is dropped; K // 2 unless given.
    pose_scores : Tensor (N,), optional
        What makes a pose the most confident: the mean of its joint scores unless given.
    image_index : Tensor (N,), optional
        int64, any values in any order: poses of different images never suppress each other. All
        poses are of one image unless given.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate or joint score that is
        NaN or infinite, or with a NaN in ``pose_scores``, comes last: it suppresses none, and is
        kept.

    Raises
    ------
    TypeError
        For a wrong dtype.
    ValueError
        For a wrong shape or device, or a negative ``distance`` or ``max_near``.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> keypoints = torch.tensor([[[0., 0.], [100., 0.]], [[1., 1.], [99., 0.]],
    ...                           [[0., 0.], [0., 9.]]])
    >>> scores = torch.tensor([[0.8, 0.8], [0.7, 0.7], [0.6, 0.6]])
    >>> rmpe_ext.nearby_joints_nms(keypoints, scores).keep
    tensor([ True, False,  True])
    """
    return NMSResult(
        *_nearby_joints_nms(
            *nearby_joints_nms_arguments(
                tensors, keypoints, scores, distance, max_near, pose_scores, image_index
            )
        )
    )
