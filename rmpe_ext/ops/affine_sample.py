"""Sampling images through affine maps, as spatial transformers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch

from .._registration import define
from .._vmap import join_batch
from ..reference.kernels.affine_sample import affine_sample_backward_kernel, affine_sample_kernel
from ..validation import torch_arrays
from ..validation.affine_sample import validate_affine_sample

__all__ = ["affine_sample"]


def _fake(
    input: torch.Tensor, theta: torch.Tensor, height: int, width: int, *options: Any
) -> torch.Tensor:
    return input.new_empty((*input.shape[:2], height, width))


def _fake_backward(
    grad: torch.Tensor,
    input: torch.Tensor | None,
    theta: torch.Tensor,
    input_height: int,
    input_width: int,
    mode: str,
    padding_mode: str,
    align_corners: bool,
    deterministic: bool,
    needs_input: bool,
    needs_theta: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    grad_input = (*grad.shape[:2], input_height, input_width) if needs_input else (0,)
    return grad.new_empty(grad_input), theta.new_empty(theta.shape if needs_theta else (0,))


_affine_sample: Callable[..., torch.Tensor] = define(
    "affine_sample(Tensor input, Tensor theta, SymInt height, SymInt width, str mode, "
    "str padding_mode, bool align_corners) -> Tensor",
    reference=affine_sample_kernel,
    fake=_fake,
    vmap=join_batch,
)
_affine_sample_backward: Callable[..., tuple[torch.Tensor, torch.Tensor]] = define(
    "affine_sample_backward(Tensor grad, Tensor? input, Tensor theta, SymInt input_height, "
    "SymInt input_width, str mode, str padding_mode, bool align_corners, bool deterministic, "
    "bool needs_input, bool needs_theta) -> (Tensor grad_input, Tensor grad_theta)",
    reference=affine_sample_backward_kernel,
    fake=_fake_backward,
    vmap=join_batch,
)


# First derivatives


def _save(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    input, theta, _, _, *ctx.options = inputs
    ctx.input_size = input.shape[2:]
    # The gradient to the input needs its shape only, so that its memory can be freed.
    keeps_input = ctx.needs_input_grad[1] and ctx.options[0] == "bilinear"
    ctx.save_for_backward(input if keeps_input else None, theta)


def _backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    input, theta = ctx.saved_tensors
    needs_input, needs_theta = ctx.needs_input_grad[:2]
    grad_input, grad_theta = _affine_sample_backward(
        grad, input, theta, *ctx.input_size, *ctx.options,
        torch.are_deterministic_algorithms_enabled(), needs_input, needs_theta,
    )  # fmt: skip
    others = [None] * 5  # height, width and the options
    return grad_input if needs_input else None, grad_theta if needs_theta else None, *others


torch.library.register_autograd("rmpe_ext::affine_sample", _backward, setup_context=_save)


# Higher derivatives, which are rare: PyTorch's autograd through the reference


def _save_backward(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    grad, input, theta, *ctx.input_size, mode, padding_mode, align_corners, _, _, _ = inputs
    ctx.options = mode, padding_mode, align_corners
    ctx.outputs_wanted = inputs[-2:]
    ctx.save_for_backward(grad, input, theta)


def _as_leaf(tensor: Any) -> Any:
    """Return a tensor at which derivatives stop, even where theta was computed from the input."""
    if tensor is None:
        return None
    return tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()


def _backward_of_backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    with torch.enable_grad():
        grad, input, theta = map(_as_leaf, ctx.saved_tensors)
        if input is None:
            shape = (*grad.shape[:2], *ctx.input_size)
            input = grad.new_zeros(shape, requires_grad=True)  # its values do not matter
        output = affine_sample_kernel(input, theta, *grad.shape[2:], *ctx.options)
        outputs = torch.autograd.grad(output, (input, theta), grad, create_graph=True)
        terms = zip(outputs, grad_outputs, ctx.outputs_wanted, strict=True)
        scalar: Any = sum((output * grad).sum() for output, grad, wanted in terms if wanted)
    needs = ctx.needs_input_grad[:3]
    wanted = [v for v, needed in zip((grad, input, theta), needs, strict=True) if needed]
    create_graph = torch.is_grad_enabled()
    found = iter(torch.autograd.grad(scalar, wanted, create_graph=create_graph, allow_unused=True))
    return *(next(found) if needed else None for needed in needs), *[None] * 8


torch.library.register_autograd(
    "rmpe_ext::affine_sample_backward", _backward_of_backward, setup_context=_save_backward
)


def affine_sample(
    input: torch.Tensor,
    theta: torch.Tensor,
    size: tuple[int, int],
    *,
    mode: Literal["bilinear", "nearest"] = "bilinear",
    padding_mode: Literal["zeros", "border", "reflection"] = "zeros",
    align_corners: bool = False,
) -> torch.Tensor:
    """Sample each image through its affine map, as a spatial transformer does.

    The result equals ``grid_sample(input, affine_grid(theta, (N, C, h, w), align_corners), mode,
    padding_mode, align_corners)`` of ``torch.nn.functional``, without the grid in memory. Output
    pixel ``p`` is the input at ``theta (x, y, 1)``, where ``(x, y)`` is ``p`` in normalized
    coordinates.

    Parameters
    ----------
    input : Tensor (N, C, H, W)
        float16, bfloat16, float32 or float64; 16-bit images are computed in float32. Images and
        channels may have any strides, so that one image expanded to a batch is not copied; planes
        that are not contiguous are copied.
    theta : Tensor (N, 2, 3)
        Normalized output coordinates -> normalized input coordinates, both in -1..1, x first. In
        the dtype of ``input``, float32, or a 16-bit dtype. Positions are computed in float64.
    size : (int, int)
        Height and width of the output.
    mode : str
        ``"bilinear"``, or ``"nearest"``: the nearest pixel; ties go to the even one.
    padding_mode : str
        Values outside the input: ``"zeros"``, ``"border"`` (the nearest outer pixel) or
        ``"reflection"``.
    align_corners : bool
        True: -1 and 1 are the centers of the outer pixels. False: they are their outer edges.

    Returns
    -------
    Tensor (N, C, h, w)
        In the dtype of ``input``.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, dtype, shape, device or value; the message names the argument.

    Notes
    -----
    *Values that are not finite.* A row of ``theta`` that is not finite, or whose positions exceed
    float64, makes its coordinate of every sample NaN. NaN lies outside: the sample is 0 with
    ``"zeros"``, and pixel 0 along this axis with ``"border"`` and ``"reflection"``.
    (``grid_sample`` gives NaN, 0 or the last pixel, depending on mode and device.) An input pixel
    that is NaN reaches all samples within one pixel of it.

    *Gradients* flow to ``input`` and to ``theta``; only those that are needed are computed. The
    gradient to ``theta`` is 0 with ``"nearest"``, and where a sample is clamped to the border.
    Higher derivatives go through the slower reference. On the CPU the result is the same for any
    number of threads. On CUDA the gradient to ``input`` is summed with atomics, in an order that
    changes from run to run, unless ``torch.use_deterministic_algorithms`` is on. Then the sum is
    one of 64-bit integers, and a plane whose incoming gradient is not all finite gets NaN
    throughout.

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
        *validate_affine_sample(torch_arrays, input, theta, size, mode, padding_mode, align_corners)
    )
