"""The algebra of theta."""

import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe.method.theta import (
    LEAST_AREA,
    SingularThetaError,
    between,
    compose,
    invert,
    is_singular,
    reduced,
)


def thetas(count, dtype=torch.float64, seed=0):
    random = torch.Generator().manual_seed(seed)
    identity = torch.eye(2, 3, dtype=dtype)
    return identity + 0.3 * torch.randn(count, 2, 3, dtype=dtype, generator=random)


def whole(theta):
    """(N, 3, 3) matrices."""
    last = theta.new_tensor([0.0, 0.0, 1.0]).expand(len(theta), 1, 3)
    return torch.cat([theta, last], dim=1)


def test_gamma_is_the_inverse():
    theta = thetas(50)
    torch.testing.assert_close(whole(invert(theta)), torch.linalg.inv(whole(theta)))


def test_the_closed_form_is_the_gradient_of_the_inverse():
    theta = thetas(8).requires_grad_()
    assert torch.autograd.gradcheck(invert, theta)
    assert torch.autograd.gradgradcheck(invert, theta)


def test_the_closed_form_is_that_of_the_paper():
    theta, grad = thetas(1).requires_grad_(), torch.randn(1, 2, 3, dtype=torch.float64)
    invert(theta).backward(grad)
    a, b = theta.detach().numpy()[0, :, :2], theta.detach().numpy()[0, :, 2]
    g, g3, g_linear = np.linalg.inv(a), grad.numpy()[0, :, 2], grad.numpy()[0, :, :2]
    np.testing.assert_allclose(theta.grad[0, :, 2], -g.T @ g3)
    np.testing.assert_allclose(theta.grad[0, :, :2], -g.T @ (g_linear - np.outer(g3, b)) @ g.T)


# Determinants of half the least, of either sign, and of 0.
SMALL = LEAST_AREA / 2
SINGULAR = torch.tensor([
    [[1.0, 0.0, 0.1], [0.0, SMALL, 0.2]],
    [[-1.0, 0.0, 0.1], [0.0, SMALL, 0.2]],
    [[0.5, 0.5, 0.0], [0.5, 0.5, 0.3]],
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
], dtype=torch.float64)  # fmt: skip


def test_where_the_inverse_is_limited_it_is_finite_and_so_is_its_gradient():
    theta = SINGULAR.clone().requires_grad_()
    gamma = invert(theta)
    assert gamma.isfinite().all()
    # The adjugate, over the least determinant of the same sign.
    torch.testing.assert_close(gamma[0, :, :2], torch.diag(theta[0].diag().flip(0)) / LEAST_AREA)
    torch.testing.assert_close(gamma[1, 0, 0], -theta[1, 1, 1] / LEAST_AREA)
    gamma.sum().backward()
    assert theta.grad.isfinite().all()
    # At 0 the sign, and with it the inverse, jumps.
    assert torch.autograd.gradcheck(invert, SINGULAR[:2].clone().requires_grad_())


def test_limiting_leaves_other_thetas_alone():
    mixed = torch.cat([thetas(3), SINGULAR])
    assert invert(mixed)[:3].equal(invert(thetas(3)))
    assert is_singular(mixed).tolist() == [False] * 3 + [True] * 4


def test_strict_mode_names_the_rows():
    with pytest.raises(SingularThetaError, match=r"4 of 7 do not: rows 3, 4, 5, 6 with 0.000488"):
        invert(torch.cat([thetas(3), SINGULAR]), strict=True)
    broken = thetas(2)
    broken[1, 0, 0] = torch.nan
    with pytest.raises(SingularThetaError, match="1 of 2 do not: rows 1 with nan"):
        invert(broken, strict=True)
    assert invert(thetas(3), strict=True).equal(invert(thetas(3)))


def test_nobody_is_no_special_case():
    assert invert(torch.empty(0, 2, 3), strict=True).shape == (0, 2, 3)
    assert compose(torch.empty(0, 2, 3), torch.empty(0, 2, 3), (64, 48)).shape == (0, 2, 3)


SIZE = (64, 48)
BOXES = torch.tensor([[60.0, 50.0, 140.0, 190.0], [30.0, 40.0, 180.0, 120.0]])
THETA = torch.tensor([
    [[0.8, 0.05, 0.1], [-0.1, 0.7, -0.05]],
    [[0.6, 0.0, -0.2], [0.0, 0.9, 0.1]],
])  # fmt: skip


@pytest.mark.parametrize("align_corners", [False, True])
def test_one_cut_shows_what_two_resamplings_show_where_nothing_blurs(align_corners):
    # On a ramp every interpolation is exact.
    y, x = torch.meshgrid(torch.arange(240), torch.arange(200), indexing="ij")
    image = torch.stack([x, y, torch.full_like(x, 9)], dim=2).to(torch.uint8)
    matrices = rmpe_ext.crop_matrices(BOXES, SIZE, padding=0.1)
    index = torch.zeros(2, dtype=torch.int64)

    def cut(m):
        return rmpe_ext.crop([image], m, SIZE, image_index=index, scale=1.0)

    twice = rmpe_ext.affine_sample(cut(matrices), THETA, SIZE, align_corners=align_corners)
    once = cut(compose(matrices, THETA, SIZE, align_corners=align_corners))
    inside = (twice[:, 2] > 8.99) & (once[:, 2] > 8.99)
    assert inside.float().mean() > 0.9
    difference = (twice - once).abs().amax(dim=1)[inside]
    assert difference.max() < 1e-3


