"""The spatial transformer and the way back."""

import math

import pytest
import torch

import rmpe_ext
from rmpe.method.limits import LIMITS, Limits
from rmpe.method.theta import SingularThetaError, reduced
from rmpe.method.transformer import SpatialTransformer, detransform
from rmpe.networks.architectures.localization import SmallLocalization, resnet18_localization
from rmpe.training.pose.targets import render_heatmaps

SIZE = (96, 64)


def parameters(kind, scale=1.0, count=50):
    random = torch.Generator().manual_seed(0)
    return scale * torch.randn(count, LIMITS[kind], generator=random)


@pytest.mark.parametrize("kind", LIMITS)
def test_parameters_of_0_are_the_identity(kind):
    theta = Limits(kind).theta(torch.zeros(3, LIMITS[kind]), SIZE)
    assert theta.equal(torch.eye(2, 3).expand(3, -1, -1))


def test_scales_and_shifts_keep_within_their_bounds():
    theta = Limits("scale", shift=0.2, zoom=1.5).theta(parameters("scale", 50.0), SIZE)
    sides = theta[:, [0, 1], [0, 1]]
    assert sides.min() == pytest.approx(1 / 1.5) and sides.max() == pytest.approx(1.5)
    # A crop is 2 wide in normalized coordinates.
    assert theta[:, :, 2].abs().max() == pytest.approx(0.4)
    assert (theta[:, 0, 1] == 0).all() and (theta[:, 1, 0] == 0).all()


def test_a_turn_is_a_turn_in_pixels():
    limits = Limits("rotation", zoom=1.0 + 1e-9, angle=40)
    theta = limits.theta(parameters("rotation", 50.0), SIZE).double()
    extent = torch.diag(torch.tensor([SIZE[1], SIZE[0]], dtype=torch.float64) / 2)
    in_pixels = extent @ theta[:, :, :2] @ extent.inverse()
    turns = torch.atan2(in_pixels[:, 1, 0], in_pixels[:, 0, 0])
    product = in_pixels @ in_pixels.transpose(1, 2)
    torch.testing.assert_close(product, torch.eye(2).double().expand(50, -1, -1), atol=1e-6, rtol=0)
    assert turns.abs().max().item() == pytest.approx(math.radians(40), rel=1e-4)


def test_the_paper_has_no_bounds():
    values = parameters("affine", 5.0)
    theta = Limits("affine").theta(values, SIZE)
    assert theta.equal(torch.eye(2, 3) + values.view(-1, 2, 3))


@pytest.mark.parametrize("kind", LIMITS)
def test_every_parameter_has_a_gradient_at_the_start(kind):
    values = torch.zeros(1, LIMITS[kind], requires_grad=True)
    theta = Limits(kind).theta(values, SIZE)
    (theta * torch.randn(2, 3)).sum().backward()
    assert (values.grad != 0).all()


@pytest.mark.parametrize("build", [SmallLocalization, resnet18_localization])
@pytest.mark.parametrize("size", [(64, 64), (96, 64)])
def test_localization_starts_at_the_identity(build, size):
    torch.manual_seed(0)
    network = build(4).eval()
    assert (network(torch.rand(2, 3, *size)) == 0).all()


def test_the_small_localization_network_is_small():
    assert sum(p.numel() for p in SmallLocalization(6).parameters()) < 200_000


def transformer():
    torch.manual_seed(0)
    found = SpatialTransformer(SmallLocalization(4), Limits(), (32, 32), SIZE).eval()
    torch.nn.init.normal_(found.localization.regress[-1].weight, std=0.3)
    return found


def test_crops_and_small_crops_of_the_photograph_are_localized_alike():
    # On a ramp sampling is exact, whichever way the small crop comes about.
    y, x = torch.meshgrid(torch.arange(200), torch.arange(160), indexing="ij")
    image = torch.stack([x, y, x // 2 + y // 4], dim=2).to(torch.uint8)
    matrices = rmpe_ext.crop_matrices(torch.tensor([[40.0, 50, 100, 150]]), SIZE, padding=0.0)
    stn = transformer()
    crops = rmpe_ext.crop([image], matrices, SIZE)
    small = rmpe_ext.crop([image], reduced(matrices, SIZE, stn.small), stn.small)
    theta = stn(small)
    assert not theta.equal(torch.eye(2, 3)[None])
    torch.testing.assert_close(stn.localize(crops), theta, atol=2e-2, rtol=0)


THETA = torch.tensor([[[0.7, 0.0, 0.15], [0.0, 0.8, -0.1]], [[1.2, 0.1, 0.0], [-0.1, 1.1, 0.1]]])


def test_heatmaps_go_back_where_their_joints_are():
    # A joint at t in the transformed crop is at theta t in the crop.
    joints = torch.tensor([[[10.0, 20.0], [20.0, 12.0]], [[14.0, 30.0], [25.0, 8.0]]])
    size = (40, 32)
    extent = torch.tensor([32.0, 40.0])
    normalized = (2 * joints + 1) / extent - 1
    mapped = normalized @ THETA[:, :, :2].transpose(1, 2) + THETA[:, None, :, 2]
    places = ((mapped + 1) * extent - 1) / 2
    maps = render_heatmaps(joints, torch.ones(2, 2, dtype=torch.bool), size, 2.0)
    back, limited = detransform(maps[:, None], THETA)
    assert back.shape == (2, 1, 2, 40, 32) and limited == 0
    found, _ = rmpe_ext.decode(back[:, 0], convention="dark_udp")
    torch.testing.assert_close(found, places, atol=0.3, rtol=0)
    # The coordinates' form says the same without resampling.
    exact, _ = rmpe_ext.decode(
        maps, convention="dark_udp", theta=THETA, grid="half_pixel", stride=1
    )
    torch.testing.assert_close(exact, places, atol=0.1, rtol=0)


def test_the_identity_gives_heatmaps_back_bit_for_bit():
    maps = torch.randn(3, 2, 5, 24, 16)
    back, _ = detransform(maps, torch.eye(2, 3).expand(3, -1, -1))
    assert back.equal(maps)


def test_thetas_without_an_inverse_are_counted_or_refused():
    theta = torch.stack([torch.eye(2, 3), torch.zeros(2, 3)]).requires_grad_()
    maps, limited = detransform(torch.rand(2, 1, 3, 8, 8), theta)
    maps.sum().backward()
    assert limited == 1 and maps.isfinite().all() and theta.grad.isfinite().all()
    with pytest.raises(SingularThetaError, match="rows 1"):
        detransform(torch.rand(2, 1, 3, 8, 8), theta, strict=True)
