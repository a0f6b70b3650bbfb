"""Decoding heatmaps into keypoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from .._registration import define
from .._vmap import join_batch
from ..conventions import Convention, ConventionName, Grid
from ..reference.kernels.decode import decode_kernel
from ..validation import torch_arrays
from ..validation.decode import validate_decode
from ._fake import fake_decode

__all__ = ["decode"]

_decode: Callable[..., tuple[torch.Tensor, torch.Tensor]] = define(
    "decode(Tensor heatmaps, Tensor? matrices, Tensor? theta, Tensor? flipped, "
    "int[]? swapped_joint, str subpixel, float[] refinement, str grid, float stride, float offset, "
    "bool align_corners) -> (Tensor, Tensor)",
    reference=decode_kernel,
    fake=fake_decode,
    vmap=join_batch,
)


def decode(
    heatmaps: torch.Tensor,
    *,
    convention: ConventionName | Convention = "hrnet",
    matrices: torch.Tensor | None = None,
    flipped: torch.Tensor | None = None,
    flip_pairs: Iterable[tuple[int, int]] | None = None,
    stride: float = 4,
    offset: float | None = None,
    grid: Grid | None = None,
    theta: torch.Tensor | None = None,
    align_corners: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Decode each heatmap into a keypoint, refined below one pixel, and its score.

    The keypoint is at the largest value of the map, the first of equal ones; the score is that
    value. Then ``convention`` says how the peak is refined. Its ``subpixel`` is one of these;
    :data:`rmpe_ext.conventions.CONVENTIONS` has the rows, with the papers that they follow:

    - ``"none"``: no refinement.
    - ``"quarter"``: a quarter pixel toward the larger neighbor on each axis.
    - ``"dark"``: blur, rescale to the old maximum, limit to ``log_range``, take the logarithm, and
      do one Newton step, ``-Hess^-1 grad``, with differences over two pixels (Zhang et al.,
      "Distribution-aware coordinate representation for human pose estimation", 2020). There is no
      step where the Hessian is singular or the step is not finite. The step has no bound: on a map
      without a clear peak it may be long.
    - ``"dark_udp"``: the same with differences over one pixel; the outer pixels are repeated beyond
      the border (Huang et al., "The devil is in the details: unbiased data processing for human
      pose estimation", 2020). There is no step where it is not finite.

    A peak is refined where it lies at least ``margin`` pixels from the border. A map without a
    value above 0 gives ``no_peak`` in both coordinates; where that is None, its largest value is
    taken whatever its sign. A map of one value everywhere gives (0, 0), with ``"dark_udp"`` a
    position up to half a pixel outside.

    Parameters
    ----------
    heatmaps : Tensor (N, K, H, W)
        One map for each joint of each person: float32, float64, float16 or bfloat16. A map with a
        NaN gives a NaN keypoint and score. Infinite values, such as -inf in places that are
        masked, are for conventions that do not blur; with those that do, the keypoint means
        nothing. Slices along people and joints are read in place; maps that are not contiguous are
        copied.
    convention : str or Convention
        The convention that the network was trained for: a name in
        :data:`rmpe_ext.conventions.CONVENTIONS`, which says what each is, or a
        :class:`rmpe_ext.conventions.Convention` of your own, such as
        ``replace(CONVENTIONS["udp"], blur_sigma=2.9, blur_radius=8)``.
    matrices : Tensor (N, 2, 3), optional
        Image pixel -> crop pixel, float32 or float64, as :func:`rmpe_ext.crop_matrices` makes
        them. The keypoints are then in image pixels. A matrix that is not finite or has no inverse
        gives NaN keypoints.
    flipped : Tensor (N, K, H, W), optional
        The network's heatmaps of the mirrored crops. They are flipped back and averaged in; on an
        ``"asymmetric"`` grid they are first shifted one pixel to the right, and their first column
        repeated, unless the convention's ``flip_shift`` is False.
    flip_pairs : sequence of (int, int), optional
        The left and right joints that change places in a mirrored image. Needed with ``flipped``,
        ignored without.
    stride : float
        Crop pixels per heatmap pixel: the crop is ``stride * W`` wide and ``stride * H`` high. Only
        used with ``matrices`` or ``theta``.
    offset : float, optional
        Crop pixels to add to ``stride * x``. Default: by the grid.
    grid : str, optional
        How heatmap pixels lie on crop pixels. Default: that of the convention.
        ``"asymmetric"``: ``x`` is ``stride * x``, with ``offset`` 0. ``"half_pixel"``:
        ``stride * (x + 0.5) - 0.5``, that is ``offset`` ``(stride - 1) / 2``.
        ``"align_corners"``: ``x * (stride * W - 1) / (W - 1)``, and ``stride * x`` where W is 1.
    theta : Tensor (N, 2, 3), optional
        The affine maps by which a spatial transformer (STN) resampled the crops: normalized
        coordinates, -1 to 1, of the crop that the network saw -> those of the crop that
        ``matrices`` describe, both of one size (Fang et al., "RMPE", 2017). The keypoints are
        mapped through theta, which does for coordinates what SDTN does for heatmaps. They are then
        in pixels of the latter crop, or with ``matrices`` in image pixels. A theta that is not
        finite gives NaN keypoints.
    align_corners : bool
        As for the transformer's sampling. True: -1 and 1 are the centers of the crop's outer
        pixels. False: they are their outer edges.

    Returns
    -------
    keypoints : Tensor (N, K, 2)
        ``x, y`` in heatmap pixels, pixel centers at integers in every convention; in image pixels
        with ``matrices``. In the dtype of ``heatmaps``, float32 for 16-bit dtypes.
    scores : Tensor (N, K)
        The largest value of each map, as the convention scales it.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value; the message names the argument.

    Notes
    -----
    *Gradients.* There are none: see :func:`rmpe_ext.soft_argmax`, which has them.

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
        *validate_decode(
            torch_arrays,
            heatmaps,
            convention,
            matrices,
            flipped,
            flip_pairs,
            stride,
            offset,
            grid,
            theta,
            align_corners,
        )
    )
