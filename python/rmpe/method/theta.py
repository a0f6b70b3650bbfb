"""The algebra of a symmetric spatial transformer: theta, its inverse, and its crop matrix.

The transformer (STN) takes a point ``t`` of its output from the point ``s = [A | b] (t, 1)`` of its
input, both in normalized coordinates, -1..1, x before y; ``theta = [A | b]``, (2, 3). The
de-transformer (SDTN) goes back through ``gamma = [G | -G b]``, ``G = A^-1`` (Fang et al., "RMPE:
Regional Multi-Person Pose Estimation", ICCV 2017, equations 1 to 5).
"""

from __future__ import annotations

import math
from typing import Any

import torch

from rmpe_ext.validation.checks import TYPES, check_real, check_type, check_whole, show

from ..arguments import check_kind

__all__ = [
    "LEAST_AREA",
    "SingularThetaError",
    "between",
    "compose",
    "invert",
    "is_singular",
    "reduced",
]

# A window below this share of the crop's area shows nobody: (1/32)^2.
LEAST_AREA = 2.0**-10


class SingularThetaError(ValueError):
    """A theta has no inverse to speak of; the message says which."""


def is_singular(theta: torch.Tensor, least: float = LEAST_AREA) -> torch.Tensor:
    """Whether the determinants of thetas (N, 2, 3) are below ``least`` in amount, or NaN: (N,)."""
    _check(theta, least)
    return ~(_determinant(theta).abs() >= least)


def invert(theta: torch.Tensor, *, least: float = LEAST_AREA, strict: bool = False) -> torch.Tensor:
    """gamma, the inverse of theta, with the closed-form gradient of the paper.

    With ``J`` the loss and ``g`` its gradient with respect to gamma, ``[g_G | g_3]``:
    ``dJ/db = -G^T g_3`` and ``dJ/dA = -G^T (g_G - g_3 b^T) G^T``.

    Parameters
    ----------
    theta : Tensor (N, 2, 3)
        float32 or float64.
    least : float
        A determinant of a smaller amount counts as ``least``, with its sign: the window of such a
        theta is too small to invert, and its gradient would be without bound. What comes out is
        then not the inverse, but finite, and so is its gradient, so that training goes on.
    strict : bool
        Raise instead.

    Returns
    -------
    Tensor (N, 2, 3)

    Raises
    ------
    SingularThetaError
        In strict mode, where a determinant is smaller than ``least``, or not a number.
    TypeError, ValueError
        `theta` is no tensor of real numbers (N, 2, 3), `least` no number from 0, or `strict` no
        bool.

    Examples
    --------
    >>> theta = torch.tensor([[[0.0, -0.5, 0.25], [0.5, 0.0, -0.5]]])
    >>> invert(theta)
    tensor([[[ 0.0000,  2.0000,  1.0000],
             [-2.0000,  0.0000,  0.5000]]])
    """
    _check(theta, least)
    check_type(TYPES, "strict", strict, "bool")
    if strict:
        singular = is_singular(theta, least)
        if singular.any():
            rows = singular.nonzero()[:, 0].tolist()
            determinants = [f"{_determinant(theta)[row].item():.3g}" for row in rows[:5]]
            raise SingularThetaError(
                f"theta must have a determinant of {least:.3g} or more, in amount, to be inverted; "
                f"{len(rows)} of {len(theta)} do not: rows {', '.join(map(str, rows[:5]))} with "
                f"{', '.join(determinants)}. Limit the transformer, or leave strict mode"
            )
    inverse: torch.Tensor = _Invert.apply(theta, least)
    return inverse


