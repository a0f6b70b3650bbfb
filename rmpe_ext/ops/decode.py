"""Heatmaps to keypoints."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .._native import define
from .._vmap import join_batch
from ..arguments import tensors
from ..arguments.decode import decode_arguments
from ..reference.decode import decode_kernel

__all__ = ["decode"]


def _fake(heatmaps, *_):
    count, joints = heatmaps.shape[:2]
    dtype = torch.promote_types(heatmaps.dtype, torch.float32)
    return (
        heatmaps.new_empty((count, joints, 2), dtype=dtype),
        heatmaps.new_empty((count, joints), dtype=dtype),
    )


_decode = define(
    "decode(Tensor heatmaps, Tensor? matrices, Tensor? theta, Tensor? flipped, "
    "int[]? swapped_joint, str subpixel, float[] refinement, str grid, float stride, float offset, "
    "bool align_corners) -> (Tensor, Tensor)",
    reference=decode_kernel,
    fake=_fake,
    vmap=join_batch,
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
    grid: str | None = None,
    theta: torch.Tensor | None = None,
    align_corners: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The keypoint of every heatmap, refined below one pixel, and its score.

    A keypoint is at the largest value of its map, the first of equals; the score is that value.
    Then, by ``convention`` (:data:`rmpe_ext.conventions.CONVENTIONS` is the whole table):

    - ``"argmax"``: nothing more.
    - ``"hrnet"``: a quarter pixel toward the larger neighbour on each axis, where ``1 < x < W - 1``
      and ``1 < y < H - 1`` (Sun et al., "Deep high-resolution representation learning for human
      pose estimation", 2019).
    - ``"mmpose"``: the same on x where ``1 < x < W - 1`` and ``0 < y``, on y where
      ``1 < y < H - 1`` and ``0 < x``.
    - ``"hourglass"``: the same where ``1 <= x <= W - 2`` and ``1 <= y <= H - 2`` (Newell et al.,
      "Stacked hourglass networks for human pose estimation", 2016).
    - ``"dark"``: blur (11 pixels, sigma 2, zeros outside), rescale to the old maximum, raise to
      1e-10, take the logarithm, and do one Newton step, ``-Hess^-1 grad``, where ``1 < x < W - 2``
      and ``1 < y < H - 2`` (Zhang et al., "Distribution-aware coordinate representation for human
      pose estimation", 2020). No step where the Hessian is singular or the step is not finite. The
      step has no bound: on a map without a clear peak it may lead far away.
    - ``"dark_udp"``, and ``"udp"``, which is the same: blur and rescale likewise, limit to 1e-3
      and 50, take the logarithm, and do one Newton step everywhere, from the nearest neighbours
      (Huang et al., "The devil is in the details: unbiased data processing for human pose
      estimation", 2020). No step where it is not finite.

    Where no value is above 0 the keypoint is heatmap pixel (0, 0), and (-1, -1) in ``"mmpose"`` and
    ``"hourglass"``; ``"argmax"`` takes the largest value whatever its sign. Of equal largest values
    the first counts, row by row. A map of one value alone gives (0, 0), but half a pixel outside
    in ``"udp"``.

    Parameters
    ----------
    heatmaps : Tensor (N, K, H, W)
        One map for each joint of each person: float32, float64, float16 or bfloat16. A map with a
        NaN gives a NaN keypoint and score. Slices along persons and joints are read in place.
    convention : str
        How the network was trained to be read: one of the names above.
    matrices : Tensor (N, 2, 3), optional
        Image pixel -> crop pixel, as :func:`rmpe_ext.crop_matrices` gives them, float32 or float64:
        the keypoints are then in the image. A matrix that is not finite or has no inverse gives
        NaN keypoints.
    flipped : Tensor (N, K, H, W), optional
        The heatmaps of the mirrored images, as the network gives them: they are mirrored back and
        averaged in. On an ``"asymmetric"`` grid they are first moved right by one pixel (their
        first column stays too).
    flip_pairs : sequence of (int, int), optional
        The joints that change sides in a mirror; needed with ``flipped``, and ignored without.
    stride : float
        Crop pixels per heatmap pixel: the crop is ``stride * W`` wide and ``stride * H`` high. Only
        used with ``matrices`` or ``theta``.
    offset : float, optional
        Crop pixels to add to ``stride * x``; by the grid, unless given.
    grid : str, optional
        How heatmap pixels lie on crop pixels; the convention's own, unless given.
        ``"asymmetric"``: ``x`` is ``stride * x``, with ``offset`` 0. ``"half_pixel"``
        (``"hourglass"``): ``stride * (x + 0.5) - 0.5``, the ``offset`` being
        ``(stride - 1) / 2``. ``"align_corners"`` (``"udp"``, ``"dark_udp"``):
        ``x * (stride * W - 1) / (W - 1)``, and ``stride * x`` where W is 1.
    theta : Tensor (N, 2, 3), optional
        What a spatial transformer (STN) resampled the crops by: it maps a normalized coordinate,
        -1 to 1, of the crop that the network saw to one of the crop that ``matrices`` describe,
        both of one size (Fang et al., "RMPE", 2017). The keypoints go through it, which is the
        coordinates' form of SDTN, and come out in pixels of the latter crop, or through
        ``matrices`` in the image. A theta that is not finite gives NaN keypoints.
    align_corners : bool
        As the transformer's sampling has it: whether -1 and 1 are the centres of the crop's outer
        pixels, or their outer edges.

    Returns
    -------
    keypoints : Tensor (N, K, 2)
        ``x, y`` in heatmap pixels, pixel centres at integers in every convention; in the image
        where ``matrices`` are given. Of the dtype of ``heatmaps``, float32 for the half types.
    scores : Tensor (N, K)
        The largest value of each map.

    Neither has a gradient: see :func:`rmpe_ext.soft_argmax` for one that has.

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
        *decode_arguments(
            tensors,
            heatmaps, convention, matrices, flipped, flip_pairs, stride, offset, grid, theta,
            align_corners,
        )
    )  # fmt: skip