@pytest.mark.parametrize("align_corners", [False, True])
def test_decoding_through_one_matrix_is_decoding_through_theta_and_the_matrix(align_corners):
    heatmaps = torch.rand(2, 5, 16, 12)
    matrices = rmpe_ext.crop_matrices(BOXES, SIZE)
    options = {"convention": "dark", "stride": 4, "offset": 1.5, "grid": "half_pixel"}
    composed = compose(matrices, THETA, SIZE, align_corners=align_corners)
    once = rmpe_ext.decode(heatmaps, matrices=composed, **options)
    twice = rmpe_ext.decode(
        heatmaps, matrices=matrices, theta=THETA, align_corners=align_corners, **options
    )
    torch.testing.assert_close(once, twice, atol=2e-3, rtol=0)


def test_a_composed_identity_changes_nothing():
    matrices = rmpe_ext.crop_matrices(BOXES, SIZE)
    identity = torch.eye(2, 3).expand(2, -1, -1)
    torch.testing.assert_close(compose(matrices, identity, SIZE), matrices)


def test_composing_has_no_use_for_singular_thetas():
    singular = torch.zeros(1, 2, 3)
    with pytest.raises(SingularThetaError):
        compose(torch.eye(2, 3)[None], singular, SIZE, strict=True)
    assert compose(torch.eye(2, 3)[None], singular, SIZE).isfinite().all()


def test_a_reduced_crop_shows_the_same_part():
    matrices = rmpe_ext.crop_matrices(BOXES, SIZE)
    small = reduced(matrices, SIZE, (32, 16))
    # Edges of the crop, half a pixel outside of the outer centers, to those of the small one.
    for matrix, size in ((matrices, SIZE), (small, (32, 16))):
        edges = torch.tensor([[-0.5, size[1] - 0.5], [-0.5, size[0] - 0.5]])
        found = torch.linalg.solve(matrix[:, :, :2], edges - matrix[:, :, 2:])
        if matrix is matrices:
            wanted = found
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("theta", "least", "error", "message"),
    [
        (None, 0.1, TypeError, "theta must be a Tensor, got None"),
        (np.zeros((1, 2, 3)), 0.1, TypeError, "theta must be a Tensor, got array"),
        (torch.eye(2, 3), 0.1, ValueError, r"theta must be \(N, 2, 3\), got \(2, 3\)"),
        (torch.ones(1, 2, 3).long(), 0.1, TypeError, "theta must be dense, of real .* torch.int64"),
        (torch.ones(1, 2, 3) * 1j, 0.1, TypeError, "theta must be dense, .* torch.complex64"),
        (torch.ones(1, 2, 3).to_sparse(), 0.1, TypeError, "theta must be dense, .* torch.sparse"),
        (torch.ones(1, 2, 3), None, TypeError, "least must be a number, got None"),
        (torch.ones(1, 2, 3), -1, ValueError, "least must be a finite number from 0, got -1"),
        (torch.ones(1, 2, 3), 10**400, ValueError, "least must be a finite number from 0, got"),
    ],
)
def test_what_is_no_theta_is_named(theta, least, error, message):
    for function in (invert, is_singular):
        with pytest.raises(error, match=message):
            function(theta, least=least)


EYE = torch.eye(2, 3)[None]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: invert(EYE, strict=np.ones(2)), TypeError, "strict must be True or False, got"),
        (lambda: compose("x", EYE, SIZE), TypeError, "matrices must be a Tensor, got 'x'"),
        (lambda: compose(EYE, None, SIZE), TypeError, "theta must be a Tensor, got None"),
        (lambda: compose(EYE.long(), EYE, SIZE), TypeError, "matrices must be dense, of real numb"),
        (
            lambda: compose(EYE.repeat(3, 1, 1), EYE.repeat(2, 1, 1), SIZE),
            ValueError,
            "theta must be as many as matrices, 3, got 2",
        ),
        (lambda: compose(EYE, EYE, 4), TypeError, r"size must be \(height, width\), got 4"),
        (lambda: compose(EYE, EYE, (4, 0)), ValueError, "each side of size must be at least 1"),
        (lambda: compose(EYE, EYE, (4.0, 4)), TypeError, "each side of size must be a whole"),
        (lambda: compose(EYE, EYE, (2**70, 4)), ValueError, "each side of size must be below"),
        (
            lambda: compose(EYE, EYE, SIZE, align_corners=np.ones(2)),
            TypeError,
            "align_corners must be True or False, got",
        ),
        (lambda: between(EYE, 0 * EYE, SIZE), ValueError, "wanted must have an inverse, got"),
        (lambda: between(EYE, EYE[0], SIZE), ValueError, r"wanted must be \(N, 2, 3\), got"),
        (lambda: reduced(EYE.int(), SIZE, SIZE), TypeError, "matrices must be dense, of real"),
        (lambda: reduced(EYE, SIZE, (0, 1)), ValueError, "each side of small must be at least 1"),
    ],
)
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