class _Invert(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, theta: torch.Tensor, least: float) -> torch.Tensor:
        ctx.save_for_backward(theta)
        ctx.least = least
        inverse, _ = _inverse(theta, least)
        return torch.cat([inverse, -inverse @ theta[:, :, 2:]], dim=2)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        (theta,), (grad,) = ctx.saved_tensors, grad_outputs
        # Computed again, so that the gradient has a gradient, too.
        inverse, held = _inverse(theta, ctx.least)
        transposed = inverse.transpose(1, 2)
        grad_offset = -transposed @ grad[:, :, 2:]
        through = grad[:, :, :2] - grad[:, :, 2:] @ theta[:, :, 2:].transpose(1, 2)
        # Where the determinant is held, the inverse is linear in A: adj(A) / constant.
        grad_linear = torch.where(
            is_singular(theta, ctx.least)[:, None, None],
            _adjugate(through.transpose(1, 2)).transpose(1, 2) / held,
            -transposed @ through @ transposed,
        )
        return torch.cat([grad_linear, grad_offset], dim=2), None


def compose(
    matrices: torch.Tensor,
    theta: torch.Tensor,
    size: tuple[int, int],
    *,
    align_corners: bool = False,
    strict: bool = False,
) -> torch.Tensor:
    """The matrices that cut out at once what cutting and then transforming would give.

    Resampling a crop through theta blurs it a second time. The crop of the composed matrix is cut
    from the photograph itself, and what is decoded through that matrix is in the photograph again:
    the de-transformer then costs nothing.

    Parameters
    ----------
    matrices : Tensor (N, 2, 3)
        Image pixel -> crop pixel, as :func:`rmpe_ext.crop` takes them.
    theta : Tensor (N, 2, 3)
        Of crops of that size.
    size : (int, int)
        Height and width of the crops.
    align_corners : bool
        As the transformer's sampling has it.
    strict : bool
        Raise where a theta has no inverse to speak of, instead of limiting it; see `invert`.

    Returns
    -------
    Tensor (N, 2, 3)
        Image pixel -> pixel of the transformed crop, in the dtype of ``matrices``.

    Raises
    ------
    SingularThetaError
        In strict mode.
    TypeError, ValueError
        `matrices` and `theta` are no such tensors, on one device, or `size` is no size.

    Examples
    --------
    >>> half = torch.tensor([[[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]]])  # the middle half of the crop
    >>> compose(torch.eye(2, 3)[None], half, (64, 48))
    tensor([[[  2.0000,   0.0000, -23.5000],
             [  0.0000,   2.0000, -31.5000]]])
    """
    _check_pair("theta", theta, "matrices", matrices)
    _check_size("size", size)
    check_type(TYPES, "align_corners", align_corners, "bool")
    gamma = invert(theta.double(), strict=strict)
    to_normalized = _to_normalized(size, align_corners, gamma)
    inverse = gamma.new_tensor(
        [
            [1 / to_normalized[0, 0], 0, -to_normalized[0, 2] / to_normalized[0, 0]],
            [0, 1 / to_normalized[1, 1], -to_normalized[1, 2] / to_normalized[1, 1]],
        ]
    )
    in_pixels = _chain(inverse, _chain(gamma, to_normalized))
    return _chain(in_pixels, matrices.double()).to(matrices.dtype)


