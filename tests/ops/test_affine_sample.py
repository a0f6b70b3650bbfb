"""``affine_sample``, native and reference, against the float64 oracle and ``grid_sample``."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

import rmpe_ext
from rmpe_ext import reference
from tests.ops.implementations import implementations
from tests.oracles import affine_sample as oracle

IMPLEMENTATIONS = implementations("ops")
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
MODES, PADDINGS = ("bilinear", "nearest"), ("zeros", "border", "reflection")
ALL_OPTIONS = pytest.mark.parametrize(
    "options",
    [
        dict(mode=mode, padding_mode=padding, align_corners=align)
        for mode, padding, align in itertools.product(MODES, PADDINGS, (False, True))
    ],
    ids=lambda o: f"{o['mode']}, {o['padding_mode']}, {'aligned' if o['align_corners'] else ''}",
)
PADDING_MODES = pytest.mark.parametrize("padding_mode", PADDINGS)


def noise(*shape, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator).to(dtype)


def rotation(degrees, scale=0.9, x=0.05, y=-0.03):
    c, s = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    return [[c, -s, x], [s, c, y]]


def theta_of(*maps, dtype=torch.float64):
    return torch.tensor(maps, dtype=dtype)


MAPS = theta_of(
    [[1, 0, 0], [0, 1, 0]],
    rotation(0),
    rotation(0, scale=2.3),
    rotation(0, scale=0.2, x=-0.7),
    rotation(17),
    rotation(-50, scale=1.9),
    rotation(90, scale=1.0),
    [[-1, 0, 0.1], [0, 0.8, 0]],
    [[0.9, 0.4, 0.3], [0.2, -1.1, 0.4]],
    [[0.5, 0, 0.3], [0.5, 0, 0]],  # singular
    [[0, 0, 0.21], [0, 0, -0.4]],  # one point
    [[1, 0, 5], [0, 1, 0]],  # far outside
    [[0.3, 0.2, -40], [-0.2, 0.3, 0]],
)


def grid_sample(input, theta, size, *, mode="bilinear", padding_mode="zeros", align_corners=False):
    grid = F.affine_grid(theta, (*input.shape[:2], *size), align_corners=align_corners)
    return F.grid_sample(input, grid, mode, padding_mode, align_corners)


def assert_equals_oracle(got, image, matrix, size, *, mode="bilinear", **options):
    """Off the ties of nearest, on which the rounding of positions decides."""
    matrix, image = matrix.numpy(), image.numpy()
    want = oracle.affine_sample(image, matrix, size, mode=mode, **options)
    compared = np.ones(size, bool)
    if mode == "nearest":
        positions = oracle.positions(image.shape[1:], matrix, size, options["align_corners"])
        compared = np.logical_and(*(abs(v % 1 - 0.5) > 1e-9 for v in positions))
    np.testing.assert_allclose(got.numpy()[:, compared], want[:, compared], rtol=0, atol=1e-11)


def gradients(sample, input, theta, size, **options):
    input, theta = input.clone().requires_grad_(), theta.clone().requires_grad_()
    output = sample(input, theta, size, **options)
    weight = noise(*output.shape, seed=99).to(output.dtype)
    return torch.autograd.grad(output, (input, theta), weight)


@pytest.fixture
def deterministic():
    """CUDA otherwise adds up the gradient to the input in any order."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(before)


@IMPLEMENTATIONS
@ALL_OPTIONS
@pytest.mark.parametrize("size", [(13, 11), (24, 31), (5, 4)])
def test_equals_the_oracle(ops, options, size):
    images = noise(len(MAPS), 2, 13, 11)
    got = ops.affine_sample(images, MAPS, size, **options)
    for result, image, matrix in zip(got, images, MAPS, strict=True):
        assert_equals_oracle(result, image, matrix, size, **options)


