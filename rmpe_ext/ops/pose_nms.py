"""Removing the poses, or boxes, that show one person twice."""

from __future__ import annotations

from typing import Any

import torch

from .._native import define
from ..arguments import tensors
from ..arguments.pose_nms import (
    box_nms_arguments,
    pose_nms_arguments,
    pose_similarity_arguments,
)
from ..presets import DEFAULT_PRESET, PoseNMSPreset
from ..reference.pose_nms import (
    box_nms_kernel,
    pose_nms_kernel,
    pose_similarity_kernel,
)
from ..results import NMSResult

__all__ = ["box_nms", "pose_nms", "pose_similarity"]


def _fake_pose_similarity(keypoints, scores, boxes, *parameters):
    return keypoints.new_empty((keypoints.shape[0], keypoints.shape[0]))


def fake_nms(items, *others):
    """Fake kernel of every suppression of N items."""
    count = items.shape[0]
    return (
        items.new_empty((count,), dtype=torch.bool),
        items.new_empty((count,), dtype=torch.int64),
    )


_pose_similarity = define(
    "pose_similarity(Tensor keypoints, Tensor scores, Tensor boxes, float sigma1, float sigma2, "
    "float lam, bool squared, bool box_unit, float match_box, float match_radius) -> Tensor",
    reference=pose_similarity_kernel,
    fake=_fake_pose_similarity,
)
_pose_nms = define(
    "pose_nms(Tensor keypoints, Tensor scores, Tensor boxes, Tensor? pose_scores, "
    "Tensor? image_index, float sigma1, float sigma2, float lam, float eta, bool squared, "
    "bool box_unit, float match_box, float match_radius, int near_joints, float near_radius, "
    "float near_box) "
    "-> (Tensor keep, Tensor suppressor)",
    reference=pose_nms_kernel,
    fake=fake_nms,
)
_box_nms = define(
    "box_nms(Tensor boxes, Tensor scores, float threshold, Tensor? image_index) "
    "-> (Tensor keep, Tensor suppressor)",
    reference=box_nms_kernel,
    fake=fake_nms,
)