def between(matrices: torch.Tensor, wanted: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """The theta with which `compose` makes the wanted matrices of others.

    Parameters
    ----------
    matrices, wanted : Tensor (N, 2, 3)
        Image pixel -> crop pixel; with an inverse.
    size : (int, int)
        Height and width of the crops.

    Returns
    -------
    Tensor (N, 2, 3)
        float64.

    Raises
    ------
    TypeError, ValueError
        `matrices` and `wanted` are no such tensors, on one device, `size` is no size, or one of
        `wanted` has no inverse.

    Examples
    --------
    >>> crop, closer = torch.eye(2, 3)[None], 2 * torch.eye(2, 3)[None]
    >>> theta = between(crop, closer, (64, 48))
    >>> torch.allclose(compose(crop, theta, (64, 48)), closer)
    True
    """
    _check_pair("wanted", wanted, "matrices", matrices)
    _check_size("size", size)
    flat = _determinant(wanted.double()) == 0
    if flat.any():
        raise ValueError(f"wanted must have an inverse, got {wanted[flat][0].tolist()}")
    to_normalized = _to_normalized(size, False, wanted.double())
    before, after = (_chain(to_normalized, part.double()) for part in (matrices, wanted))
    linear = torch.linalg.inv(after[:, :, :2])
    inverse = torch.cat([linear, -linear @ after[:, :, 2:]], dim=2)
    return _chain(before, inverse)


def reduced(matrices: torch.Tensor, size: tuple[int, int], small: tuple[int, int]) -> torch.Tensor:
    """The matrices (N, 2, 3) that cut the same part of an image into smaller crops.

    Raises
    ------
    TypeError, ValueError
        `matrices` are none, or `size` or `small` is no size.
    """
    _check_matrices("matrices", matrices)
    _check_size("size", size)
    _check_size("small", small)
    ratio = matrices.new_tensor([small[1] / size[1], small[0] / size[0]])[:, None]
    cut = matrices * ratio
    # Areas coincide: half a pixel lies outside of the outer centers.
    cut[:, :, 2:] += 0.5 * ratio - 0.5
    return cut


def _check(theta: torch.Tensor, least: float) -> None:
    _check_matrices("theta", theta)
    check_real(TYPES, "least", least, "a finite number from 0", least=0, below=math.inf)


def _check_matrices(name: str, value: torch.Tensor) -> None:
    check_kind(name, value, torch.Tensor)
    if value.dim() != 3 or value.shape[1:] != (2, 3):
        raise ValueError(f"{name} must be (N, 2, 3), got {tuple(value.shape)}")
    if not value.is_floating_point() or value.layout is not torch.strided:
        raise TypeError(f"{name} must be dense, of real numbers, got {value.dtype}, {value.layout}")


def _check_pair(name: str, value: torch.Tensor, other: str, like: torch.Tensor) -> None:
    _check_matrices(other, like)
    _check_matrices(name, value)
    if value.shape[0] != like.shape[0] and 1 not in (value.shape[0], like.shape[0]):
        raise ValueError(f"{name} must be as many as {other}, {len(like)}, got {len(value)}")
    if value.device != like.device:
        raise ValueError(
            f"{name} must be on the device of {other} ({like.device}), got {value.device}"
        )


def _check_size(name: str, size: Any) -> None:
    if not isinstance(size, (tuple, list)) or len(size) != 2:
        raise TypeError(f"{name} must be (height, width), got {show(size)}")
    for side in size:
        check_whole(TYPES, f"each side of {name}", side, 1)


def _determinant(theta: torch.Tensor) -> torch.Tensor:
    return theta[:, 0, 0] * theta[:, 1, 1] - theta[:, 0, 1] * theta[:, 1, 0]


def _inverse(theta: torch.Tensor, least: float) -> tuple[torch.Tensor, torch.Tensor]:
    """G (N, 2, 2), and the determinants (N, 1, 1) by which it divides, held away from 0."""
    determinant = _determinant(theta)
    amount = determinant.abs().clamp(min=least)
    held = torch.where(determinant < 0, -amount, amount)[:, None, None]
    return _adjugate(theta[:, :, :2]) / held, held


def _adjugate(matrix: torch.Tensor) -> torch.Tensor:
    """(N, 2, 2): the inverse times the determinant."""
    a, b, c, d = matrix.flatten(1).unbind(1)
    return torch.stack([d, -b, -c, a], dim=1).view_as(matrix)


def _to_normalized(size: tuple[int, int], align_corners: bool, like: torch.Tensor) -> torch.Tensor:
    """Crop pixel -> normalized coordinate, (2, 3)."""
    rows = []
    for axis, side in enumerate(size[::-1]):
        extent = max(side - 1, 1) if align_corners else side
        offset = -(side - 1) / extent
        rows.append([2 / extent if i == axis else 0.0 for i in (0, 1)] + [offset])
    return like.new_tensor(rows)


def _chain(second: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """The affine map (N, 2, 3) that applies ``first``, then ``second``."""
    linear, offset = second[..., :2], second[..., 2:]
    chained = linear @ first
    return torch.cat([chained[..., :2], chained[..., 2:] + offset], dim=-1)