@IMPLEMENTATIONS
@ALL_OPTIONS
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_map_on_any_image(ops, options, data):
    shape, size = (data.draw(st.tuples(st.integers(1, 7), st.integers(1, 7))) for _ in range(2))
    numbers = data.draw(st.tuples(*[st.floats(-3, 3, width=16)] * 6))
    if data.draw(st.booleans()):
        numbers = (numbers[0], 0.0, numbers[2], 0.0, numbers[4], numbers[5])
    theta, image = torch.tensor([numbers], dtype=torch.float64).view(1, 2, 3), noise(1, 2, *shape)
    got = ops.affine_sample(image, theta, size, **options)
    assert_equals_oracle(got[0], image[0], theta[0], size, **options)


@IMPLEMENTATIONS
@ALL_OPTIONS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(3))
def test_values_and_gradients_equal_grid_sample(ops, options, dtype, seed):
    rng = np.random.default_rng(seed)
    shape, size = rng.integers(2, 40, 2), tuple(rng.integers(2, 40, 2))
    input = noise(6, 3, *shape, seed=seed).to(dtype)
    theta = noise(6, 2, 3, seed=seed + 1)
    theta[::2, 0, 1] = theta[::2, 1, 0] = 0.0  # upright
    theta = theta.to(dtype if dtype == torch.float64 else torch.float32)
    got = ops.affine_sample(input, theta, size, **options)
    want = grid_sample(input.double(), theta.double(), size, **options)
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if dtype == torch.float64 else {
        "rtol": 2 * torch.finfo(dtype).eps, "atol": 2e-6
    }  # fmt: skip
    assert got.dtype == dtype
    torch.testing.assert_close(got.double(), want, **tolerance)
    grad_input, grad_theta = gradients(ops.affine_sample, input, theta, size, **options)
    weight = noise(*want.shape, seed=99).to(dtype).double()
    wide = input.double().clone().requires_grad_(), theta.double().clone().requires_grad_()
    want = torch.autograd.grad(grid_sample(*wide, size, **options), wide, weight)
    assert (grad_input.dtype, grad_theta.dtype) == (dtype, theta.dtype)
    scale = float(want[0].abs().max())
    torch.testing.assert_close(
        grad_input.double(), want[0], rtol=tolerance["rtol"], atol=tolerance["atol"] * scale
    )
    scale = 1 + float(want[1].abs().max())
    torch.testing.assert_close(grad_theta.double(), want[1], rtol=0, atol=tolerance["atol"] * scale)


@ALL_OPTIONS
@pytest.mark.parametrize("dtype", DTYPES)
def test_native_equals_reference(options, dtype):
    """The same positions in float64 and the same sums, up to the order of additions."""
    input, theta = noise(len(MAPS), 18, 23, 29, dtype=dtype), (MAPS + 0.001).to(torch.float32)
    for size in ((7, 65), (31, 16)):
        have = rmpe_ext.affine_sample(input, theta, size, **options)
        want = reference.affine_sample(input, theta, size, **options)
        tolerance = {torch.float64: 1e-12, torch.float32: 2e-6, torch.float16: 3e-3}
        tolerance = tolerance.get(dtype, 3e-2)
        torch.testing.assert_close(have, want, rtol=tolerance, atol=tolerance)
        have = gradients(rmpe_ext.affine_sample, input, theta, size, **options)
        want = gradients(reference.affine_sample, input, theta, size, **options)
        for a, b in zip(have, want, strict=True):
            scale = float(b.double().abs().max()) + 1
            torch.testing.assert_close(a, b, rtol=tolerance, atol=10 * scale * min(tolerance, 1e-5))


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("mode", MODES)
@PADDING_MODES
def test_identity_is_exact(ops, dtype, align_corners, mode, padding_mode):
    for height, width in ((1, 1), (1, 9), (64, 48), (49, 65)):
        input = noise(1, 3, height, width, dtype=dtype)
        theta = torch.eye(2, 3)[None]
        output = ops.affine_sample(
            input, theta, (height, width),
            mode=mode, padding_mode=padding_mode, align_corners=align_corners,
        )  # fmt: skip
        assert torch.equal(output, input)


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("degrees", [0, 20])
@pytest.mark.usefixtures("deterministic")
def test_16_bit_values_are_computed_in_float32_and_rounded_once(ops, dtype, degrees):
    """Every finite number of the format is among the pixels, subnormal ones too."""
    bits = torch.arange(65536, dtype=torch.int32).to(torch.int16)
    values = bits.view(dtype).view(1, 1, 256, 256)
    values = torch.where(values.isfinite(), values, 0.0)
    theta = theta_of(rotation(degrees), dtype=torch.float32)
    have = ops.affine_sample(values, theta, (250, 260))
    want = ops.affine_sample(values.float(), theta, (250, 260)).to(dtype)
    assert torch.equal(have, want)
    identity = torch.eye(2, 3)[None]
    assert torch.equal(ops.affine_sample(values, identity, (256, 256)), values)
    have = gradients(ops.affine_sample, values, theta, (250, 260))[0]
    wide = values.float().requires_grad_()
    output = ops.affine_sample(wide, theta, (250, 260))
    weight = noise(*output.shape, seed=99).to(dtype).float()
    assert torch.equal(have, torch.autograd.grad(output, wide, weight)[0].to(dtype))


