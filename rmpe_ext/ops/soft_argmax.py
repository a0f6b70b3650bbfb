"""The mean position under the softmax of a heatmap: keypoints with a gradient."""

from __future__ import annotations

import torch

from .._native import define
from .._vmap import join_batch
from ..arguments import tensors
from ..arguments.soft_argmax import soft_argmax_arguments
from ..reference.soft_argmax import soft_argmax_backward_kernel, soft_argmax_kernel

__all__ = ["soft_argmax"]


def _fake(heatmaps, beta):
    shape = (*heatmaps.shape[:2], 2)
    dtype = torch.promote_types(heatmaps.dtype, torch.float32)
    return heatmaps.new_empty(shape, dtype=dtype), heatmaps.new_empty(shape, dtype=dtype)


def _fake_backward(grad, heatmaps, keypoints, partition, beta):
    return heatmaps.new_empty(heatmaps.shape)


_soft_argmax = define(
    "soft_argmax(Tensor heatmaps, float beta) -> (Tensor, Tensor)",
    reference=soft_argmax_kernel,
    fake=_fake,
    vmap=join_batch,
)
_soft_argmax_backward = define(
    "soft_argmax_backward(Tensor grad, Tensor heatmaps, Tensor keypoints, Tensor partition, "
    "float beta) -> Tensor",
    reference=soft_argmax_backward_kernel,
    fake=_fake_backward,
    vmap=join_batch,
)


def _save(ctx, inputs, output):
    heatmaps, ctx.beta = inputs
    ctx.save_for_backward(heatmaps, *output)
    ctx.mark_non_differentiable(output[1])


def _backward(ctx, grad, _):
    return _soft_argmax_backward(grad, *ctx.saved_tensors, ctx.beta), None


def _second_backward(ctx, grad):
    raise RuntimeError("soft_argmax has no second derivative; rmpe_ext.reference.soft_argmax has")


torch.library.register_autograd(_soft_argmax, _backward, setup_context=_save)
torch.library.register_autograd(_soft_argmax_backward, _second_backward)


def soft_argmax(heatmaps: torch.Tensor, *, beta: float = 1.0) -> torch.Tensor:
    """The mean pixel of every heatmap under its softmax, with a gradient.

    ``sum_p p * w_p`` over the pixels ``p = (x, y)``, with ``w = softmax(beta * heatmap)`` over the
    whole map (Sun et al., "Integral human pose regression", 2018). The larger ``beta``, the nearer
    to the maximum.

    Parameters
    ----------
    heatmaps : Tensor (N, K, H, W)
        float32, float64, float16 or bfloat16; minus infinity masks a pixel. Gradients flow back to
        it, once: the second derivative is left to ``rmpe_ext.reference.soft_argmax``.
    beta : float
        Above 0; the inverse of the softmax's temperature.

    Returns
    -------
    Tensor (N, K, 2)
        ``x, y`` in heatmap pixels. Of the dtype of ``heatmaps``, float32 for the half types. NaN,
        with the gradient 0, for a map with a NaN, with plus infinity, or all minus infinity.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape or ``beta``; the message names the argument.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> heatmaps = torch.zeros(1, 1, 9, 9)
    >>> heatmaps[0, 0, 3, 5] = heatmaps[0, 0, 3, 6] = 1.0
    >>> rmpe_ext.soft_argmax(heatmaps, beta=40.0)
    tensor([[[5.5000, 3.0000]]])
    """
    return _soft_argmax(*soft_argmax_arguments(tensors, heatmaps, beta))[0]
