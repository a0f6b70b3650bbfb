"""Cutting crops out of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._registration import define
from ..reference.kernels.crop import crop_kernel
from ..validation import torch_arrays
from ..validation.crop import validate_crop

__all__ = ["crop"]


def _fake(
    images: list[torch.Tensor],
    matrices: torch.Tensor,
    image_index: torch.Tensor | None,
    height: int,
    width: int,
    gain: list[float],
    bias: list[float],
    swap_rb: bool,
    dtype: torch.dtype,
    fill: float,
) -> torch.Tensor:
    return matrices.new_empty((matrices.shape[0], 3, height, width), dtype=dtype)


_defined: Callable[..., torch.Tensor] = define(
    "crop(Tensor[] images, Tensor matrices, Tensor? image_index, SymInt height, SymInt width, "
    "float[] gain, float[] bias, bool swap_rb, ScalarType dtype, float fill) -> Tensor",
    reference=crop_kernel,
    fake=_fake,
)


def _crop(*arguments: Any) -> torch.Tensor:
    try:
        return _defined(*arguments)
    except RuntimeError as error:
        # The kernel checks image_index, which it reads anyway; its errors are RuntimeErrors.
        _, rule, got = str(error).partition("image_index must be in")
        if not rule:
            raise
        raise ValueError(rule + got) from error


def crop(
    images: torch.Tensor | Sequence[torch.Tensor],
    matrices: torch.Tensor,
    size: tuple[int, int],
    *,
    image_index: torch.Tensor | Sequence[int] | None = None,
    scale: float = 1 / 255,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    swap_rb: bool = False,
    dtype: torch.dtype = torch.float32,
    fill: float = 0,
) -> torch.Tensor:
    """Cut N crops out of 8-bit images: resampled, normalized and channels first, in one call.

    Crop pixel ``p`` is the bilinear sample of its image at ``matrix^-1 p``, as in
    ``cv2.warpAffine(image, matrix, (w, h))``, which in addition rounds positions to 1/32 pixel.
    The sample becomes ``(value * scale - mean) / std``.

    Parameters
    ----------
    images : Tensor (B, H, W, 3) or (H, W, 3), or sequence of Tensor (H_i, W_i, 3)
        uint8. Views are read in place where the channels of a pixel are contiguous and pixels run
        from left to right.
    matrices : Tensor (N, 2, 3)
        Image pixel -> crop pixel, pixel centers at integers, float32 or float64, as
        :func:`rmpe_ext.crop_matrices` makes them. A crop is all ``fill`` where its matrix has no
        inverse, or spreads it over more than 2^28 image pixels.
    size : (int, int)
        Height and width of every crop.
    image_index : Tensor (N,) or sequence of int, optional
        int64 or int32: the image of each crop. It may be left out where there is one image, or one
        for each matrix. Values out of range raise ValueError.
    scale : float
        Factor of the 8-bit value.
    mean, std : sequence of 3 floats, optional
        For each channel of the crop, in units of ``value * scale``.
    swap_rb : bool
        Reverse the channels: BGR images to RGB crops, or back.
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
        For a wrong type, dtype, shape, device or value; the message names the argument.

    Notes
    -----
    *Gradients.* There are none, and ``matrices`` must not require grad.

    *Devices.* On CUDA the values of ``image_index`` are not validated, because reading them would
    synchronize: crops whose index is out of range are all ``fill``. In a compiled graph on the CPU
    such a value raises RuntimeError.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> image = torch.full((1, 100, 80, 3), 255, dtype=torch.uint8)
    >>> matrices = rmpe_ext.crop_matrices(torch.tensor([[20., 10., 60., 90.]]), (256, 192))
    >>> people = rmpe_ext.crop(image, matrices, (256, 192))
    >>> people.shape, people[0, :, 128, 96]
    (torch.Size([1, 3, 256, 192]), tensor([1., 1., 1.]))
    """
    return _crop(
        *validate_crop(
            torch_arrays,
            images,
            matrices,
            size,
            image_index,
            scale,
            mean,
            std,
            swap_rb,
            dtype,
            fill,
        )
    )
