"""The similarity of poses that parametric pose NMS compares with its threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._registration import define
from ..presets import DEFAULT_PRESET, PoseNMSPreset, PresetName
from ..reference.kernels.pose_similarity import pose_similarity_kernel
from ..validation import torch_arrays
from ..validation.pose_similarity import validate_pose_similarity

__all__ = ["pose_similarity"]


def _fake(keypoints: torch.Tensor, *others: Any) -> torch.Tensor:
    return keypoints.new_empty((keypoints.shape[0], keypoints.shape[0]))


_pose_similarity: Callable[..., torch.Tensor] = define(
    "pose_similarity(Tensor keypoints, Tensor scores, Tensor boxes, float sigma1, float sigma2, "
    "float lam, bool squared, bool box_unit, float match_box, float match_radius) -> Tensor",
    reference=pose_similarity_kernel,
    fake=_fake,
)


def pose_similarity(
    keypoints: torch.Tensor,
    scores: torch.Tensor,
    boxes: torch.Tensor | Sequence[Sequence[float]],
    *,
    preset: PresetName | PoseNMSPreset = DEFAULT_PRESET,
    **parameters: Any,
) -> torch.Tensor:
    """Compare all poses with each other: the ``d`` that pose NMS compares with ``eta``.

    Parameters
    ----------
    keypoints : Tensor (N, K, 2)
        ``x, y`` of the joints in image pixels: float32 or float64; 16-bit dtypes are computed in
        float32.
    scores : Tensor (N, K)
        Confidence of the joints, in the dtype of ``keypoints``.
    boxes : Tensor (N, 4) or sequence of N boxes
        ``x1, y1, x2, y2`` of the people in image pixels.
    preset : str or PoseNMSPreset
        Parameters of ``d``; see :func:`rmpe_ext.pose_nms`. ``eta`` and the parameters ``near_*``
        do not matter here.
    **parameters
        Fields of :class:`rmpe_ext.presets.PoseNMSPreset` to replace.

    Returns
    -------
    Tensor (N, N)
        ``[i, j]`` is ``d(i, j)``, larger for more similar poses, with ``i`` as the reference: its
        box sets the tolerances, so that the matrix is not symmetric. The row and the column of a
        pose with a value that is not finite are NaN.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value, or a keyword that is not a parameter; the
        message names it.

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
        *validate_pose_similarity(torch_arrays, keypoints, scores, boxes, preset, parameters)
    )