@IMPLEMENTATIONS
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bit_infinity_and_nan(ops, dtype, value):
    input = torch.full((1, 1, 4, 4), value, dtype=dtype)
    output = ops.affine_sample(input, theta_of(rotation(20), dtype=torch.float32), (2, 2))
    torch.testing.assert_close(output, torch.full_like(output, value), equal_nan=True)


@IMPLEMENTATIONS
def test_16_bit_gradients_overflow_to_infinity(ops):
    input = torch.zeros(1, 1, 2, 2, dtype=torch.float16, requires_grad=True)
    theta = theta_of([[0, 0, 0], [0, 0, 0]], dtype=torch.float32)
    output = ops.affine_sample(input, theta, (8, 8))
    output.backward(torch.full_like(output, 60000.0))
    assert torch.equal(input.grad, torch.full_like(input, math.inf))


@IMPLEMENTATIONS
def test_nearest_rounds_half_to_even(ops):
    """Positions 0.5, 1.5, ... exactly."""
    input = torch.arange(5.0).double().expand(1, 1, 3, 5)
    theta = theta_of([[1, 0, 0.25], [0, 1, 0]])
    options = dict(mode="nearest", padding_mode="border", align_corners=True)
    output = ops.affine_sample(input, theta, (3, 5), **options)
    assert output[0, 0, 0].tolist() == [0, 2, 2, 4, 4]
    assert torch.equal(output, grid_sample(input, theta, (3, 5), **options))


@IMPLEMENTATIONS
@ALL_OPTIONS
def test_one_pixel_in_or_out(ops, options):
    for shape, size in (((1, 1), (5, 4)), ((1, 6), (3, 3)), ((6, 1), (3, 3)), ((6, 5), (1, 1))):
        input = noise(len(MAPS), 2, *shape)
        got = ops.affine_sample(input, MAPS, size, **options)
        for result, image, matrix in zip(got, input, MAPS, strict=True):
            assert_equals_oracle(result, image, matrix, size, **options)
        grads = gradients(ops.affine_sample, input, MAPS, size, **options)
        assert all(v.isfinite().all() for v in grads)


