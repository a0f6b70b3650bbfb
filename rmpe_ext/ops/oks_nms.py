"""Removing poses that show one person twice, by object keypoint similarity."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .._registration import define
from ..reference.kernels.oks_nms import oks_nms_kernel
from ..return_types import NMSResult
from ..validation import torch_arrays
from ..validation.oks_nms import validate_oks_nms
from ._fake import fake_nms

__all__ = ["oks_nms"]

_oks_nms = define(
    "oks_nms(Tensor keypoints, Tensor scores, Tensor areas, Tensor sigmas, Tensor? pose_scores, "
    "Tensor? image_index, float threshold) -> (Tensor keep, Tensor suppressor)",
    reference=oks_nms_kernel,
    fake=fake_nms,
)


def oks_nms(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    areas: torch.Tensor,
    sigmas: torch.Tensor | Sequence[float] | None = None,
    *,
    threshold: float = 0.9,
    pose_scores: torch.Tensor | None = None,
    image_index: torch.Tensor | Sequence[int] | None = None,
) -> NMSResult[torch.Tensor]:
    """Of poses with a high object keypoint similarity (OKS), keep the most confident.

    Within each image, pick the most confident pose, suppress every pose ``j`` whose OKS with the
    picked pose ``i`` is above the threshold, and go on with the best of the rest:

    ``OKS(i, j) = mean_n exp(-|k_i - k_j|^2 / (2 (2 sigma_n)^2 ((area_i + area_j) / 2 + eps)))``,
    where ``eps`` is the spacing of float64 at 1. The mean is over all joints, whatever they score.

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
        OKS in 0..1 above which a pose is suppressed.
    pose_scores : Tensor (N,), optional
        Confidence of the poses. Default: the mean of the joint scores.
    image_index : Tensor (N,) or sequence of int, optional
        int64 or int32, any values in any order: poses of different images do not suppress each
        other. Default: all poses are of one image.

    Returns
    -------
    NMSResult
        ``keep`` (N,) bool and ``suppressor`` (N,) int64, in the order of the input. Of equally
        confident poses the one of lower index wins. A pose with a coordinate, joint score or area
        that is not finite, or a pose score that is NaN, suppresses none and is kept.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value; the message names the argument.

    Notes
    -----
    *Devices.* Numbers as ``sigmas``, the default included, are copied to a GPU by the first call
    that has them, which synchronizes. In a compiled function, pass a tensor.

    References
    ----------
    OKS: https://cocodataset.org/#keypoints-eval. NMS by OKS: Papandreou et al., "Towards Accurate
    Multi-person Pose Estimation in the Wild", CVPR 2017.

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
            *validate_oks_nms(
                torch_arrays, keypoints, scores, areas, sigmas, threshold, pose_scores, image_index
            )
        )
    )
