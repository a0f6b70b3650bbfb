"""Heatmaps to keypoints."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .._native import define
from ..arguments.decode import decode_arguments
from ..reference.decode import decode_kernel

__all__ = ["decode"]


def _fake(heatmaps, matrices, flipped, swapped_joint, subpixel, flip_shift, stride, offset):
    count, joints = heatmaps.shape[:2]
    return heatmaps.new_empty((count, joints, 2)), heatmaps.new_empty((count, joints))


_decode = define(
    "decode(Tensor heatmaps, Tensor? matrices, Tensor? flipped, int[] swapped_joint, "
    "str subpixel, bool flip_shift, float stride, float offset) -> (Tensor, Tensor)",
    reference=decode_kernel,
    fake=_fake,
)


def decode(
    heatmaps: torch.Tensor,
    *,
    convention: str = "hrnet",
    matrices: torch.Tensor | None = None,
    flipped: torch.Tensor | None = None,
    flip_pairs: Iterable[tuple[int, int]] | None = None,
    stride: float = 4,
    offset: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The keypoint of every heatmap, refined below one pixel, and its score.

    A keypoint is at the largest value of its map, the first of equals; the score is that value.
    Where it is not above 0 the keypoint is heatmap pixel (0, 0). Then, by ``convention``:

    - ``"hrnet"``: a quarter pixel toward the larger neighbour on each axis, where ``1 < x < W - 1``
      and ``1 < y < H - 1`` (Sun et al., "Deep high-resolution representation learning for human
      pose estimation", 2019).
    - ``"dark"``: blur (11 pixels, sigma 2, zeros outside), rescale to the old maximum, raise to
      1e-10, take the logarithm, and do one Newton step, ``-Hess^-1 grad``, where ``1 < x < W - 2``
      and ``1 < y < H - 2`` (Zhang et al., "Distribution-aware coordinate representation for human
      pose estimation", 2020). No step where the Hessian is singular or the step is not finite. The
      step has no bound: on a map without a clear peak it may lead far away.

    Parameters
    ----------
    heatmaps : Tensor (N, K, H, W)
        One map for each joint of each person: float32, float64, float16 or bfloat16. A map with a
        NaN gives a NaN keypoint and score. Slices along persons and joints are read in place.
    convention : str
        How the network was trained to be read: ``"hrnet"`` or ``"dark"``.
    matrices : Tensor (N, 2, 3), optional
        Image pixel -> crop pixel, as :func:`rmpe_ext.crop_matrices` gives them, float32 or float64:
        the keypoints are then in the image. A matrix that is not finite or has no inverse gives
        NaN keypoints.
    flipped : Tensor (N, K, H, W), optional
        The heatmaps of the mirrored images, as the network gives them: they are mirrored back,
        moved right by one pixel (their first column stays too), and averaged in.
    flip_pairs : sequence of (int, int), optional
        The joints that change sides in a mirror; needed with ``flipped``, and ignored without.
    stride : float
        Crop pixels per heatmap pixel. Only used with ``matrices``.
    offset : float, optional
        Heatmap pixel ``x`` is crop pixel ``stride * x + offset``; 0 in both conventions, unless
        given. Only used with ``matrices``.

    Returns
    -------
    keypoints : Tensor (N, K, 2)
        ``x, y`` in image pixels, or in heatmap pixels where ``matrices`` is None. Of the dtype of
        ``heatmaps``, float32 for the half types.
    scores : Tensor (N, K)
        The largest value of each map.

    Neither has a gradient: ``heatmaps``, ``flipped`` and ``matrices`` are detached.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape, device or name; the message names the argument.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> heatmaps = torch.zeros(1, 1, 64, 48)
    >>> heatmaps[0, 0, 20, 10], heatmaps[0, 0, 20, 11] = 0.9, 0.5
    >>> keypoints, scores = rmpe_ext.decode(heatmaps)
    >>> keypoints, scores
    (tensor([[[10.2500, 20.0000]]]), tensor([[0.9000]]))
    >>> matrices = rmpe_ext.crop_matrices(torch.tensor([[100., 50., 196., 178.]]), (256, 192))
    >>> rmpe_ext.decode(heatmaps, matrices=matrices)[0]
    tensor([[[113.6250,  84.0000]]])
    """
    return _decode(
        *decode_arguments(heatmaps, convention, matrices, flipped, flip_pairs, stride, offset)
    )