@IMPLEMENTATIONS
@pytest.mark.parametrize("degrees", [0, 30])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (4096, 3), (3, 4096), (4096, 4096)])
def test_extreme_image_shapes(ops, degrees, shape):
    image, theta = noise(1, 1, *shape), theta_of(rotation(degrees))
    options = dict(padding_mode="reflection", align_corners=False)
    got = ops.affine_sample(image, theta, (16, 12), **options)
    # Positions are up to 4096 pixels, of whose rounding the oracle has its own.
    want = oracle.affine_sample(image[0].numpy(), theta[0].numpy(), (16, 12), **options)
    np.testing.assert_allclose(got[0].numpy(), want, rtol=0, atol=1e-10)
    theta.requires_grad_()
    image.requires_grad_()
    output = ops.affine_sample(image, theta, (16, 12), **options)
    assert all(v.isfinite().all() for v in torch.autograd.grad(output.sum(), (image, theta)))


@IMPLEMENTATIONS
@pytest.mark.parametrize("shape", [(0, 3, 4, 5), (2, 0, 4, 5)])
def test_nothing_to_sample(ops, shape):
    input = torch.zeros(shape, requires_grad=True)
    theta = torch.eye(2, 3).expand(shape[0], 2, 3).clone().requires_grad_()
    output = ops.affine_sample(input, theta, (6, 7))
    assert output.shape == (*shape[:2], 6, 7)
    output.sum().backward()
    assert input.grad.shape == shape
    assert torch.equal(theta.grad, torch.zeros(shape[0], 2, 3))


@IMPLEMENTATIONS
@pytest.mark.parametrize("degrees", [0, 30])
@pytest.mark.usefixtures("deterministic")
def test_strided_inputs(ops, degrees):
    base = noise(4, 3, 20, 24)
    theta = theta_of(*[rotation(degrees + i) for i in range(4)])
    views = {
        "channels last": base.contiguous(memory_format=torch.channels_last),
        "transposed": base.transpose(2, 3),
        "inside": base[:, 1:, 3:17, 5:],
        "every other": base[:, :, ::2, ::2],
        "one image for all": base[:1].expand(4, 3, 20, 24),
        "one channel for all": base[:, :1].expand(4, 3, 20, 24),
        "reversed batch": base.flip(0)[:, [2, 0, 1]],
    }
    transposed = theta.transpose(1, 2).contiguous().transpose(1, 2)
    for name, view in views.items():
        want = ops.affine_sample(view.contiguous(), theta, (9, 13))
        assert torch.equal(ops.affine_sample(view, transposed, (9, 13)), want), name
        want = gradients(ops.affine_sample, view.contiguous(), theta, (9, 13))
        got = gradients(ops.affine_sample, view, transposed, (9, 13))
        assert torch.equal(got[0], want[0]) and torch.equal(got[1], want[1]), name


@IMPLEMENTATIONS
def test_one_theta_for_all_images(ops):
    """An expanded theta collects the gradient of every image; so does an expanded gradient."""
    theta = theta_of(rotation(10)).requires_grad_()
    ops.affine_sample(noise(3, 2, 8, 8), theta.expand(3, 2, 3), (8, 8)).sum().backward()
    alone = theta.detach().expand(3, 2, 3).clone().requires_grad_()
    ops.affine_sample(noise(3, 2, 8, 8), alone, (8, 8)).sum().backward()
    torch.testing.assert_close(theta.grad, alone.grad.sum(0, keepdim=True))


@IMPLEMENTATIONS
@ALL_OPTIONS
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308])
@pytest.mark.parametrize("where", list(itertools.product(range(2), range(3))), ids=str)
def test_theta_that_is_not_finite_is_outside(ops, options, bad, where):
    """Zeros with "zeros"; pixel 0 of that axis otherwise. No gradient goes to theta."""
    input = noise(1, 2, 9, 9)
    theta = theta_of(rotation(0))
    theta[0, where[0], where[1]] = bad
    # 1e308 is finite, but times 9 pixels it is not; as an offset it is merely far away.
    if bad == 1e308 and where[1] == 2:
        theta[0, where[0], 2] = -1e308
    output = ops.affine_sample(input, theta, (7, 7), **options)
    if options["padding_mode"] == "zeros":
        assert torch.equal(output, torch.zeros(1, 2, 7, 7))
    else:
        held = theta.clone()
        held[0, where[0]] = torch.tensor([0.0, 0, -1 if options["align_corners"] else -8 / 9])
        want = ops.affine_sample(input, held, (7, 7), **options)
        if math.isfinite(bad) and where[1] == 2 and options["padding_mode"] == "reflection":
            assert output.isfinite().all()  # no digit of such a position means anything
        else:
            torch.testing.assert_close(output, want, rtol=0, atol=1e-12)
    grad_input, grad_theta = gradients(ops.affine_sample, input, theta, (7, 7), **options)
    assert grad_input.isfinite().all() and grad_theta.isfinite().all()