def pose_similarity(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> torch.Tensor:
    """How similar each pose is to each other pose: the ``d`` that pose NMS compares with ``eta``.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels.
    scores : Tensor (N, K)
        Confidence of the joints.
    boxes : Tensor (N, 4)
        ``x1, y1, x2, y2`` of the people, in image pixels.
    preset : str or PoseNMSPreset
        See :func:`pose_nms`.
    **parameters
        Fields of the preset to replace.

    Returns
    -------
    Tensor (N, N)
        ``[i, j]`` is ``d(i, j)``, larger for more similar poses, with row ``i`` as the reference:
        its box sets the tolerances, so the matrix is not symmetric. NaN in the row and the column
        of a pose with a value that is not finite. The preset's second rule, ``near_joints``, is no
        part of ``d``.

    Raises
    ------
    TypeError, ValueError
        As :func:`pose_nms` does.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> keypoints = torch.tensor([[[10., 10.], [40., 90.]], [[10., 10.], [60., 90.]]])
    >>> scores, boxes = torch.ones(2, 2), torch.tensor([[0., 0., 50., 100.]] * 2)
    >>> rmpe_ext.pose_similarity(keypoints, scores, boxes, sigma1=0.1, sigma2=1.0, lam=1.0)
    tensor([[4., 2.],
            [2., 4.]])
    """
    return _pose_similarity(
        *pose_similarity_arguments(tensors, keypoints, scores, boxes, preset, parameters)
    )


def pose_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor,
    *,
    preset: str | PoseNMSPreset = DEFAULT_PRESET,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | None = None,
    **parameters: Any,
) -> NMSResult[torch.Tensor]:
    """Parametric pose NMS: of several poses of one person, keep the most confident.

    Within an image, pick the most confident pose, drop every pose that is too similar to
    it, and go on with the best of the rest. With the picked pose ``i`` as the reference, ``j`` is
    dropped where ``d(i, j) > eta``,

    ``d(i, j) = sum_n [joint n matches] tanh(c_i / sigma1) tanh(c_j / sigma1)
    + lam * sum_n exp(-distance / sigma2)``.

    The paper prints "eliminate when d <= eta", but both terms grow with similarity: as printed it
    would drop the poses that differ. Like all released implementations this one drops at
    ``d > eta``.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels; float32 or float64, half precision is computed in
        float32.
    scores : Tensor (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    boxes : Tensor (N, 4)
        ``x1, y1, x2, y2`` of the people, in image pixels. Only the picked pose's box matters. Where
        a box without width or height sets a tolerance, only what coincides is within it.
    preset : str or PoseNMSPreset
        ``"alphapose"``, the default: the constants of the authors' PyTorch release, distances in
        pixels, and a second rule that drops a pose with at least 5 joints near the picked one's.
        ``"rmpe"``: those of their first release, distances in units of the box. ``"paper"``: the
        squared distance, joints match inside a tenth of the box; its constants were never
        published, these were chosen here. A preset belongs to skeletons of about 16 joints,
        because ``d`` grows with their number.
    pose_scores : Tensor (N,), optional
        What makes a pose the most confident: the mean of its joint scores unless given. Results
        that are ranked by another score, such as one that includes the detector's, are best
        ordered by it here too, or the pose that is kept may be the one ranked lowest.
    image_index : Tensor (N,), optional
        int64, any values in any order: poses of different images never suppress each other. All
        poses are of one image unless given.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace: ``sigma1``, ``eta``, ...

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate, joint score or box
        that is NaN or infinite, or with a NaN in ``pose_scores``, comes last: it suppresses none,
        and is kept.

    Raises
    ------
    TypeError
        For a wrong dtype, or a keyword that is no parameter.
    ValueError
        For a wrong shape or device, an unknown preset, or a parameter out of its range.

    References
    ----------
    Fang, Xie, Tai, Lu, "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017, section 3.2.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> pose = torch.rand(17, 2) * 100
    >>> keypoints = torch.stack([pose, pose + 0.1, pose + 500])
    >>> scores = torch.tensor([0.7, 0.9, 0.8])[:, None].expand(3, 17)
    >>> boxes = torch.tensor([[0., 0., 100., 100.]] * 2 + [[500., 500., 600., 600.]])
    >>> result = rmpe_ext.pose_nms(keypoints, scores, boxes, preset="alphapose")
    >>> result.keep, result.suppressor
    (tensor([False,  True,  True]), tensor([1, 1, 2]))
    """
    return NMSResult(
        *_pose_nms(
            *pose_nms_arguments(
                tensors, keypoints, scores, boxes, preset, pose_scores, image_index, parameters
            )
        )
    )


def box_nms(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    threshold: float,
    *,
    image_index: torch.Tensor | None = None,
) -> NMSResult[torch.Tensor]:
    """Of boxes that overlap, keep the best: greedy non-maximum suppression.

    Equal to ``torchvision.ops.nms``, with a mask for a result, and with images kept apart by index,
    not, as ``batched_nms`` does, by moving their boxes.

    Parameters
    ----------
    boxes : Tensor (N, 4)
        ``x1, y1, x2, y2``, continuous: the area is ``(x2 - x1) * (y2 - y1)``. A box turned inside
        out has none. float32 or float64; half precision is computed in float32.
    scores : Tensor (N,)
        In the dtype of ``boxes``.
    threshold : float
        A box is suppressed where its IoU with a kept one is above this, in 0..1. Two boxes without
        area have IoU 0.
    image_index : Tensor (N,), optional
        int64, any values in any order: boxes of different images never suppress each other.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equal scores
        the one of lower index wins. A box with a NaN score, or with a coordinate that is NaN or
        infinite, comes last: it suppresses none, and is kept.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape, device or threshold; the message names the argument.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> boxes = torch.tensor([[0., 0., 10., 10.], [1., 0., 11., 10.], [50., 0., 60., 10.]])
    >>> rmpe_ext.box_nms(boxes, torch.tensor([0.8, 0.9, 0.7]), 0.5).keep
    tensor([False,  True,  True])
    """
    return NMSResult(*_box_nms(*box_nms_arguments(tensors, boxes, scores, threshold, image_index)))
