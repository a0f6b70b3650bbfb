"""Cutting people out of images."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .._native import define
from .._vmap import join_batch
from ..arguments import tensors
from ..arguments.crop import crop_arguments, crop_matrices_arguments
from ..reference.crop import crop_kernel, crop_matrices_kernel

__all__ = ["crop", "crop_matrices"]


def _fake_crop(images, matrices, image_index, height, width, gain, bias, swap_rb, dtype, fill):
    return matrices.new_empty((matrices.shape[0], 3, height, width), dtype=dtype)


def _fake_crop_matrices(boxes, rotation, height, width, padding, drop, grid):
    return boxes.new_empty((boxes.shape[0], 2, 3))


_crop = define(
    "crop(Tensor[] images, Tensor matrices, Tensor? image_index, SymInt height, SymInt width, "
    "float[] gain, float[] bias, bool swap_rb, ScalarType dtype, float fill) -> Tensor",
    reference=crop_kernel,
    fake=_fake_crop,
)
_crop_matrices = define(
    "crop_matrices(Tensor boxes, Tensor? rotation, SymInt height, SymInt width, "
    "float padding, float drop, str grid) -> Tensor",
    reference=crop_matrices_kernel,
    fake=_fake_crop_matrices,
    vmap=join_batch,
)


def crop(
    images: torch.Tensor | Sequence[torch.Tensor],
    matrices: torch.Tensor,
    size: tuple[int, int],
    *,
    image_index: torch.Tensor | None = None,
    scale: float = 1 / 255,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    swap_rb: bool = False,
    dtype: torch.dtype = torch.float32,
    fill: float = 0,
) -> torch.Tensor:
    """Cut N crops out of 8-bit images, normalized and channels first, in one call.

    Each crop pixel ``p`` takes the bilinear sample of its image at ``matrix^-1 p``, as
    ``cv2.warpAffine(image, matrix, (w, h))`` does (which rounds the position to 1/32 pixel; this
    does not). Then ``(value * scale - mean) / std``.

    Parameters
    ----------
    images : Tensor (B, H, W, 3) or sequence of Tensor (H_i, W_i, 3)
        uint8. Views are read in place where the channels of a pixel are contiguous.
    matrices : Tensor (N, 2, 3)
        Image pixel -> crop pixel, pixel centres at integers, float32 or float64: see
        :func:`crop_matrices`. A matrix without an inverse gives a crop that is all ``fill``, and
        so does one whose crop would spread over more than 2^28 image pixels.
    size : (int, int)
        Height and width of every crop.
    image_index : Tensor (N,), optional
        int64: the image that each crop comes from. Not needed for one image, nor where there is
        one image for each matrix. Values out of range are found where the pixels are read: inside
        a compiled graph they raise RuntimeError; on CUDA, where a call would have to wait to look,
        their crops are all ``fill``.
    scale : float
        Multiplies the 8-bit value.
    mean, std : sequence of 3 floats, optional
        Of each channel of the crop, in units of ``value * scale``.
    swap_rb : bool
        Write the channels in reverse: BGR images to RGB crops, or back.
    dtype : torch.dtype
        Of the crops: float32, float16 or bfloat16.
    fill : float
        8-bit value of the pixels outside the image.

    Returns
    -------
    Tensor (N, 3, h, w)

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape, device or ``image_index``; the message names the argument.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> image = torch.full((1, 100, 80, 3), 255, dtype=torch.uint8)
    >>> matrices = rmpe_ext.crop_matrices(torch.tensor([[20., 10., 60., 90.]]), (256, 192))
    >>> people = rmpe_ext.crop(image, matrices, (256, 192))
    >>> people.shape, people[0, :, 128, 96]
    (torch.Size([1, 3, 256, 192]), tensor([1., 1., 1.]))
    """
    arguments = crop_arguments(
        tensors, images, matrices, size, image_index, scale, mean, std, swap_rb, dtype, fill
    )
    try:
        return _crop(*arguments)
    except RuntimeError as error:
        # Only a kernel that reads the values anyway checks them: no call waits for a device.
        _, rule, got = str(error).partition("image_index must be in")
        if not rule:
            raise
        raise ValueError(rule + got) from error


def crop_matrices(
    boxes: torch.Tensor,
    size: tuple[int, int],
    *,
    convention: str = "hrnet",
    padding: float | None = None,
    rotation: torch.Tensor | None = None,
) -> torch.Tensor:
    """The matrix that brings each box into a crop, as a pose network was trained to see it.

    The box first grows on its short side to the crop's aspect ratio, so nobody is squeezed, and
    then by ``padding`` on both.

    Parameters
    ----------
    boxes : Tensor (N, 4)
        ``x1, y1, x2, y2`` in image pixels, of any floating dtype. A box without area gives a matrix
        that is not finite, which :func:`crop` answers with an empty crop and :func:`decode` with
        NaN.
    size : (int, int)
        Height and width of the crop.
    convention : str
        ``"hrnet"``, ``"mmpose"``, ``"dark"`` and ``"argmax"`` bring the box's centre to
        ``(w / 2, h / 2)`` and scale by ``w / box width``. ``"udp"`` and ``"dark_udp"`` bring its
        edges onto the centres of the outer pixels, and scale by ``(w - 1) / box width``.
        ``"hourglass"`` scales by ``w / box width``, and brings to ``((w - 1) / 2, (h - 1) / 2)``
        the point that lies ``15 s`` below the box's centre, ``200 s`` being the box's height once
        it has grown to the crop's aspect ratio: a person whom MPII annotates with the centre ``c``
        and the scale ``s`` has the box ``c - 100 s, c + 100 s``.
    padding : float, optional
        By how much the box grows in all, as a fraction of its side; the convention's own, 0.25,
        unless given.
    rotation : Tensor (N,), optional
        Degrees, float32 or float64, clockwise as the image is seen: the image's direction
        ``(sin r, -cos r)`` becomes the crop's up.

    Returns
    -------
    Tensor (N, 2, 3)
        Image pixel -> crop pixel, without a gradient, in the dtype of ``boxes``; float32 for the
        16-bit types.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or name; the message names the argument.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> rmpe_ext.crop_matrices(torch.tensor([[0., 0., 96., 128.]]), (256, 192), padding=0.0)
    tensor([[[2., 0., 0.],
             [0., 2., 0.]]])
    """
    return _crop_matrices(
        *crop_matrices_arguments(tensors, boxes, size, convention, padding, rotation)
    )