@IMPLEMENTATIONS
@ALL_OPTIONS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e6, 1e10, 1e20, 1e38, 1e-30, 1e-45])
def test_huge_and_tiny_theta(ops, options, dtype, scale):
    input = noise(4, 2, 9, 9, dtype=dtype)
    theta = (noise(4, 2, 3, seed=3) * scale).to(dtype)
    theta[2:, 0, 1] = theta[2:, 1, 0] = 0.0
    output = ops.affine_sample(input, theta, (7, 8), **options)
    grads = gradients(ops.affine_sample, input, theta, (7, 8), **options)
    assert all(v.isfinite().all() for v in (output, grads[0]))
    if scale > 1 and options["padding_mode"] == "zeros":
        assert torch.equal(output, torch.zeros_like(output))


@IMPLEMENTATIONS
@PADDING_MODES
@pytest.mark.parametrize("degrees", [0, 35])
@pytest.mark.parametrize("pixel", [(0, 0), (4, 4), (8, 8), (0, 8)])
def test_nan_pixel_reaches_its_neighbors_only(ops, padding_mode, degrees, pixel):
    options = dict(padding_mode=padding_mode, align_corners=True)
    input = noise(1, 1, 9, 9)
    input[0, 0, pixel[0], pixel[1]] = math.nan
    matrix = rotation(degrees, scale=1.3)
    nan = ops.affine_sample(input, theta_of(matrix), (20, 20), **options)[0, 0].isnan().numpy()
    xs, ys = oracle.positions((9, 9), matrix, (20, 20), True)
    if padding_mode == "reflection":
        xs, ys = (np.vectorize(oracle.reflect)(v, 9, True) for v in (xs, ys))
    elif padding_mode == "border":
        xs, ys = xs.clip(0, 8), ys.clip(0, 8)
    distance = np.maximum(abs(xs - pixel[1]), abs(ys - pixel[0]))
    assert nan[distance < 1 - 1e-9].all()
    assert not nan[distance > 1 + 1e-9].any()


@IMPLEMENTATIONS
@PADDING_MODES
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("degrees", [0, 25])
def test_gradcheck(ops, padding_mode, align_corners, degrees):
    """First and second derivatives, away from pixel centers, where bilinear weights have kinks."""
    options = dict(padding_mode=padding_mode, align_corners=align_corners)
    theta = theta_of(rotation(degrees, 0.71, 0.1234, -0.0871), rotation(degrees, 1.613, 0.31, 0.2))
    for matrix in theta:
        for position in oracle.positions((5, 6), matrix.numpy(), (4, 3), align_corners):
            assert abs(position - position.round()).min() > 1e-4
    input = noise(2, 2, 5, 6)
    check = (input.requires_grad_(), theta.requires_grad_())
    sample = lambda i, t: ops.affine_sample(i, t, (4, 3), **options)  # noqa: E731
    assert torch.autograd.gradcheck(sample, check)
    assert torch.autograd.gradgradcheck(sample, check, fast_mode=True)


