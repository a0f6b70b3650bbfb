"""``decode``, native and reference, against the float64 oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from tests.oracles import decode as oracle

IMPLEMENTATIONS = pytest.mark.parametrize("ops", [rmpe_ext, reference], ids=["native", "reference"])
CONVENTIONS = pytest.mark.parametrize("convention", ["hrnet", "dark"])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
PAIRS = ((1, 2), (3, 5))


def bump(x, y, height=64, width=48, sigma=2.0, value=1.0):
    """A Gaussian (height, width), float64, centred at (x, y)."""
    rows, columns = np.mgrid[:height, :width]
    squared = (columns - x) ** 2 + (rows - y) ** 2
    return torch.from_numpy(value * np.exp(-squared / (2 * sigma**2)))


def people(shape, seed=0, dtype=torch.float32):
    """Heatmaps as networks give them: a bump for each joint over noise of either sign."""
    count, joints, height, width = shape
    rng = np.random.default_rng(seed)
    maps = []
    for _ in range(count * joints):
        (x, y), sigma, value = rng.uniform(0, [width, height]), rng.uniform(1, 3), rng.uniform(0.1)
        maps.append(bump(x, y, height, width, sigma, value))
    noise = torch.from_numpy(rng.normal(0, 0.02, shape))
    return (torch.stack(maps).view(shape) + noise).to(dtype)


def noise(shape, seed=0, dtype=torch.float32):
    """Multiples of 1/256, so that averages are exact in float32, and many values tie."""
    values = np.random.default_rng(seed).integers(-128, 128, shape) / 256
    return torch.from_numpy(values).to(dtype)


def one(heatmap, dtype=torch.float32):
    return torch.as_tensor(heatmap, dtype=dtype)[None, None]


def check(ops, heatmaps, tolerance=None, **options):
    """Keypoints and scores equal the oracle's; scores and quarter shifts to the last bit."""
    keypoints, scores = ops.decode(heatmaps, **options)
    assert keypoints.dtype == scores.dtype == heatmaps.dtype
    want, want_scores = oracle.decode(
        heatmaps.double().numpy(),
        **{k: v.double().numpy() if isinstance(v, torch.Tensor) else v for k, v in options.items()},
    )
    np.testing.assert_array_equal(scores.double().numpy(), want_scores)
    if tolerance is None:
        exact = options.get("convention", "hrnet") == "hrnet" and "matrices" not in options
        tolerance = 0 if exact else 1e-6 if heatmaps.dtype == torch.float32 else 1e-9
    got = keypoints.double().numpy()
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * 64)


@IMPLEMENTATIONS
@CONVENTIONS
@DTYPES
@pytest.mark.parametrize("content", [people, noise])
@pytest.mark.parametrize(
    "shape",
    [(3, 17, 64, 48), (1, 1, 64, 48), (2, 6, 13, 9), (2, 6, 48, 64), (3, 5, 5, 5), (1, 6, 1, 130)],
    ids=str,
)
def test_equals_the_oracle(ops, convention, dtype, content, shape):
    check(ops, content(shape, dtype=dtype), convention=convention)


