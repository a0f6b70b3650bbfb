"""Sampling images through affine maps."""

from __future__ import annotations

import torch

from .._native import define
from .._vmap import join_batch
from ..arguments import tensors
from ..arguments.affine_sample import affine_sample_arguments
from ..reference.affine_sample import affine_sample_backward_kernel, affine_sample_kernel

__all__ = ["affine_sample"]


def _fake(input, theta, height, width, mode, padding_mode, align_corners):
    return input.new_empty((*input.shape[:2], height, width))


def _fake_backward(
    grad, input, theta, input_height, input_width, mode, padding_mode, align_corners,
    deterministic, needs_input, needs_theta,
):  # fmt: skip
    grad_input = (*grad.shape[:2], input_height, input_width) if needs_input else (0,)
    return grad.new_empty(grad_input), theta.new_empty(theta.shape if needs_theta else (0,))


_affine_sample = define(
    "affine_sample(Tensor input, Tensor theta, SymInt height, SymInt width, str mode, "
    "str padding_mode, bool align_corners) -> Tensor",
    reference=affine_sample_kernel,
    fake=_fake,
    vmap=join_batch,
)
_affine_sample_backward = define(
    "affine_sample_backward(Tensor grad, Tensor? input, Tensor theta, SymInt input_height, "
    "SymInt input_width, str mode, str padding_mode, bool align_corners, bool deterministic, "
    "bool needs_input, bool needs_theta) -> (Tensor grad_input, Tensor grad_theta)",
    reference=affine_sample_backward_kernel,
    fake=_fake_backward,
    vmap=join_batch,
)


# First derivatives


def _save(ctx, inputs, output):
    input, theta, _, _, *ctx.options = inputs
    ctx.input_size = input.shape[2:]
    # The gradient to the input needs only the input's shape, so that its memory can be freed.
    keeps_input = ctx.needs_input_grad[1] and ctx.options[0] == "bilinear"
    ctx.save_for_backward(input if keeps_input else None, theta)


def _backward(ctx, grad):
    input, theta = ctx.saved_tensors
    needs_input, needs_theta = ctx.needs_input_grad[:2]
    grad_input, grad_theta = _affine_sample_backward(
        grad, input, theta, *ctx.input_size, *ctx.options,
        torch.are_deterministic_algorithms_enabled(), needs_input, needs_theta,
    )  # fmt: skip
    nothing = [None] * 5  # height, width and the options
    return grad_input if needs_input else None, grad_theta if needs_theta else None, *nothing


torch.library.register_autograd(_affine_sample, _backward, setup_context=_save)


# Higher derivatives: by PyTorch's autograd through the reference. They are rare enough.


def _save_backward(ctx, inputs, output):
    grad, input, theta, *ctx.input_size, mode, padding_mode, align_corners, _, _, _ = inputs
    ctx.options = mode, padding_mode, align_corners
    ctx.outputs_wanted = inputs[-2:]
    ctx.save_for_backward(grad, input, theta)


def _backward_of_backward(ctx, *grad_outputs):
    saved = ctx.saved_tensors
    with torch.enable_grad():
        # Views, so that a derivative stops here even where theta was computed from the input.
        grad, input, theta = (
            v if v is None else v.view_as(v) if v.requires_grad else v.detach().requires_grad_()
            for v in saved
        )
        if input is None:
            shape = (*grad.shape[:2], *ctx.input_size)
            input = grad.new_zeros(shape, requires_grad=True)  # its values do not matter
        output = affine_sample_kernel(input, theta, *grad.shape[2:], *ctx.options)
        outputs = torch.autograd.grad(output, (input, theta), grad, create_graph=True)
        terms = zip(outputs, grad_outputs, ctx.outputs_wanted, strict=True)
        scalar = sum((output * grad).sum() for output, grad, wanted in terms if wanted)
    needs = ctx.needs_input_grad[:3]
    wanted = [v for v, needed in zip((grad, input, theta), needs, strict=True) if needed]
    create_graph = torch.is_grad_enabled()
    found = iter(torch.autograd.grad(scalar, wanted, create_graph=create_graph, allow_unused=True))
    return *(next(found) if needed else None for needed in needs), *[None] * 8