@IMPLEMENTATIONS
@PADDING_MODES
def test_gradcheck_nearest(ops, padding_mode):
    input = noise(2, 2, 5, 6).requires_grad_()
    theta = theta_of(rotation(25), rotation(0, 1.61, 0.31)).requires_grad_()
    options = dict(mode="nearest", padding_mode=padding_mode)
    sample = lambda i, t: ops.affine_sample(i, t, (4, 3), **options)  # noqa: E731
    assert torch.autograd.gradcheck(sample, (input, theta))
    (grad,) = torch.autograd.grad(sample(input, theta).sum(), theta)
    assert torch.equal(grad, torch.zeros_like(theta))


@pytest.mark.parametrize("degrees", [0, 25])
@pytest.mark.parametrize("mode", MODES)
def test_only_the_gradients_that_are_needed(degrees, mode):
    """One gradient alone equals the same one of both, and the input is kept only where needed."""
    theta, input = theta_of(rotation(degrees)), noise(1, 3, 9, 9)
    both = gradients(rmpe_ext.affine_sample, input, theta, (8, 8), mode=mode)
    weight = noise(1, 3, 8, 8, seed=99)
    for index in range(2):
        leaves = [input.clone(), theta.clone()]
        leaves[index].requires_grad_()
        output = rmpe_ext.affine_sample(*leaves, (8, 8), mode=mode)
        if index == 0:
            leaves[0].data.fill_(math.nan)
        assert torch.equal(torch.autograd.grad(output, leaves[index], weight)[0], both[index])
    backward = torch.ops.rmpe_ext.affine_sample_backward
    nothing = backward(weight, None, theta, 9, 9, mode, "zeros", False, False, False, False)
    assert [v.shape for v in nothing] == [(0,), (0,)]


