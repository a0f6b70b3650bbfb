"""Parametric pose NMS: removing poses that show one person twice, as RMPE does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .._registration import define
from ..presets import DEFAULT_PRESET, PoseNMSPreset, PresetName
from ..reference.kernels.pose_nms import pose_nms_kernel
from ..return_types import NMSResult
from ..validation import torch_arrays
from ..validation.pose_nms import validate_pose_nms
from ._fake import fake_nms

__all__ = ["pose_nms"]

_pose_nms = define(
    "pose_nms(Tensor keypoints, Tensor scores, Tensor boxes, Tensor? pose_scores, "
    "Tensor? image_index, float sigma1, float sigma2, float lam, float eta, bool squared, "
    "bool box_unit, float match_box, float match_radius, int near_joints, float near_radius, "
    "float near_box) "
    "-> (Tensor keep, Tensor suppressor)",
    reference=pose_nms_kernel,
    fake=fake_nms,
)


def pose_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor | Sequence[Sequence[float]],
    *,
    preset: PresetName | PoseNMSPreset = DEFAULT_PRESET,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | Sequence[int] | None = None,
    **parameters: Any,
) -> NMSResult[torch.Tensor]:
    """Parametric pose NMS: of several poses of one person, keep the most confident.

    Within each image, pick the most confident pose, suppress every pose that is too similar to it,
    and go on with the best of the rest. With the picked pose ``i`` as the reference, ``j`` is
    suppressed where ``d(i, j) > eta``,

    ``d(i, j) = sum_n [joint n matches] tanh(c_i / sigma1) tanh(c_j / sigma1)
    + lam * sum_n exp(-distance / sigma2)``.

    The paper prints "eliminate when d <= eta", although both terms grow with similarity: as printed
    it would remove the poses that differ. All released implementations suppress where ``d > eta``,
    and so does this one.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : Tensor (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    boxes : Tensor (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2`` of the people in image pixels. The picked pose's box sets the tolerances;
        a box without width or height matches only joints that coincide.
    preset : str or PoseNMSPreset
        A name in :data:`rmpe_ext.presets.PRESETS`, which says what each is, or parameters of your
        own. A preset suits skeletons of as many joints as it was made for, because ``d`` grows with
        their number.
    pose_scores : Tensor (N,), optional
        Confidence of the poses. Default: the mean of the joint scores. Where results are ranked by
        another score, such as one that includes the detector's, pass that score, or the pose that
        is kept may be the one that is ranked lowest.
    image_index : Tensor (N,) or sequence of int, optional
        int64 or int32, any values in any order: poses of different images do not suppress each
        other. Default: all poses are of one image.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace: ``sigma1``, ``eta``, ...

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate, joint score or box
        that is not finite, or a pose score that is NaN, suppresses none and is kept.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value, or a keyword that is not a parameter; the
        message names it.

    References
    ----------
    Fang, Xie, Tai, Lu, "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> pose = torch.rand(17, 2) * 100
    >>> keypoints = torch.stack([pose, pose + 0.1, pose + 500])
    >>> scores = torch.tensor([0.7, 0.9, 0.8])[:, None].expand(3, 17)
    >>> boxes = torch.tensor([[0., 0., 100., 100.]] * 2 + [[500., 500., 600., 600.]])
    >>> result = rmpe_ext.pose_nms(keypoints, scores, boxes)
    >>> result.keep, result.suppressor
    (tensor([False,  True,  True]), tensor([1, 1, 2]))
    """
    return NMSResult(
        *_pose_nms(
            *validate_pose_nms(
                torch_arrays, keypoints, scores, boxes, preset, pose_scores, image_index, parameters
            )
        )
    )