torch.library.register_autograd(
    _affine_sample_backward, _backward_of_backward, setup_context=_save_backward
)


def affine_sample(
    input: torch.Tensor,
    theta: torch.Tensor,
    size: tuple[int, int],
    *,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> torch.Tensor:
    """Sample each image through its affine map, as a spatial transformer does.

    Equal to ``F.grid_sample(input, F.affine_grid(theta, (N, C, h, w), align_corners), mode,
    padding_mode, align_corners)``, forward and backward, without the grid in memory. Output pixel
    ``p`` takes the input at ``theta (x, y, 1)``, where ``(x, y)`` is ``p`` in normalized
    coordinates.

    Parameters
    ----------
    input : Tensor (N, C, H, W)
        float16, bfloat16, float32 or float64. The 16-bit formats are computed in float32. Planes
        should be contiguous; images and channels may have any strides, so that one image expanded
        to a batch is not copied.
    theta : Tensor (N, 2, 3)
        Normalized output coordinates -> normalized input coordinates, both in -1..1, x first. In
        the dtype of ``input``, float32, or lower. Positions are computed in float64, those of
        ``grid_sample`` in the dtype of ``input``.
    size : (int, int)
        Height and width of the output.
    mode : str
        ``"bilinear"``, or ``"nearest"``: the nearest pixel, ties to the even one.
    padding_mode : str
        What lies outside the input: ``"zeros"``, ``"border"`` (its outer pixels) or
        ``"reflection"``.
    align_corners : bool
        Whether -1 and 1 are the centres of the outer pixels, or their outer edges.

    Returns
    -------
    Tensor (N, C, h, w)
        In the dtype of ``input``.

    Raises
    ------
    TypeError, ValueError
        For a wrong dtype, shape, device or name; the message names the argument.

    Notes
    -----
    *Gradients* go to ``input`` and to ``theta``; only those that are asked for are computed. To
    ``theta`` it is 0 with ``"nearest"``, and where a sample is held at the border. Higher
    derivatives go through the slower reference. The native CPU kernels give the same bits for any
    number of threads. The CUDA kernels add up the gradient to ``input`` with atomics, in an order
    of their own on each run, unless ``torch.use_deterministic_algorithms`` is on: then they add in
    64-bit integers, which have no order, and a plane whose incoming gradient is not all finite gets
    NaN throughout.

    *Not finite.* Where a row of ``theta`` has a value that is NaN or infinite, or that takes
    positions beyond float64, its coordinate of all samples is NaN, and NaN is outside: 0 with
    ``"zeros"``, pixel 0 with ``"border"`` and ``"reflection"``. (``grid_sample`` gives NaN, 0 or
    the last pixel, depending on the mode and the device.) An input pixel that is NaN reaches the
    samples within one pixel of it.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu, "Spatial Transformer Networks", NIPS 2015,
    section 3.

    Examples
    --------
    >>> import torch, rmpe_ext
    >>> image = torch.arange(16.).view(1, 1, 4, 4)
    >>> half_a_pixel_right = torch.tensor([[[1., 0., 0.25], [0., 1., 0.]]])
    >>> rmpe_ext.affine_sample(image, half_a_pixel_right, (4, 4))[0, 0]
    tensor([[ 0.5000,  1.5000,  2.5000,  1.5000],
            [ 4.5000,  5.5000,  6.5000,  3.5000],
            [ 8.5000,  9.5000, 10.5000,  5.5000],
            [12.5000, 13.5000, 14.5000,  7.5000]])
    """
    return _affine_sample(
        *affine_sample_arguments(tensors, input, theta, size, mode, padding_mode, align_corners)
    )