@ALL_OPTIONS
@pytest.mark.parametrize("shape", [(1, 3, 40, 30), (5, 17, 16, 12), (33, 2, 9, 9)])
def test_results_do_not_depend_on_the_number_of_threads(options, shape):
    input = noise(*shape, dtype=torch.float32)
    theta = noise(shape[0], 2, 3, dtype=torch.float32, seed=2)
    theta[::2, 0, 1] = theta[::2, 1, 0] = 0.0
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            output = rmpe_ext.affine_sample(input, theta, (37, 41), **options)
            results.append(
                (output, *gradients(rmpe_ext.affine_sample, input, theta, (37, 41), **options))
            )
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@IMPLEMENTATIONS
@ALL_OPTIONS
@pytest.mark.parametrize("dtype", DTYPES)
def test_deterministic_gradients_have_the_same_bits_on_every_run(ops, options, dtype, request):
    input, theta = noise(len(MAPS), 3, 23, 29, dtype=dtype), (MAPS + 0.001).to(torch.float32)
    usual = gradients(ops.affine_sample, input, theta, (31, 36), **options)
    request.getfixturevalue("deterministic")
    first, second = (
        gradients(ops.affine_sample, input, theta, (31, 36), **options) for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    rtol, atol = (1e-12, 1e-11) if dtype == torch.float64 else (2 * torch.finfo(dtype).eps, 1e-4)
    torch.testing.assert_close(first[0], usual[0], rtol=rtol, atol=atol)
    assert torch.equal(first[1], usual[1])


@pytest.mark.parametrize("on", [False, True])
def test_tells_the_kernel_whether_to_be_deterministic(on, request):
    told = []

    class Listener(TorchDispatchMode):
        def __torch_dispatch__(self, op, types, args=(), kwargs=None):
            if op is torch.ops.rmpe_ext.affine_sample_backward.default:
                names = [argument.name for argument in op._schema.arguments]
                told.append(args[names.index("deterministic")])
            return op(*args, **(kwargs or {}))

    if on:
        request.getfixturevalue("deterministic")
    with Listener():
        gradients(rmpe_ext.affine_sample, noise(1, 1, 4, 4), theta_of(rotation(20)), (3, 3))
    assert told == [on]


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("theta_dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_theta_of_lower_precision(ops, dtype, theta_dtype):
    """It is widened, which is exact; its gradient comes back in its own dtype."""
    input, theta = noise(1, 2, 9, 9, dtype=dtype), theta_of(rotation(20), dtype=theta_dtype)
    output = ops.affine_sample(input, theta, (5, 5))
    assert output.dtype == dtype
    assert torch.equal(output, ops.affine_sample(input, theta.float(), (5, 5)))
    assert gradients(ops.affine_sample, input, theta, (5, 5))[1].dtype == theta_dtype


@IMPLEMENTATIONS
def test_autocast_leaves_it_alone(ops):
    input, layer = noise(2, 3, 9, 9, dtype=torch.float32), torch.nn.Linear(4, 6)
    with torch.no_grad():  # its own random weights may move the window off the picture
        layer.weight.copy_(noise(6, 4) * 0.1)
        layer.bias.copy_(theta_of(rotation(10)).flatten())
    with torch.autocast("cpu", torch.bfloat16):
        theta = layer(torch.ones(2, 4)).view(2, 2, 3)
        assert theta.dtype == torch.bfloat16
        output = ops.affine_sample(input, theta, (5, 5))
    assert torch.equal(output, ops.affine_sample(input, theta.float(), (5, 5)))
    output.sum().backward()
    assert layer.weight.grad.isfinite().all() and layer.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("in_dims", [(0, 0), (None, 0), (0, None), (2, 3)])
def test_vmap(in_dims):
    """The same as a loop, and gradients flow through."""
    size = 3
    input, theta = noise(2, 4, 6, 7), theta_of(rotation(10), rotation(0))
    if in_dims[0] is not None:
        input = torch.stack([input + i for i in range(size)], in_dims[0])
    if in_dims[1] is not None:
        theta = torch.stack([theta * (1 + 0.1 * i) for i in range(size)], in_dims[1])

    def sample(input, theta):
        return rmpe_ext.affine_sample(input, theta, (5, 5))

    def looped(input, theta):
        def item(tensor, dim, i):
            return tensor if dim is None else tensor.select(dim, i)

        pairs = list(zip((input, theta), in_dims, strict=True))
        return torch.stack([sample(*(item(t, d, i) for t, d in pairs)) for i in range(size)])

    results = []
    for function in (torch.vmap(sample, in_dims), looped):
        leaves = input.clone().requires_grad_(), theta.clone().requires_grad_()
        output = function(*leaves)
        results.append((output, *torch.autograd.grad(output.square().sum(), leaves)))
    for have, want in zip(*results, strict=True):
        torch.testing.assert_close(have, want)


@pytest.mark.parametrize("needed", [(0, 1), (0,), (1,)])
def test_batched_gradients(needed):
    """Many vector-Jacobian products in one call, as torch.autograd.functional.jacobian asks for."""
    leaves = noise(2, 4, 6, 7), theta_of(rotation(10), rotation(0))
    for index in needed:
        leaves[index].requires_grad_()
    wanted = [leaves[index] for index in needed]
    output = rmpe_ext.affine_sample(*leaves, (5, 5))
    weights = noise(3, *output.shape)
    batched = torch.autograd.grad(output, wanted, weights, is_grads_batched=True, retain_graph=True)
    for i, weight in enumerate(weights):
        alone = torch.autograd.grad(output, wanted, weight, retain_graph=True)
        for have, want in zip(batched, alone, strict=True):
            torch.testing.assert_close(have[i], want)


GOOD = dict(input=torch.zeros(2, 3, 8, 8), theta=torch.zeros(2, 2, 3), size=(4, 4))


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(input=torch.zeros(3, 8, 8)), ValueError, r"input must be \(N, C, H, W\), got \(3, 8, 8\)"),
        (dict(input=np.zeros((2, 3, 8, 8))), TypeError, "input must be a torch.Tensor, got ndarray"),
        (dict(input=torch.zeros(2, 3, 8, 8).byte()), TypeError, "input must be float16, bfloat16, float32 or float64, got uint8"),
        (dict(input=torch.zeros(2, 3, 0, 8)), ValueError, "input must have at least one pixel, got 0 x 8"),
        (dict(input=torch.zeros(1).expand(2, 3, 2**16, 2**15)), ValueError, r"input must have fewer than 2\^31 pixels \(height x width\), got 65536 x 32768"),
        (dict(theta=torch.zeros(3, 2, 3)), ValueError, r"theta must be \(2, 2, 3\) like input, got \(3, 2, 3\)"),
        (dict(theta=torch.zeros(2, 3, 3)), ValueError, r"theta must be \(2, 2, 3\) like input, got \(2, 3, 3\)"),
        (dict(theta=torch.zeros(2, 2, 3).int()), TypeError, "theta must be float16, .* got int32"),
        (dict(theta=torch.zeros(2, 2, 3).double()), TypeError, r"theta must be float32 or of lower precision where input is float32, got float64; convert it to float32"),
        (dict(theta=torch.zeros(2, 2, 3, device="meta")), ValueError, r"theta must have the device of input \(cpu\), got meta"),
        (dict(size=(0, 4)), ValueError, r"size must be \(height, width\), both at least 1, got \(0, 4\)"),
        (dict(size=8), TypeError, r"size must be \(height, width\), a tuple or a list, got 8"),
        (dict(size=(2, 3, 4)), TypeError, r"size must be \(height, width\), a tuple or a list, got \(2, 3, 4\)"),
        (dict(size=(4.0, 4)), TypeError, r"size must be \(height, width\), both int, got \(4.0, 4\)"),
        (dict(mode="bicubic"), ValueError, "mode must be one of bilinear, nearest, got 'bicubic'"),
        (dict(padding_mode="wrap"), ValueError, "padding_mode must be one of border, reflection, zeros, got 'wrap'"),
    ],
)  # fmt: skip
def test_errors_name_the_argument(ops, change, error, message):
    with pytest.raises(error, match=message):
        ops.affine_sample(**(GOOD | change))