@IMPLEMENTATIONS
@CONVENTIONS
@settings(max_examples=80, deadline=None)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    seed=st.integers(0, 10**6),
    levels=st.sampled_from([2, 5, 1000]),
)
def test_any_map_with_any_ties(ops, convention, height, width, seed, levels):
    """From maps of two values, where nearly everything ties, to maps where nothing does."""
    rng = np.random.default_rng(seed)
    maps = torch.from_numpy(rng.integers(-levels // 2, levels, (2, 3, height, width)) / levels)
    # A Newton step amplifies rounding by as much as the Hessian is near to singular.
    check(ops, maps, tolerance=1e-6 if convention == "dark" else None, convention=convention)


@IMPLEMENTATIONS
@CONVENTIONS
@DTYPES
@pytest.mark.parametrize(
    "shape", [(3, 6, 64, 48), (2, 6, 7, 5), (2, 6, 4, 1), (2, 6, 1, 9)], ids=str
)
def test_flip_averaging(ops, convention, dtype, shape):
    heatmaps, flipped = noise(shape, 1, dtype), noise(shape, 2, dtype)
    check(ops, heatmaps, convention=convention, flipped=flipped, flip_pairs=PAIRS)
    check(ops, heatmaps, convention=convention, flipped=flipped, flip_pairs=())


@IMPLEMENTATIONS
def test_flipping_finds_a_joint_that_both_images_show(ops):
    """Joint 0 at x = 10 is joint 1 of the mirrored image, one pixel left of the mirrored place."""
    heatmaps, flipped = torch.zeros(1, 2, 8, 20), torch.zeros(1, 2, 8, 20)
    heatmaps[0, 0, 4, 10] = 0.5
    flipped[0, 1, 4, 20 - 10] = 0.25
    keypoints, scores = ops.decode(heatmaps, flipped=flipped, flip_pairs=[(0, 1)])
    assert keypoints[0, 0].tolist() == [10, 4]
    assert scores.tolist() == [[0.375, 0.0]]


@IMPLEMENTATIONS
@CONVENTIONS
@DTYPES
@pytest.mark.parametrize("matrix_dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("options", [{}, {"stride": 8, "offset": 0.5}])
def test_matrices_bring_keypoints_into_the_image(ops, convention, dtype, matrix_dtype, options):
    boxes = torch.tensor([[10.0, 20, 210, 330], [-30, 5, 50, 400]], dtype=torch.float64)
    turn = torch.tensor([0.0, 33.0]).double()
    matrices = rmpe_ext.crop_matrices(boxes, (256, 192), rotation=turn).to(matrix_dtype)
    heatmaps = people((2, 5, 64, 48), 3, dtype)
    check(ops, heatmaps, convention=convention, matrices=matrices, **options)


@IMPLEMENTATIONS
def test_a_decoded_crop_pixel_is_the_image_pixel_it_shows(ops):
    matrices = rmpe_ext.crop_matrices(torch.tensor([[100.0, 50.0, 196.0, 178.0]]), (256, 192))
    keypoints, _ = ops.decode(one(bump(24, 32)), matrices=matrices)  # the crop's centre
    torch.testing.assert_close(keypoints[0, 0], torch.tensor([148.0, 114.0]))


@IMPLEMENTATIONS
@CONVENTIONS
@DTYPES
@pytest.mark.parametrize(
    "bad", [((0, 0, 0), (0, 0, 0)), ((1, 2, 0), (2, 4, 0)), ((1, 0, float("nan")), (0, 1, 0)),
            ((1, 0, 0), (0, 1, float("inf"))), ((float("inf"), 0, 0), (0, 1, 0))],
)  # fmt: skip
def test_matrix_without_inverse_gives_nan_for_that_person_only(ops, convention, dtype, bad):
    matrices = torch.tensor([((2.0, 0, 1), (0, 2, 3)), bad], dtype=dtype)
    keypoints, scores = ops.decode(
        people((2, 3, 64, 48), dtype=dtype), convention=convention, matrices=matrices
    )
    assert keypoints[0].isfinite().all()
    assert keypoints[1].isnan().all()
    assert scores.isfinite().all()


@IMPLEMENTATIONS
@pytest.mark.parametrize("x, y", [(24.3, 30.8), (5.0, 5.0), (40.49, 57.5), (10.7, 20.0)])
@pytest.mark.parametrize("sigma", [1.5, 2.0, 3.0])
def test_dark_recovers_the_centre_of_a_gaussian(ops, x, y, sigma):
    """Exact for a Gaussian; the blur of a sampled one, cut at 5 pixels, leaves 2e-2 pixels."""
    keypoints, scores = ops.decode(one(bump(x, y, sigma=sigma)), convention="dark")
    np.testing.assert_allclose(keypoints[0, 0].numpy(), [x, y], atol=2e-2)
    assert scores.item() == pytest.approx(bump(x, y, sigma=sigma).max().item())


@IMPLEMENTATIONS
@CONVENTIONS
@pytest.mark.parametrize("x", [0, 1, 2, 3, 8, 9, 10, 11])
@pytest.mark.parametrize("y", [0, 1, 2, 3, 9, 10, 11, 12])
def test_no_shift_near_the_border(ops, convention, x, y):
    """Both axes shift where both coordinates are inside, and neither does elsewhere."""
    height, width = 13, 12
    heatmap = bump(x, y, height, width)
    heatmap[y, min(x + 1, width - 1)] += 1e-2
    heatmap[max(y - 1, 0), x] += 1e-2
    heatmap[y, x] = 1.5
    keypoints, _ = ops.decode(one(heatmap), convention=convention)
    shift = (keypoints[0, 0] - torch.tensor([x, y])).tolist()
    margin = 1 if convention == "hrnet" else 2
    if 1 < x < width - margin and 1 < y < height - margin:
        # The zeros beyond the border pull the Newton step inward, so its sign says nothing.
        assert shift == [0.25, -0.25] if convention == "hrnet" else 0.0 not in shift
    else:
        assert shift == [0, 0]
    check(ops, one(heatmap), convention=convention)


@IMPLEMENTATIONS
def test_the_quarter_shift_goes_to_the_larger_neighbour(ops):
    for (left, right), (up, down) in [((1, 2), (0, 3)), ((2, 1), (3, 0)), ((1, 1), (-1, -2))]:
        heatmap = torch.zeros(7, 7)
        heatmap[3, 2:5] = torch.tensor([left, 9.0, right])
        heatmap[2, 3], heatmap[4, 3] = up, down
        want = [3 + 0.25 * np.sign(right - left), 3 + 0.25 * np.sign(down - up)]
        assert ops.decode(one(heatmap))[0][0, 0].tolist() == want


@IMPLEMENTATIONS
@CONVENTIONS
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (16, 16), (64, 48), (1, 127), (1, 128), (1, 129)])
@pytest.mark.parametrize("value", [-1.0, 0.0, 2.0, float("inf"), float("-inf")])
def test_constant_map_is_decoded_at_its_first_pixel(ops, convention, size, value):
    keypoints, scores = ops.decode(torch.full((1, 1, *size), value), convention=convention)
    assert keypoints.tolist() == [[[0, 0]]]
    assert scores.tolist() == [[value]]


@IMPLEMENTATIONS
@DTYPES
@pytest.mark.parametrize("first", [0, 1, 63, 64, 127, 128, 129, 255, 256, 3069, 3070])
def test_the_first_of_equal_maxima_wins(ops, dtype, first):
    for second in (first + 1, 3071):
        heatmaps = torch.zeros(1, 1, 64, 48, dtype=dtype)
        heatmaps.view(-1)[[first, second]] = 1.0
        keypoints, _ = ops.decode(heatmaps)
        assert keypoints.round().tolist() == [[[first % 48, first // 48]]]


@IMPLEMENTATIONS
@CONVENTIONS
def test_map_without_positive_value_is_decoded_at_its_origin(ops, convention):
    """Scores stay as they are, and the origin is mapped into the image like any other pixel."""
    heatmaps = torch.full((1, 2, 16, 12), -3.0)
    heatmaps[0, 0, 7, 6], heatmaps[0, 1, 7, 6] = -1.0, 0.0
    matrices = torch.tensor([[[2.0, 0, 10], [0, 2.0, 20]]])
    keypoints, scores = ops.decode(heatmaps, convention=convention)
    assert keypoints.tolist() == [[[0, 0], [0, 0]]]
    assert scores.tolist() == [[-1, 0]]
    keypoints, _ = ops.decode(heatmaps, convention=convention, matrices=matrices)
    assert keypoints.tolist() == [[[-5, -10], [-5, -10]]]


@IMPLEMENTATIONS
@CONVENTIONS
@DTYPES
@pytest.mark.parametrize("where", [0, 100, 127, 128, 3000, 3071])
@pytest.mark.parametrize("others", [1.0, float("inf")])
def test_nan_anywhere_gives_nan_for_that_joint_only(ops, convention, dtype, where, others):
    heatmaps = people((1, 3, 64, 48), dtype=dtype)
    heatmaps[0, 1, 30, 20], heatmaps[0, 1, 30, 21] = others, -others
    heatmaps[0, 1].view(-1)[where] = float("nan")
    keypoints, scores = ops.decode(heatmaps, convention=convention)
    assert keypoints.isnan().all(2).tolist() == [[False, True, False]]
    assert scores.isnan().tolist() == [[False, True, False]]


@IMPLEMENTATIONS
def test_nan_in_the_mirrored_image_reaches_the_swapped_joint(ops):
    heatmaps, flipped = people((1, 3, 64, 48)), people((1, 3, 64, 48))
    flipped[0, 1, 5, 47] = float("nan")
    flipped[0, 2, 5, 0] = float("nan")  # moves out of the map with the shift
    keypoints, scores = ops.decode(heatmaps, flipped=flipped, flip_pairs=[(0, 1)])
    assert keypoints.isnan().all(2).tolist() == [[True, False, False]]
    assert scores.isnan().tolist() == [[True, False, False]]


@IMPLEMENTATIONS
@CONVENTIONS
@DTYPES
@pytest.mark.parametrize("around", [0.0, float("inf"), float("-inf"), -1e30])
def test_infinity_is_a_score_like_any_other(ops, convention, dtype, around):
    heatmap = bump(20, 30).to(dtype)
    heatmap[10, 12], heatmap[40, 40] = float("inf"), -float("inf")
    heatmap[10, 13] = around
    keypoints, scores = ops.decode(heatmap[None, None], convention=convention)
    assert scores.tolist() == [[float("inf")]]
    assert keypoints[0, 0].round().tolist() == [12, 10]
    check(ops, heatmap[None, None], convention=convention)


@IMPLEMENTATIONS
@DTYPES
def test_masked_surroundings(ops, dtype):
    """Minus infinity beside a peak counts as the floor of dark."""
    heatmaps = people((1, 4, 64, 48), 5, dtype)
    heatmaps[..., 24:] = -float("inf")
    check(ops, heatmaps, convention="dark")


@IMPLEMENTATIONS
@DTYPES
def test_sums_that_overflow_are_no_nan(ops, dtype):
    heatmaps = torch.zeros(1, 1, 64, 48, dtype=dtype)
    heatmaps[0, 0, :32], heatmaps[0, 0, 32:] = -torch.finfo(dtype).max, torch.finfo(dtype).max
    keypoints, scores = ops.decode(heatmaps)
    assert keypoints.tolist() == [[[0, 32]]]
    assert scores.item() == torch.finfo(dtype).max


@IMPLEMENTATIONS
@pytest.mark.parametrize("angle", ["row", "column", "diagonal"])
def test_dark_takes_no_step_along_a_ridge(ops, angle):
    """A ridge has no curvature along itself: the Hessian is singular."""
    rows, columns = np.mgrid[:40, :40]
    across = {"row": rows - 20.0, "column": columns - 20.0, "diagonal": (columns - rows) / 2}[angle]
    heatmap = np.exp(-(across**2) / 8)
    heatmap[20, 20] = 1.0 + 1e-12  # the peak, in the middle
    keypoints, _ = ops.decode(one(heatmap, torch.float64), convention="dark")
    torch.testing.assert_close(keypoints[0, 0].round(), torch.tensor([20.0, 20.0]).double())


@IMPLEMENTATIONS
def test_dark_rescales_before_the_floor(ops):
    """Peaks near 1e-10, and values below 0 beside a peak, bring the floor into the result."""
    for value in (1e-6, 1e-8, 2e-9, 1e-12):
        check(ops, one(bump(20.3, 30.6, value=value), torch.float64), convention="dark")
    check(ops, one(bump(20.3, 30.6, sigma=0.8) - 0.1, torch.float64), convention="dark")


@IMPLEMENTATIONS
@CONVENTIONS
def test_strided_inputs(ops, convention):
    """Every view gives the same as its copy: slices, stacks, channels-last, transposed maps."""
    stacks = people((4, 8, 16, 12), 1).view(4, 2, 4, 16, 12)
    views = [
        stacks[:, -1],
        stacks[1:4:2, 0],
        stacks[:, 0, 1:3],
        stacks[:, 0].transpose(2, 3),
        stacks[:, 1, :, 2:14, 3:11],
        stacks[:, 1].flip(3),
        stacks[:, 0].contiguous(memory_format=torch.channels_last),
        stacks[:1, 0].expand(3, 4, 16, 12),
        stacks[:, 0, :, :1],
        stacks[:, 0, :, :, :1],
    ]
    for view in views:
        matrices = torch.tensor([[2.0, 1, 3], [0.5, 3, 4]]).expand(len(view), 2, 3)
        flipped = view.flip(0)
        want = ops.decode(
            view.clone(memory_format=torch.contiguous_format),
            convention=convention, matrices=matrices.contiguous(),
            flipped=flipped.contiguous(), flip_pairs=[(0, 1)],
        )  # fmt: skip
        got = ops.decode(
            view, convention=convention, matrices=matrices, flipped=flipped, flip_pairs=[(0, 1)]
        )
        for a, b in zip(got, want, strict=True):
            assert torch.equal(a, b)


@IMPLEMENTATIONS
@CONVENTIONS
@pytest.mark.parametrize("shape", [(0, 17, 64, 48), (3, 0, 64, 48), (0, 0, 1, 1)], ids=str)
def test_nothing_to_decode(ops, convention, shape):
    heatmaps, matrices = torch.zeros(shape), torch.zeros(shape[0], 2, 3)
    keypoints, scores = ops.decode(
        heatmaps, convention=convention, matrices=matrices, flipped=heatmaps, flip_pairs=()
    )
    assert keypoints.shape == (*shape[:2], 2)
    assert scores.shape == shape[:2]


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_are_decoded_as_float32(ops, dtype):
    heatmaps = people((2, 4, 64, 48)).to(dtype)
    options = dict(convention="dark", flip_pairs=[(0, 1)])
    got = ops.decode(heatmaps, flipped=heatmaps.flip(3), **options)
    want = ops.decode(heatmaps.float(), flipped=heatmaps.flip(3).float(), **options)
    assert got[0].dtype == got[1].dtype == torch.float32
    for a, b in zip(got, want, strict=True):
        assert torch.equal(a, b)


@IMPLEMENTATIONS
def test_results_have_no_gradient(ops):
    heatmaps = people((1, 2, 16, 12)).requires_grad_()
    matrices = torch.eye(2, 3)[None].requires_grad_()
    keypoints, scores = ops.decode(heatmaps, matrices=matrices, flipped=heatmaps, flip_pairs=())
    assert not keypoints.requires_grad
    assert not scores.requires_grad


@CONVENTIONS
def test_threads_do_not_change_the_result(convention):
    heatmaps = people((30, 17, 64, 48))
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(rmpe_ext.decode(heatmaps, convention=convention))
    finally:
        torch.set_num_threads(before)
    for keypoints, scores in results[1:]:
        assert torch.equal(keypoints, results[0][0])
        assert torch.equal(scores, results[0][1])


GOOD = dict(heatmaps=torch.zeros(2, 3, 8, 6))
FLIP = dict(flipped=torch.zeros(2, 3, 8, 6))


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(heatmaps=np.zeros((2, 3, 8, 6))), TypeError, "heatmaps must be a torch.Tensor, got ndarray"),
        (dict(heatmaps=torch.zeros(3, 8, 6)), ValueError, r"heatmaps must be \(N, K, H, W\), got \(3, 8, 6\)"),
        (dict(heatmaps=torch.zeros(2, 3, 8, 6).int()), TypeError, "heatmaps must be float32, float64, float16, bfloat16, got int32"),
        (dict(heatmaps=torch.zeros(2, 3, 0, 6)), ValueError, "heatmaps must have at least one pixel, got 0 x 6"),
        (dict(heatmaps=torch.zeros(2, 3, 8, 0)), ValueError, "heatmaps must have at least one pixel, got 8 x 0"),
        (dict(convention="simcc"), ValueError, "convention must be one of dark, hrnet.*, got 'simcc'"),
        (dict(matrices=torch.zeros(3, 2, 3)), ValueError, r"matrices must be \(2, 2, 3\) like heatmaps, got \(3, 2, 3\)"),
        (dict(matrices=torch.zeros(2, 2, 3).half()), TypeError, "matrices must be float32, float64, got float16"),
        (dict(matrices=torch.zeros(2, 2, 3, device="meta")), ValueError, r"matrices must have the device of heatmaps \(cpu\), got meta"),
        (dict(stride=0), ValueError, "stride must be above 0 and finite, got 0"),
        (dict(stride=float("nan")), ValueError, "stride must be above 0 and finite, got nan"),
        (dict(offset=float("inf")), ValueError, "offset must be finite, got inf"),
        (dict(flipped=torch.zeros(2, 3, 8, 5), flip_pairs=()), ValueError, r"flipped must be \(2, 3, 8, 6\) like heatmaps, got \(2, 3, 8, 5\)"),
        (dict(flipped=torch.zeros(2, 3, 8, 6).double(), flip_pairs=()), ValueError, r"flipped must have the dtype of heatmaps \(torch.float32\), got torch.float64"),
        (dict(flipped=torch.zeros(2, 3, 8, 6, device="meta"), flip_pairs=()), ValueError, "flipped must have the device of heatmaps"),
        (dict(**FLIP), ValueError, "flip_pairs must name the left and right joints when flipped is given; pass ()"),
        (dict(**FLIP, flip_pairs=[(0, 1, 2)]), ValueError, r"flip_pairs must be pairs of joints, got \(0, 1, 2\)"),
        (dict(**FLIP, flip_pairs=[(0, 3)]), ValueError, "flip_pairs must be joints in 0..2, got 3"),
        (dict(**FLIP, flip_pairs=[(-1, 0)]), ValueError, "flip_pairs must be joints in 0..2, got -1"),
        (dict(**FLIP, flip_pairs=[(0, 1), (1, 2)]), ValueError, "flip_pairs must name a joint once, got 1 twice"),
        (dict(**FLIP, flip_pairs=[(1, 1)]), ValueError, "flip_pairs must name a joint once, got 1 twice"),
    ],
)  # fmt: skip
def test_errors_name_the_argument(ops, change, error, message):
    arguments = GOOD | change
    with pytest.raises(error, match=message):
        ops.decode(arguments.pop("heatmaps"), **arguments)


@IMPLEMENTATIONS
def test_a_crop_convention_is_no_decode_convention(ops):
    with pytest.raises(ValueError, match="convention must be one of dark, hrnet.*, got 'udp'"):
        ops.decode(torch.zeros(1, 1, 4, 4), convention="udp")


@DTYPES
@pytest.mark.parametrize("subpixel", ["quarter", "taylor"])
def test_opcheck(dtype, subpixel):
    """Schema, fake kernel and dispatch, as PyTorch checks them."""
    rmpe_ext.decode(torch.zeros(1, 1, 1, 1))  # registers the op
    heatmaps = people((2, 3, 16, 12), dtype=dtype)
    op = torch.ops.rmpe_ext.decode.default
    torch.library.opcheck(op, (heatmaps, None, None, [], subpixel, True, 4.0, 0.0))
    matrices = torch.eye(2, 3).expand(2, 2, 3)
    torch.library.opcheck(
        op, (heatmaps, matrices, heatmaps.flip(3), [1, 0, 2], subpixel, True, 4.0, 0.5)
    )


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(swapped_joint=[0, 1]), "swapped_joint must have 3 values"),
        (dict(swapped_joint=[0, 1, 3]), "swapped_joint must be in 0..2, got 3"),
        (dict(subpixel="cubic"), "subpixel must be quarter or taylor"),
        (dict(flipped=torch.zeros(2, 3, 8, 5)), "flipped must have the shape and dtype of heatmaps"),
        (dict(matrices=torch.zeros(1, 2, 3)), r"matrices must be \(N, 2, 3\)"),
        (dict(heatmaps=torch.zeros(2, 3, 8, 0)), "heatmaps must have at least one pixel"),
        (dict(heatmaps=torch.zeros(2, 3, 8, 6).half()), "heatmaps must be float32 or float64"),
    ],
)
def test_the_raw_op_refuses_what_it_cannot_read(change, message):
    if rmpe_ext.backend().mode != "native":
        pytest.skip("guards the raw pointers of the native library")
    rmpe_ext.decode(torch.zeros(1, 1, 1, 1))  # registers the op
    arguments = dict(
        heatmaps=torch.zeros(2, 3, 8, 6), matrices=None, flipped=torch.zeros(2, 3, 8, 6),
        swapped_joint=[0, 1, 2], subpixel="quarter", flip_shift=True, stride=4.0, offset=0.0,
    )  # fmt: skip
    with pytest.raises(RuntimeError, match=message):
        torch.ops.rmpe_ext.decode.default(*(arguments | change).values())


@CONVENTIONS
def test_compiles_in_one_graph(convention):
    @torch.compile(fullgraph=True)
    def read(heatmaps, flipped, matrices):
        keypoints, scores = rmpe_ext.decode(
            heatmaps * 2, convention=convention, matrices=matrices, flipped=flipped * 2,
            flip_pairs=[(0, 1)],
        )  # fmt: skip
        return keypoints + 1, scores

    heatmaps, flipped = people((2, 3, 16, 12), 1), people((2, 3, 16, 12), 2)
    matrices = torch.tensor([[2.0, 0.1, 3], [0.2, 2.0, 4]]).expand(2, 2, 3)
    keypoints, scores = rmpe_ext.decode(
        heatmaps * 2, convention=convention, matrices=matrices, flipped=flipped * 2,
        flip_pairs=[(0, 1)],
    )  # fmt: skip
    got = read(heatmaps, flipped, matrices)
    assert torch.equal(got[0], keypoints + 1)
    assert torch.equal(got[1], scores)
