"""``decode``, native and reference, against the float64 oracle.

Conventions beyond the table are tested in ``test_decode_conventions.py``.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext.conventions import CONVENTIONS
from rmpe_ext.validation import torch_arrays
from rmpe_ext.validation.decode import validate_decode
from tests.ops.implementations import implementations
from tests.oracles import decode as oracle

IMPLEMENTATIONS = implementations("ops")
# But for "megvii", whose peak is that of the blurred map: test_decode_conventions.py.
EVERY_CONVENTION = pytest.mark.parametrize(
    "convention", [name for name, row in CONVENTIONS.items() if not row.blur_first]
)
NEWTON = [name for name, row in CONVENTIONS.items() if row.subpixel in ("dark", "dark_udp")]
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
ALL_DTYPES = pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16]
)
PAIRS = ((1, 2), (3, 5))


def bump(x, y, height=64, width=48, sigma=2.0, value=1.0):
    """A Gaussian (height, width), float64, centered at (x, y)."""
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
    assert keypoints.dtype == scores.dtype == torch.promote_types(heatmaps.dtype, torch.float32)
    want, want_scores = oracle.decode(
        heatmaps.double().numpy(),
        **{k: v.double().numpy() if isinstance(v, torch.Tensor) else v for k, v in options.items()},
    )
    np.testing.assert_array_equal(scores.double().numpy(), want_scores)
    if tolerance is None:
        exact = options.get("convention") not in NEWTON and not {"matrices", "theta"} & set(options)
        tolerance = 0 if exact else 1e-9 if heatmaps.dtype == torch.float64 else 1e-6
    got = keypoints.double().numpy()
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * 64)


@IMPLEMENTATIONS
@EVERY_CONVENTION
@ALL_DTYPES
@pytest.mark.parametrize("content", [people, noise])
@pytest.mark.parametrize(
    "shape",
    [(3, 17, 64, 48), (1, 1, 64, 48), (2, 6, 13, 9), (2, 6, 48, 64), (3, 5, 5, 5), (1, 6, 1, 130)],
    ids=str,
)
def test_equals_the_oracle(ops, convention, dtype, content, shape):
    check(ops, content(shape, dtype=dtype), convention=convention)


@IMPLEMENTATIONS
@EVERY_CONVENTION
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
    check(ops, maps, tolerance=1e-6 if convention in NEWTON else None, convention=convention)


@IMPLEMENTATIONS
@EVERY_CONVENTION
@ALL_DTYPES
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
def test_flipping_shifts_on_an_asymmetric_grid_only(ops):
    """Elsewhere the mirrored pixel of x is W - 1 - x."""
    heatmaps, flipped = torch.zeros(1, 1, 8, 20), torch.zeros(1, 1, 8, 20)
    heatmaps[0, 0, 4, 10], flipped[0, 0, 4, 19 - 10] = 0.5, 0.25
    for convention in ("hourglass", "udp", "dark_udp"):
        _, scores = ops.decode(heatmaps, convention=convention, flipped=flipped, flip_pairs=())
        assert scores.item() == 0.375
    for convention in ("hrnet", "mmpose", "dark", "argmax"):
        _, scores = ops.decode(heatmaps, convention=convention, flipped=flipped, flip_pairs=())
        assert scores.item() == 0.25


@IMPLEMENTATIONS
@EVERY_CONVENTION
@ALL_DTYPES
@pytest.mark.parametrize("matrix_dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "options",
    [{}, {"stride": 8, "offset": 0.5}, {"grid": "half_pixel"}, {"grid": "align_corners"}],
    ids=str,
)
def test_matrices_bring_keypoints_into_the_image(ops, convention, dtype, matrix_dtype, options):
    boxes = torch.tensor([[10.0, 20, 210, 330], [-30, 5, 50, 400]], dtype=torch.float64)
    turn = torch.tensor([0.0, 33.0]).double()
    matrices = rmpe_ext.crop_matrices(boxes, (256, 192), rotation=turn).to(matrix_dtype)
    heatmaps = people((2, 5, 64, 48), 3, dtype)
    check(ops, heatmaps, convention=convention, matrices=matrices, **options)


@IMPLEMENTATIONS
def test_a_decoded_crop_pixel_is_the_image_pixel_it_shows(ops):
    matrices = rmpe_ext.crop_matrices(torch.tensor([[100.0, 50.0, 196.0, 178.0]]), (256, 192))
    keypoints, _ = ops.decode(one(bump(24, 32)), matrices=matrices)  # the crop's center
    torch.testing.assert_close(keypoints[0, 0], torch.tensor([148.0, 114.0]))


@IMPLEMENTATIONS
@EVERY_CONVENTION
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
def test_dark_recovers_the_center_of_a_gaussian(ops, x, y, sigma):
    """Exact for a Gaussian; the blur of a sampled one, cut at 5 pixels, leaves 2e-2 pixels."""
    keypoints, scores = ops.decode(one(bump(x, y, sigma=sigma)), convention="dark")
    np.testing.assert_allclose(keypoints[0, 0].numpy(), [x, y], atol=2e-2)
    assert scores.item() == pytest.approx(bump(x, y, sigma=sigma).max().item())


@IMPLEMENTATIONS
@EVERY_CONVENTION
@pytest.mark.parametrize("x", [0, 1, 2, 3, 8, 9, 10, 11])
@pytest.mark.parametrize("y", [0, 1, 2, 3, 9, 10, 11, 12])
def test_shifts_near_the_border(ops, convention, x, y):
    height, width = 13, 12
    heatmap = bump(x, y, height, width)
    heatmap[y, min(x + 1, width - 1)] += 1e-2
    heatmap[max(y - 1, 0), x] += 1e-2
    heatmap[y, x] = 1.5
    keypoints, _ = ops.decode(one(heatmap), convention=convention)
    shift = (keypoints[0, 0] - torch.tensor([x, y])).tolist()
    if convention == "dark":
        # The zeros beyond the border pull the Newton step inward, so its sign says nothing.
        inside = 1 < x < width - 2 and 1 < y < height - 2
        assert 0.0 not in shift if inside else shift == [0, 0]
    elif convention == "hrnet":
        inside = 1 < x < width - 1 and 1 < y < height - 1
        assert shift == ([0.25, -0.25] if inside else [0, 0])
    elif convention == "hourglass":
        inside = 1 <= x <= width - 2 and 1 <= y <= height - 2
        assert shift == ([0.25, -0.25] if inside else [0, 0])
    elif convention == "mmpose":
        assert shift[0] == (0.25 if 1 < x < width - 1 and 0 < y else 0)
        assert shift[1] == (-0.25 if 1 < y < height - 1 and 0 < x else 0)
    elif convention == "argmax":
        assert shift == [0, 0]
    elif CONVENTIONS[convention].subpixel == "dark_udp":
        assert 0.0 not in shift
    check(ops, one(heatmap), convention=convention)


@IMPLEMENTATIONS
def test_the_quarter_shift_goes_to_the_larger_neighbor(ops):
    for (left, right), (up, down) in [((1, 2), (0, 3)), ((2, 1), (3, 0)), ((1, 1), (-1, -2))]:
        heatmap = torch.zeros(7, 7)
        heatmap[3, 2:5] = torch.tensor([left, 9.0, right])
        heatmap[2, 3], heatmap[4, 3] = up, down
        want = [3 + 0.25 * np.sign(right - left), 3 + 0.25 * np.sign(down - up)]
        assert ops.decode(one(heatmap))[0][0, 0].tolist() == want


@IMPLEMENTATIONS
@EVERY_CONVENTION
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (16, 16), (64, 48), (1, 127), (1, 128), (1, 129)])
@pytest.mark.parametrize("value", [-1.0, 0.0, 2.0, float("inf"), float("-inf")])
def test_constant_map_is_decoded_at_its_first_pixel(ops, convention, size, value):
    keypoints, scores = ops.decode(torch.full((1, 1, *size), value), convention=convention)
    if convention in ("udp", "dark_udp") and value == 2:
        # The zeros beyond the border give the blurred map a slope and a curvature there.
        check(ops, torch.full((1, 1, *size), value).double(), convention=convention)
    elif CONVENTIONS[convention].no_peak == -1 and value <= 0:
        assert keypoints.tolist() == [[[-1, -1]]]
    elif convention == "vitpose":  # its blurred map is flat up to rounding
        torch.testing.assert_close(keypoints, torch.zeros(1, 1, 2), rtol=0, atol=1e-6)
    else:
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
@pytest.mark.parametrize(
    "convention, pixel",
    [
        ("hrnet", 0),
        ("dark", 0),
        ("udp", 0),
        ("dark_udp", 0),
        ("mmpose", -1),
        ("hourglass", -1),
    ],
)
def test_map_without_positive_value(ops, convention, pixel):
    """Scores stay as they are, and the pixel is mapped into the image like any other."""
    heatmaps = torch.full((1, 2, 16, 12), -3.0)
    heatmaps[0, 0, 7, 6], heatmaps[0, 1, 7, 6] = -1.0, 0.0
    matrices = torch.tensor([[[2.0, 0, 10], [0, 2.0, 20]]])
    keypoints, scores = ops.decode(heatmaps, convention=convention)
    assert keypoints.tolist() == [[[pixel, pixel]] * 2]
    assert scores.tolist() == [[-1, 0]]
    keypoints, _ = ops.decode(heatmaps, convention=convention, matrices=matrices)
    crop = 4 * pixel + (1.5 if convention == "hourglass" else 0)
    assert keypoints.tolist() == [[[(crop - 10) / 2, (crop - 20) / 2]] * 2]


@IMPLEMENTATIONS
def test_argmax_takes_the_largest_value_whatever_its_sign(ops):
    heatmaps = torch.full((1, 1, 16, 12), -3.0)
    heatmaps[0, 0, 7, 6] = -1.0
    keypoints, scores = ops.decode(heatmaps, convention="argmax")
    assert (keypoints.tolist(), scores.tolist()) == ([[[6, 7]]], [[-1]])


@IMPLEMENTATIONS
@EVERY_CONVENTION
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
@EVERY_CONVENTION
def test_masked_places_are_no_peak(ops, convention):
    heatmaps = people((2, 3, 64, 48))
    masked = heatmaps.clone()
    masked[:, :, :, :7] = -torch.inf
    keypoints, scores = ops.decode(masked, convention=convention)
    heatmaps[:, :, :, :7] = -1e9
    wanted, maxima = ops.decode(heatmaps, convention=convention)
    torch.testing.assert_close(scores, maxima, rtol=0, atol=0)
    if CONVENTIONS[convention].subpixel.startswith("dark") or CONVENTIONS[convention].blur_first:
        assert ((keypoints > -1) & (keypoints < torch.tensor([48, 64]))).all()
    else:
        assert torch.equal(keypoints, wanted)


@IMPLEMENTATIONS
def test_nan_in_the_mirrored_image_reaches_the_swapped_joint(ops):
    heatmaps, flipped = people((1, 3, 64, 48)), people((1, 3, 64, 48))
    flipped[0, 1, 5, 47] = float("nan")
    flipped[0, 2, 5, 0] = float("nan")  # moves out of the map with the shift
    keypoints, scores = ops.decode(heatmaps, flipped=flipped, flip_pairs=[(0, 1)])
    assert keypoints.isnan().all(2).tolist() == [[True, False, False]]
    assert scores.isnan().tolist() == [[True, False, False]]


@IMPLEMENTATIONS
@EVERY_CONVENTION
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
    for convention in NEWTON:
        check(ops, heatmaps, convention=convention)


@IMPLEMENTATIONS
@pytest.mark.parametrize("convention", list(CONVENTIONS))
def test_masked_places_in_small_maps_are_read_alike(ops, convention):
    """There the blur reaches every pixel from the middle, and no blurred one is finite."""
    generator = torch.Generator().manual_seed(0)
    heatmaps = torch.rand(40, 2, 8, 6, generator=generator)
    heatmaps[torch.rand(heatmaps.shape, generator=generator) < 0.1] = -torch.inf
    heatmaps[:, 0, 3, 3] = -torch.inf
    keypoints, scores = ops.decode(heatmaps, convention=convention)
    middle = keypoints[:, 0]
    assert ((middle > -1) & (middle < torch.tensor([6, 8]))).all()
    wanted = rmpe_ext.decode(heatmaps, convention=convention)
    torch.testing.assert_close((keypoints, scores), tuple(wanted), rtol=0, atol=1e-3)


@IMPLEMENTATIONS
@DTYPES
def test_sums_that_overflow_are_not_nan(ops, dtype):
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
@pytest.mark.parametrize("convention", ["dark", "dark_udp"])
@pytest.mark.parametrize("x, y", [(20.3, 30.6), (0.4, 0.2), (46.8, 62.9)])
def test_the_blurred_map_is_rescaled_before_it_is_limited(ops, convention, x, y):
    """Peaks near the limits, and values below 0 beside a peak, bring them into the result."""
    for value in (1e-12, 2e-9, 1e-8, 1e-6, 1e-3, 2e-3, 5e-3, 0.02, 49.0, 51.0, 60.0, 255.0, 1e6):
        heatmap = bump(x, y, value=value)
        heatmap[10, 10] = value / 2  # the largest value of the blurred map is elsewhere
        heatmap[8:16, 30:38] = 0.9 * value
        check(ops, one(heatmap, torch.float64), convention=convention)
    check(ops, one(bump(x, y, sigma=0.8) - 0.1, torch.float64), convention=convention)


@IMPLEMENTATIONS
@EVERY_CONVENTION
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
@EVERY_CONVENTION
@pytest.mark.parametrize("shape", [(0, 17, 64, 48), (3, 0, 64, 48), (0, 0, 1, 1)], ids=str)
def test_nothing_to_decode(ops, convention, shape):
    heatmaps, matrices = torch.zeros(shape), torch.zeros(shape[0], 2, 3)
    keypoints, scores = ops.decode(
        heatmaps, convention=convention, matrices=matrices, flipped=heatmaps, flip_pairs=()
    )
    assert keypoints.shape == (*shape[:2], 2)
    assert scores.shape == shape[:2]


@IMPLEMENTATIONS
@EVERY_CONVENTION
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_are_decoded_as_float32(ops, convention, dtype):
    heatmaps = people((2, 4, 64, 48)).to(dtype)
    heatmaps[0, 0, 3, 3], heatmaps[0, 1, 3, 3] = float("inf"), float("nan")
    heatmaps[0, 2, :20] = torch.finfo(dtype).smallest_normal / 4
    options = dict(convention=convention, flip_pairs=[(0, 1)])
    got = ops.decode(heatmaps, flipped=heatmaps.flip(3), **options)
    want = ops.decode(heatmaps.float(), flipped=heatmaps.flip(3).float(), **options)
    assert got[0].dtype == got[1].dtype == torch.float32
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)


@IMPLEMENTATIONS
@DTYPES
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("convention", ["hrnet", "hourglass", "udp"])
@pytest.mark.parametrize("with_matrices", [False, True])
@pytest.mark.parametrize("shape", [(3, 5, 64, 48), (2, 3, 1, 1), (2, 2, 9, 1)], ids=str)
def test_theta_leads_back_through_a_transformer(
    ops, dtype, align_corners, convention, with_matrices, shape
):
    theta = torch.tensor(
        [[[0.7, 0.1, 0.2], [-0.2, 0.9, -0.1]], [[1, 0, 0], [0, 1, 0]], [[-1, 0, 0], [0.3, 2, 0]]],
        dtype=dtype,
    )[: shape[0]]
    options = dict(theta=theta)
    if with_matrices:
        boxes = torch.tensor([[10.0, 20, 210, 330]], dtype=torch.float64).expand(shape[0], 4)
        options["matrices"] = rmpe_ext.crop_matrices(boxes, (256, 192), convention=convention)
    heatmaps = people(shape, 3, dtype)
    for stride in (4, 1):
        check(
            ops, heatmaps, convention=convention, align_corners=align_corners, stride=stride,
            **options,
        )  # fmt: skip


@IMPLEMENTATIONS
@pytest.mark.parametrize("align_corners", [False, True])
def test_the_point_that_a_transformer_moved_comes_back(ops, align_corners):
    """A spot in a crop, seen by the network where ``affine_grid`` and ``grid_sample`` put it."""
    crop = bump(70.0, 100.0, 128, 96, sigma=6.0)[None, None]
    theta = torch.tensor([[[0.8, 0.15, 0.1], [-0.1, 0.9, 0.15]]], dtype=torch.float64)
    grid = F.affine_grid(theta, [1, 1, 128, 96], align_corners=align_corners)
    seen = F.grid_sample(crop, grid, align_corners=align_corners)
    keypoints, _ = ops.decode(
        seen, convention="dark_udp", stride=1, theta=theta, align_corners=align_corners
    )
    torch.testing.assert_close(
        keypoints[0, 0], torch.tensor([70.0, 100.0]).double(), rtol=0, atol=0.02
    )


@IMPLEMENTATIONS
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", range(6))
def test_theta_that_is_not_finite_gives_nan_for_that_person_only(ops, bad, place):
    theta = torch.eye(2, 3).repeat(2, 1, 1)
    theta[1].view(-1)[place] = bad
    keypoints, _ = ops.decode(people((2, 3, 16, 12)), theta=theta)
    assert keypoints[0].isfinite().all()
    assert keypoints[1].isnan().all()


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_theta_of_a_half_type(ops, dtype):
    theta = torch.tensor([[[0.75, 0.25, 0.5], [-0.5, 1.0, 0.25]]])
    heatmaps = people((1, 3, 16, 12))
    got = ops.decode(heatmaps, theta=theta.to(dtype))
    assert torch.equal(got[0], ops.decode(heatmaps, theta=theta)[0])


@IMPLEMENTATIONS
@pytest.mark.parametrize("size", [(256, 192), (64, 64)])
@pytest.mark.parametrize("turn", [0.0, 30.0])
@EVERY_CONVENTION
def test_crop_and_decode_of_one_convention_bring_a_point_back(ops, convention, size, turn):
    """A spot in an image, cut out, shrunk as the convention's grid says, and decoded."""
    row = CONVENTIONS[convention]
    box = torch.tensor([[300.0, 200.0, 520.0, 560.0]], dtype=torch.float64)
    rotation = torch.tensor([turn]).double()
    matrices = ops.crop_matrices(box, size, convention=convention, rotation=rotation)
    scale = matrices[0, :, :2].det().sqrt().item()
    for x, y in [(410.0, 380.0), (350.0, 300.0), (470.0, 480.0)]:
        spot = 255 * bump(x, y, 700, 800, sigma=10 / scale)
        image = spot.round().to(torch.uint8)[..., None].expand(-1, -1, 3)
        crops = ops.crop(image[None], matrices, size)[:, :1]
        small = [side // 4 for side in size]
        heatmaps = {
            "asymmetric": lambda crops=crops: crops[..., ::4, ::4],
            "half_pixel": lambda crops=crops: F.avg_pool2d(crops, 4),
            "align_corners": lambda crops=crops, small=small: F.interpolate(
                crops, small, mode="bilinear", align_corners=True
            ),
        }[row.grid]()
        keypoints, _ = ops.decode(heatmaps, convention=convention, matrices=matrices)
        error = (keypoints[0, 0] - torch.tensor([x, y])).abs().max().item() * scale / 4
        # In heatmap pixels: half a pixel by argmax, along either diagonal when turned; with a
        # quarter step, half of that and more; a fit finds the center, but for the border's pull.
        assert error < {"none": 0.72, "quarter": 0.4}.get(row.subpixel, 0.1)


@IMPLEMENTATIONS
@EVERY_CONVENTION
def test_no_shift_is_lost_between_crop_and_decode(ops, convention):
    """The mean error over many places is that of the grid: none, in any convention."""
    row = CONVENTIONS[convention]
    box = torch.tensor([[30.0, 20.0, 222.0, 212.0]], dtype=torch.float64)
    matrices = ops.crop_matrices(box, (192, 192), convention=convention)
    inverse = np.linalg.inv(np.vstack([matrices[0], [0, 0, 1]]))
    errors = []
    for phase in np.linspace(0, 1, 17)[:-1]:
        place = np.array([20 + phase, 25 + phase])  # in heatmap pixels
        crop = {
            "asymmetric": 4 * place,
            "half_pixel": 4 * (place + 0.5) - 0.5,
            "align_corners": place * 191 / 47,
        }[row.grid]
        want = (inverse @ [*crop, 1])[:2]
        heatmaps = bump(*place, 48, 48)[None, None]
        keypoints, _ = ops.decode(heatmaps, convention=convention, matrices=matrices)
        errors.append(keypoints[0, 0].numpy() - want)
    assert np.abs(np.mean(errors, 0)).max() < 0.2


@IMPLEMENTATIONS
def test_results_have_no_gradient(ops):
    heatmaps = people((1, 2, 16, 12)).requires_grad_()
    matrices = torch.eye(2, 3)[None].requires_grad_()
    keypoints, scores = ops.decode(heatmaps, matrices=matrices, flipped=heatmaps, flip_pairs=())
    assert not keypoints.requires_grad
    assert not scores.requires_grad


@EVERY_CONVENTION
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
        (dict(heatmaps=torch.zeros(2, 3, 8, 6).int()), TypeError, "heatmaps must be float32, float64, float16 or bfloat16, got int32"),
        (dict(heatmaps=torch.zeros(2, 3, 0, 6)), ValueError, "heatmaps must have at least one pixel, got 0 x 6"),
        (dict(heatmaps=torch.zeros(2, 3, 8, 0)), ValueError, "heatmaps must have at least one pixel, got 8 x 0"),
        (dict(convention="simcc"), ValueError, "convention must be one of argmax, dark, .*, got 'simcc'"),
        (dict(grid="pytorch"), ValueError, "grid must be one of align_corners, asymmetric, half_pixel, got 'pytorch'"),
        (dict(theta=torch.zeros(2, 6)), ValueError, r"theta must be \(2, 2, 3\) like heatmaps, got \(2, 6\)"),
        (dict(theta=torch.zeros(2, 2, 3).int()), TypeError, "theta must be float32, .* got int32"),
        (dict(theta=torch.zeros(2, 2, 3, device="meta")), ValueError, r"theta must have the device of heatmaps \(cpu\), got meta"),
        (dict(matrices=torch.zeros(3, 2, 3)), ValueError, r"matrices must be \(2, 2, 3\) like heatmaps, got \(3, 2, 3\)"),
        (dict(matrices=torch.zeros(2, 2, 3).half()), TypeError, "matrices must be float32 or float64, got float16"),
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


def raw(**change):
    """The arguments of the flat op, as a convention lowers them."""
    heatmaps = change.pop("heatmaps", torch.zeros(2, 3, 8, 6))
    names = (
        "heatmaps", "matrices", "theta", "flipped", "swapped_joint", "subpixel", "refinement",
        "grid", "stride", "offset", "align_corners",
    )  # fmt: skip
    options = {
        name: change.pop(name) for name in ("convention", "matrices", "theta") if name in change
    }
    lowered = validate_decode(
        torch_arrays, heatmaps, options.get("convention", "hrnet"), options.get("matrices"),
        heatmaps.flip(3), [(0, 1)], 4, None, None, options.get("theta"), False,
    )  # fmt: skip
    return tuple((dict(zip(names, lowered, strict=True)) | change).values())


@ALL_DTYPES
@EVERY_CONVENTION
def test_opcheck(dtype, convention):
    """Schema, fake kernel and dispatch, as PyTorch checks them."""
    rmpe_ext.decode(torch.zeros(1, 1, 1, 1))  # registers the op
    op = torch.ops.rmpe_ext.decode.default
    heatmaps = people((2, 3, 16, 12), dtype=dtype)
    torch.library.opcheck(op, raw(heatmaps=heatmaps, convention=convention, flipped=None))
    matrices = torch.eye(2, 3).expand(2, 2, 3)
    arguments = raw(heatmaps=heatmaps, convention=convention, matrices=matrices, theta=matrices)
    torch.library.opcheck(op, arguments)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(swapped_joint=[0, 1]), "swapped_joint must have 3 values"),
        (dict(swapped_joint=[0, 1, 3]), "swapped_joint must be in 0..2, got 3"),
        (dict(subpixel="cubic"), "subpixel must be none, quarter, dark or dark_udp, got cubic"),
        (dict(refinement=[1.0] * 7), "refinement must have 8 values, or 15 and the weights of a blur"),
        (dict(refinement=[1.0] * 15), "refinement must have 8 values, or 15 and"),
        (dict(subpixel="dark", refinement=[1.0] * 17), "the blur must have an odd number of weights"),
        (dict(subpixel="dark", refinement=[1.0] * 50), "the blur must have an odd number of weights, at most 33"),
        (dict(subpixel="dark", refinement=[1.0] * 8 + [4.0] * 8), "the blur's border must be in 0..3"),
        (dict(refinement=[0.0, 1, 1, 1, 1, 1, 1, 1]), "margins must be at least 0, and along the axis of a"),
        (dict(refinement=[1.0, 0, 1, 1, 1, 1, 1, 1]), "margins must be at least 0, and along the axis of a"),
        (dict(refinement=[1.0, 1, 0, -1, 1, 1, 1, 1]), "margins must be at least 0"),
        (dict(subpixel="dark", refinement=[1.0, 1, 1, 1, 1, 1, 0, 1]), "the blur's sigma must be above 0"),
        (dict(grid="pytorch"), "grid must be asymmetric, half_pixel or align_corners, got pytorch"),
        (dict(flipped=torch.zeros(2, 3, 8, 5)), "flipped must have the shape and dtype of"),
        (dict(flipped=torch.zeros(2, 3, 8, 6).half()), "flipped must have the shape and dtype of"),
    ],
)  # fmt: skip
def test_the_raw_op_refuses_what_it_cannot_read(change, message):
    if rmpe_ext.backend().mode != "native":
        pytest.skip("guards the raw pointers of the native library")
    rmpe_ext.decode(torch.zeros(1, 1, 1, 1))  # registers the op
    with pytest.raises(RuntimeError, match=message):
        torch.ops.rmpe_ext.decode.default(*raw(**change))


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("matrices", torch.zeros(1, 2, 3), r"matrices must be \(N, 2, 3\)"),
        ("theta", torch.zeros(1, 2, 3), r"theta must be \(N, 2, 3\)"),
        ("theta", torch.zeros(2, 2, 3).half(), "theta must be float32 or float64"),
        ("heatmaps", torch.zeros(2, 3, 8, 0), "heatmaps must have at least one pixel"),
        ("heatmaps", torch.zeros(2, 3, 8, 6).int(), "must be float32, float64, float16 or bfloat16"),
    ],
)  # fmt: skip
def test_the_raw_op_refuses_tensors_it_cannot_read(name, value, message):
    if rmpe_ext.backend().mode != "native":
        pytest.skip("guards the raw pointers of the native library")
    place = {"heatmaps": 0, "matrices": 1, "theta": 2}[name]
    arguments = list(raw(flipped=None))
    arguments[place] = value
    with pytest.raises(RuntimeError, match=message):
        torch.ops.rmpe_ext.decode.default(*arguments)
