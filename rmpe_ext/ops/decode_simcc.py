"""Classification vectors (SimCC) to keypoints."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .._native import define
from .._vmap import join_batch
from ..arguments import tensors
from ..arguments.decode_simcc import decode_simcc_arguments
from ..reference.decode_simcc import decode_simcc_kernel

__all__ = ["decode_simcc"]


def _fake(x_maps, *_):
    count, joints = x_maps.shape[:2]
    dtype = torch.promote_types(x_maps.dtype, torch.float32)
    return (
        x_maps.new_empty((count, joints, 2), dtype=dtype),
        x_maps.new_empty((count, joints), dtype=dtype),
    )


_decode_simcc = define(
    "decode_simcc(Tensor x_maps, Tensor y_maps, Tensor? matrices, Tensor? theta, "
    "Tensor? flipped_x, Tensor? flipped_y, int[]? swapped_joint, float split_ratio, "
    "bool align_corners) -> (Tensor, Tensor)",
    reference=decode_simcc_kernel,
    fake=_fake,
    vmap=join_batch,
)


def decode_simcc(
    x_maps: torch.Tensor,
    y_maps: torch.Tensor,
    *,
    split_ratio: float = 2.0,
    matrices: torch.Tensor | None = None,
    flipped: tuple[torch.Tensor, torch.Tensor] | None = None,
    flip_pairs: Iterable[tuple[int, int]] | None = None,
    theta: torch.Tensor | None = None,
    align_corners: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The keypoint of every pair of classification vectors, and its score.

    Each vector classifies one coordinate into bins, ``split_ratio`` of them to a crop pixel (Li et
    al., "SimCC: a simple coordinate classification perspective for human pose estimation", 2022). A
    keypoint is at ``bin / split_ratio`` of the largest value of each, the first of equals; the
    score is the lesser of the two values, as in MMPose. Where the score is not above 0 both bins
    are -1.

    Parameters
    ----------
    x_maps : Tensor (N, K, Wx)
    y_maps : Tensor (N, K, Hy)
        float32, float64, float16 or bfloat16. A NaN in either gives a NaN keypoint and score.
        Slices along persons and joints are read in place.
    split_ratio : float
        Bins per crop pixel: the crop is ``Wx / split_ratio`` wide and ``Hy / split_ratio`` high.
    matrices : Tensor (N, 2, 3), optional
        Image pixel -> crop pixel, float32 or float64: the keypoints are then in the image. One that
        is not finite or has no inverse gives NaN keypoints.
    flipped : pair of Tensors (N, K, Wx), (N, K, Hy), optional
        Both vectors of the mirrored images, as the network gives them: those of x are mirrored
        back, and both are averaged in.
    flip_pairs : sequence of (int, int), optional
        The joints that change sides in a mirror; needed with ``flipped``, and ignored without.
    theta, align_corners
        As :func:`rmpe_ext.decode` takes them.

    Returns
    -------
    keypoints : Tensor (N, K, 2)
        ``x, y`` in crop pixels, or in the image where ``matrices`` are given. Of the dtype of
        ``x_maps``, float32 for the half types.
    scores : Tensor (N, K)

    Neither has a gradient.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or device; the message names the argument.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> x_maps, y_maps = torch.zeros(1, 1, 384), torch.zeros(1, 1, 512)
    >>> x_maps[0, 0, 101], y_maps[0, 0, 300] = 0.75, 0.5
    >>> rmpe_ext.decode_simcc(x_maps, y_maps)
    (tensor([[[ 50.5000, 150.0000]]]), tensor([[0.5000]]))
    """
    return _decode_simcc(
        *decode_simcc_arguments(
            tensors,
            x_maps,
            y_maps,
            split_ratio,
            matrices,
            flipped,
            flip_pairs,
            theta,
            align_corners,
        )
    )
