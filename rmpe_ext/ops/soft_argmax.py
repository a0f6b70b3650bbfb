"""The mean position under the softmax of a heatmap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import torch

from .._registration import define
from .._vmap import join_batch
from ..reference.kernels.soft_argmax import soft_argmax_backward_kernel, soft_argmax_kernel
from ..validation import torch_arrays
from ..validation.soft_argmax import validate_soft_argmax

__all__ = ["soft_argmax"]


def _fake(heatmaps: torch.Tensor, beta: float) -> tuple[torch.Tensor, torch.Tensor]:
    shape = (*heatmaps.shape[:2], 2)
    dtype = torch.promote_types(heatmaps.dtype, torch.float32)
    return heatmaps.new_empty(shape, dtype=dtype), heatmaps.new_empty(shape, dtype=dtype)


def _fake_backward(grad: torch.Tensor, heatmaps: torch.Tensor, *others: Any) -> torch.Tensor:
    return heatmaps.new_empty(heatmaps.shape)


_soft_argmax: Callable[..., tuple[torch.Tensor, torch.Tensor]] = define(
    "soft_argmax(Tensor heatmaps, float beta) -> (Tensor, Tensor)",
    reference=soft_argmax_kernel,
    fake=_fake,
    vmap=join_batch,
)
_soft_argmax_backward: Callable[..., torch.Tensor] = define(
    "soft_argmax_backward(Tensor grad, Tensor heatmaps, Tensor keypoints, Tensor partition, "
    "float beta) -> Tensor",
    reference=soft_argmax_backward_kernel,
    fake=_fake_backward,
    vmap=join_batch,
)


def _save(
    ctx: Any, inputs: tuple[torch.Tensor, float], output: tuple[torch.Tensor, torch.Tensor]
) -> None:
    heatmaps, ctx.beta = inputs
    ctx.save_for_backward(heatmaps, *output)
    ctx.mark_non_differentiable(output[1])


def _backward(ctx: Any, grad: torch.Tensor, _: torch.Tensor) -> tuple[torch.Tensor, None]:
    return _soft_argmax_backward(grad, *ctx.saved_tensors, ctx.beta), None


def _second_backward(ctx: Any, grad: torch.Tensor) -> NoReturn:
    raise RuntimeError("soft_argmax has no second derivative; rmpe_ext.reference.soft_argmax has")


torch.library.register_autograd("rmpe_ext::soft_argmax", _backward, setup_context=_save)
torch.library.register_autograd("rmpe_ext::soft_argmax_backward", _second_backward)


def soft_argmax(heatmaps: torch.Tensor, *, beta: float = 1.0) -> torch.Tensor:
    """Return the mean pixel of each heatmap under its softmax.

    ``sum_p p * w_p`` over the pixels ``p = (x, y)``, with ``w = softmax(beta * heatmap)`` over the
    whole map (Sun et al., "Integral human pose regression", 2018). The larger ``beta``, the nearer
    to the maximum.

    Parameters
    ----------
    heatmaps : Tensor (N, K, H, W)
        float32, float64, float16 or bfloat16. Minus infinity masks a pixel.
    beta : float
        Above 0; the inverse of the softmax's temperature.

    Returns
    -------
    Tensor (N, K, 2)
        ``x, y`` in heatmap pixels. In the dtype of ``heatmaps``, float32 for 16-bit dtypes. NaN for
        a map with a NaN, with plus infinity, or with minus infinity only.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value; the message names the argument.

    Notes
    -----
    *Gradients* flow to ``heatmaps``, once: ``rmpe_ext.reference.soft_argmax`` has second
    derivatives. The gradient is 0 for a map whose keypoint is NaN.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> heatmaps = torch.zeros(1, 1, 9, 9)
    >>> heatmaps[0, 0, 3, 5] = heatmaps[0, 0, 3, 6] = 1.0
    >>> rmpe_ext.soft_argmax(heatmaps, beta=40.0)
    tensor([[[5.5000, 3.0000]]])
    """
    return _soft_argmax(*validate_soft_argmax(torch_arrays, heatmaps, beta))[0]