@ALL_OPTIONS
def test_opcheck(options):
    """Schema, fake kernel, autograd and dispatch, as PyTorch checks them."""
    input = noise(2, 3, 6, 5).requires_grad_()
    theta = theta_of(rotation(20), rotation(0), dtype=torch.float32).requires_grad_()
    flat = tuple(options.values())
    torch.library.opcheck(torch.ops.rmpe_ext.affine_sample.default, (input, theta, 4, 7, *flat))
    grad = noise(2, 3, 4, 7)
    backward = torch.ops.rmpe_ext.affine_sample_backward.default
    detached = input.detach(), theta.detach()
    for flags in itertools.product((False, True), repeat=3):  # deterministic, and two needs
        torch.library.opcheck(backward, (grad, *detached, 6, 5, *flat, *flags))
    torch.library.opcheck(backward, (grad, None, detached[1], 6, 5, *flat, False, True, False))


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_in_one_graph(dynamic):
    @torch.compile(fullgraph=True, dynamic=dynamic)
    def transformer(input, theta):
        height, width = input.shape[2:]
        return rmpe_ext.affine_sample(input, theta, (height // 2, width), padding_mode="border") * 2

    for batch in (2, 3):
        input, theta = noise(batch, 3, 8, 6), theta_of(*[rotation(10 * i) for i in range(batch)])
        want_input, want_theta = input.clone().requires_grad_(), theta.clone().requires_grad_()
        want = rmpe_ext.affine_sample(want_input, want_theta, (4, 6), padding_mode="border") * 2
        input.requires_grad_(), theta.requires_grad_()
        got = transformer(input, theta)
        assert torch.equal(got, want)
        got.square().sum().backward()
        want.square().sum().backward()
        torch.testing.assert_close(input.grad, want_input.grad)
        torch.testing.assert_close(theta.grad, want_theta.grad)
