"""``decode_simcc``, native and reference, against the float64 oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
from tests.ops.implementations import implementations
from tests.oracles import decode_simcc as oracle

IMPLEMENTATIONS = implementations("ops")
DTYPES = pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16]
)


def noise(shape, seed=0, dtype=torch.float32):
    """Multiples of 1/256, so that averages are exact in float32, and many values tie."""
    values = np.random.default_rng(seed).integers(-128, 128, shape) / 256
    return torch.from_numpy(values).to(dtype)


def numbers(value):
    if isinstance(value, torch.Tensor):
        return value.double().numpy()
    if isinstance(value, tuple) and value and isinstance(value[0], torch.Tensor):
        return tuple(numbers(v) for v in value)
    return value


def check(ops, x_maps, y_maps, **options):
    """Scores and, in crop pixels, keypoints to the last bit."""
    keypoints, scores = ops.decode_simcc(x_maps, y_maps, **options)
    assert keypoints.dtype == scores.dtype == torch.promote_types(x_maps.dtype, torch.float32)
    want, want_scores = oracle.decode_simcc(
        numbers(x_maps), numbers(y_maps), **{k: numbers(v) for k, v in options.items()}
    )
    np.testing.assert_array_equal(scores.double().numpy(), want_scores)
    in_crop = not {"matrices", "theta"} & set(options) and options.get("split_ratio", 2.0) == 2.0
    tolerance = 0 if in_crop else 1e-9 if x_maps.dtype == torch.float64 else 1e-6
    got = keypoints.double().numpy()
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * 256)


@IMPLEMENTATIONS
@DTYPES
@pytest.mark.parametrize("width, height", [(384, 512), (1, 1), (127, 129), (65, 3)])
@pytest.mark.parametrize("split_ratio", [2.0, 1, 3.0])
def test_equals_the_oracle(ops, dtype, width, height, split_ratio):
    x_maps, y_maps = noise((3, 5, width), 1, dtype), noise((3, 5, height), 2, dtype)
    check(ops, x_maps, y_maps, split_ratio=split_ratio)
    flipped = noise((3, 5, width), 3, dtype), noise((3, 5, height), 4, dtype)
    check(ops, x_maps, y_maps, flipped=flipped, flip_pairs=[(1, 2), (0, 4)])
    theta = torch.tensor([[0.7, 0.1, 0.2], [-0.2, 0.9, -0.1]]).expand(3, 2, 3)
    matrices = torch.tensor([[2.0, 0.5, 3], [-0.3, 1.5, 7]]).expand(3, 2, 3)
    for align_corners in (False, True):
        check(
            ops, x_maps, y_maps, matrices=matrices, theta=theta, align_corners=align_corners,
            split_ratio=split_ratio,
        )  # fmt: skip
    check(ops, x_maps, y_maps, matrices=matrices)
    for score in ("min", "mean", "max"):
        check(ops, x_maps, y_maps, score=score)
        check(ops, x_maps, y_maps, score=score, flipped=flipped, flip_pairs=[(1, 2), (0, 4)])


@IMPLEMENTATIONS
@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    seed=st.integers(0, 10**6),
    levels=st.sampled_from([2, 5, 1000]),
)
def test_any_vectors_with_any_ties(ops, width, height, seed, levels):
    rng = np.random.default_rng(seed)
    x_maps, y_maps = (
        torch.from_numpy(rng.integers(-levels // 2, levels, (2, 3, size)) / levels)
        for size in (width, height)
    )
    check(ops, x_maps, y_maps)


@IMPLEMENTATIONS
def test_the_score_is_the_smaller_maximum(ops):
    x_maps, y_maps = torch.zeros(1, 2, 20), torch.zeros(1, 2, 30)
    x_maps[0, 0, 7], y_maps[0, 0, 9] = 0.75, 0.5
    x_maps[0, 1, 8], y_maps[0, 1, 10] = 0.25, 0.5
    keypoints, scores = ops.decode_simcc(x_maps, y_maps)
    assert keypoints.tolist() == [[[3.5, 4.5], [4.0, 5.0]]]
    assert scores.tolist() == [[0.5, 0.25]]


@IMPLEMENTATIONS
@pytest.mark.parametrize("x_value, y_value", [(0.0, 1.0), (1.0, -1.0), (-2.0, -1.0), (0.0, 0.0)])
def test_without_a_score_above_0_both_bins_are_minus_1(ops, x_value, y_value):
    maps = torch.full((1, 1, 20), x_value), torch.full((1, 1, 30), y_value)
    keypoints, scores = ops.decode_simcc(*maps)
    assert keypoints.tolist() == [[[-0.5, -0.5]]]
    assert scores.tolist() == [[min(x_value, y_value)]]


@IMPLEMENTATIONS
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("place", [0, 10, 29])
def test_nan_in_either_vector_gives_nan_for_that_joint_only(ops, axis, place):
    maps = noise((1, 3, 30), 1), noise((1, 3, 30), 2)
    maps[axis][0, 1, place] = float("nan")
    keypoints, scores = ops.decode_simcc(*maps)
    assert keypoints.isnan().all(2).tolist() == [[False, True, False]]
    assert scores.isnan().tolist() == [[False, True, False]]


@IMPLEMENTATIONS
@pytest.mark.parametrize("name", ["matrices", "theta"])
def test_a_map_without_answer_gives_nan_for_that_person_only(ops, name):
    maps = torch.eye(2, 3).repeat(2, 1, 1)
    maps[1] = 0 if name == "matrices" else float("inf")
    keypoints, _ = ops.decode_simcc(noise((2, 3, 20)), noise((2, 3, 30)), **{name: maps})
    assert keypoints[0].isfinite().all()
    assert keypoints[1].isnan().all()


@IMPLEMENTATIONS
def test_strided_inputs(ops):
    maps = noise((4, 8, 40), 1)
    for view in (maps[1:3, ::2], maps[..., ::2], maps.transpose(0, 1), maps[:1].expand(3, 8, 40)):
        got = ops.decode_simcc(view, view, flipped=(view, view), flip_pairs=())
        copy = view.clone(memory_format=torch.contiguous_format)
        want = ops.decode_simcc(copy, copy, flipped=(copy, copy), flip_pairs=())
        for a, b in zip(got, want, strict=True):
            assert torch.equal(a, b)


@IMPLEMENTATIONS
@pytest.mark.parametrize("shape", [(0, 17), (3, 0), (0, 0)])
def test_nothing_to_decode(ops, shape):
    maps = torch.zeros(*shape, 20), torch.zeros(*shape, 30)
    matrices = torch.zeros(shape[0], 2, 3)
    keypoints, scores = ops.decode_simcc(*maps, matrices=matrices, flipped=maps, flip_pairs=())
    assert (keypoints.shape, scores.shape) == ((*shape, 2), shape)


@IMPLEMENTATIONS
def test_results_have_no_gradient(ops):
    maps = noise((1, 2, 20)).requires_grad_()
    keypoints, scores = ops.decode_simcc(maps, maps)
    assert not keypoints.requires_grad
    assert not scores.requires_grad


GOOD = dict(x_maps=torch.zeros(2, 3, 8), y_maps=torch.zeros(2, 3, 6))
FLIPPED = torch.zeros(2, 3, 8), torch.zeros(2, 3, 6)


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(x_maps=np.zeros((2, 3, 8))), TypeError, "x_maps must be a torch.Tensor, got ndarray"),
        (dict(x_maps=torch.zeros(2, 8)), ValueError, r"x_maps must be \(N, K, Wx\), got \(2, 8\)"),
        (dict(x_maps=torch.zeros(2, 3, 8).int()), TypeError, "x_maps must be float32, float64, float16 or bfloat16, got int32"),
        (dict(y_maps=torch.zeros(2, 4, 6)), ValueError, r"y_maps must be \(2, 3, Hy\) like x_maps, got \(2, 4, 6\)"),
        (dict(y_maps=torch.zeros(2, 3, 6).half()), ValueError, r"y_maps must have the dtype of x_maps \(torch.float32\)"),
        (dict(y_maps=torch.zeros(2, 3, 6, device="meta")), ValueError, r"y_maps must have the device of x_maps \(cpu\)"),
        (dict(x_maps=torch.zeros(2, 3, 0)), ValueError, "x_maps must have at least one bin, got 0"),
        (dict(y_maps=torch.zeros(2, 3, 0)), ValueError, "y_maps must have at least one bin, got 0"),
        (dict(split_ratio=0), ValueError, "split_ratio must be above 0 and finite, got 0"),
        (dict(matrices=torch.zeros(3, 2, 3)), ValueError, r"matrices must be \(2, 2, 3\) like x_maps, got \(3, 2, 3\)"),
        (dict(theta=torch.zeros(3, 2, 3)), ValueError, r"theta must be \(2, 2, 3\) like x_maps, got \(3, 2, 3\)"),
        (dict(flipped=FLIPPED[0], flip_pairs=()), ValueError, "flipped must be a pair, the x_maps and the y_maps"),
        (dict(flipped=FLIPPED[::-1], flip_pairs=()), ValueError, r"flipped\[0\] must be \(2, 3, 8\) like x_maps, got \(2, 3, 6\)"),
        (dict(flipped=FLIPPED), ValueError, "flip_pairs must name the left and right joints"),
    ],
)  # fmt: skip
def test_errors_name_the_argument(ops, change, error, message):
    with pytest.raises(error, match=message):
        arguments = GOOD | change
        ops.decode_simcc(arguments.pop("x_maps"), arguments.pop("y_maps"), **arguments)


@DTYPES
def test_opcheck(dtype):
    rmpe_ext.decode_simcc(torch.zeros(1, 1, 1), torch.zeros(1, 1, 1))  # registers the op
    op = torch.ops.rmpe_ext.decode_simcc.default
    x_maps, y_maps = noise((2, 3, 20), 1, dtype), noise((2, 3, 30), 2, dtype)
    torch.library.opcheck(op, (x_maps, y_maps, None, None, None, None, None, "min", 2.0, False))
    matrices = torch.eye(2, 3).expand(2, 2, 3)
    torch.library.opcheck(
        op, (x_maps, y_maps, matrices, matrices, x_maps, y_maps, [1, 0, 2], "mean", 2.0, True)
    )


@pytest.mark.parametrize(
    "place, value, message",
    [
        (1, torch.zeros(2, 4, 6), "y_maps must have the persons, joints and dtype of x_maps"),
        (1, torch.zeros(2, 3, 0), "maps must have at least one bin"),
        (4, torch.zeros(2, 3, 8), "flipped_x and flipped_y must come together"),
        (7, "product", "score must be min, mean or max, got product"),
    ],
)
def test_the_raw_op_refuses_what_it_cannot_read(place, value, message):
    if rmpe_ext.backend().mode != "native":
        pytest.skip("guards the raw pointers of the native library")
    rmpe_ext.decode_simcc(torch.zeros(1, 1, 1), torch.zeros(1, 1, 1))  # registers the op
    arguments = [*GOOD.values(), None, None, None, None, None, "min", 2.0, False]
    arguments[place] = value
    with pytest.raises(RuntimeError, match=message):
        torch.ops.rmpe_ext.decode_simcc.default(*arguments)
