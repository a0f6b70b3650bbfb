"""merge_poses: the native op and the reference against the oracle."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from rmpe_ext.presets import PRESETS
from tests.ops.poses import DTYPES, IMPLEMENTATIONS, float64, make_poses
from tests.oracles import merge_poses as oracle


def make_removed(seed, count, joints=17, dtype=torch.float32):
    """Poses, with random ones of them kept, and each other removed by one of those."""
    rng = np.random.default_rng(seed)
    poses = make_poses(seed, count, joints, people=max(1, count // 8), dtype=dtype)
    poses[1][torch.from_numpy(rng.uniform(size=(count, joints)) < 0.1)] = 0.0
    kept = rng.uniform(size=count) < 0.3
    kept[:1] = True
    removed_by = rng.choice(kept.nonzero()[0], count) if count else np.zeros(0, np.int64)
    return *poses, torch.from_numpy(np.where(kept, np.arange(count), removed_by))


def tolerance(dtype):
    return {"rtol": 1e-5 if dtype == torch.float32 else 1e-12, "atol": 0}


def assert_merged(result, expected, dtype):
    keypoints, scores, keep, _ = expected
    assert result.keypoints.dtype == result.scores.dtype == dtype
    np.testing.assert_allclose(result.keypoints.double(), keypoints, **tolerance(dtype))
    np.testing.assert_allclose(result.scores.double(), scores, **tolerance(dtype))
    assert result.keep.dtype == torch.bool and result.keep.tolist() == keep


# Against the oracle


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 40),
    joints=st.sampled_from([1, 2, 14, 17, 133]),
    parameters=st.sampled_from(
        [{}, {"radius": 3.0}, {"box": 0.01}, {"min_score": 0.9}, {"zero_score": 0.5}]
    ),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_equals_the_oracle(seed, count, joints, parameters, dtype):
    arguments = make_removed(seed, count, joints, dtype)
    expected = oracle.merge_poses(*float64(*arguments[:3]), arguments[3].tolist(), **parameters)
    assume(expected[3] > (1e-4 if dtype == torch.float32 else 1e-12))
    lengths = {"radius": "merge_radius", "box": "merge_box"}
    parameters = {lengths.get(name, name): value for name, value in parameters.items()}
    for nms in (rmpe_ext, reference):
        assert_merged(nms.merge_poses(*arguments, **parameters), expected, dtype)


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 300])
@IMPLEMENTATIONS
def test_sizes(nms, count):
    arguments = make_removed(count, count, dtype=torch.float64)
    expected = oracle.merge_poses(*float64(*arguments[:3]), arguments[3].tolist())
    assert expected[3] > 1e-12
    assert_merged(nms.merge_poses(*arguments), expected, torch.float64)


def test_many_poses_are_spread_over_threads():
    arguments = make_removed(0, 4000, dtype=torch.float64)
    native, pure = rmpe_ext.merge_poses(*arguments), reference.merge_poses(*arguments)
    for have, want in zip(native, pure, strict=True):
        torch.testing.assert_close(have, want, rtol=1e-12, atol=0)


@pytest.mark.parametrize("preset", PRESETS)
@IMPLEMENTATIONS
def test_after_pose_nms(nms, preset):
    """Of images that stand apart, together as alone."""
    poses, index = make_poses(2, 120, 17, people=12), torch.arange(120) % 4
    result = nms.pose_nms(*poses, preset=preset, image_index=index)
    merged = nms.merge_poses(*poses, result.suppressor, preset=preset)
    assert not (merged.keep & ~result.keep).any() and merged.keep.any()
    assert torch.equal(merged.keypoints[~result.keep], poses[0][~result.keep])
    for image in range(4):
        own = [p[index == image] for p in poses]
        alone = nms.merge_poses(*own, nms.pose_nms(*own, preset=preset).suppressor, preset=preset)
        torch.testing.assert_close(merged.keypoints[index == image], alone.keypoints)
        torch.testing.assert_close(merged.scores[index == image], alone.scores)
        assert torch.equal(merged.keep[index == image], alone.keep)


# What the method says


def two_poses(offset, scores, side=100.0):
    """One joint each, the second pose ``offset`` to the right of the first, which removed it."""
    keypoints = torch.tensor([[[10.0, 20.0]], [[10.0 + offset, 20.0]]], dtype=torch.float64)
    scores = torch.tensor(scores, dtype=torch.float64)[:, None]
    boxes = torch.tensor([[0.0, 0.0, side, side / 2]] * 2, dtype=torch.float64)
    return keypoints, scores, boxes, torch.tensor([0, 0])


@IMPLEMENTATIONS
def test_the_mean_is_weighted_by_confidence(nms):
    merged = nms.merge_poses(*two_poses(4.0, [0.9, 0.3]))
    assert merged.keypoints[0].tolist() == [[pytest.approx(11.0), 20.0]]
    assert merged.scores[0].tolist() == [pytest.approx((0.81 + 0.09) / 1.2)]
    assert merged.keep.tolist() == [True, False]


@pytest.mark.parametrize(
    ("side", "reach"), [(50.0, 5.0), (100.0, 10.0), (150.0, 15.0), (1000.0, 15.0)]
)
@IMPLEMENTATIONS
def test_joints_are_merged_within_reach(nms, side, reach):
    for offset, is_merged in ((reach * (1 - 1e-9), True), (reach * (1 + 1e-9), False)):
        merged = nms.merge_poses(*two_poses(offset, [0.9, 0.9], side))
        assert (merged.keypoints[0, 0, 0] > 10.0) == is_merged


@IMPLEMENTATIONS
def test_the_kept_box_gives_the_reach(nms):
    keypoints, scores, boxes, _ = two_poses(8.0, [0.9, 0.9])
    boxes[1] = torch.tensor([0.0, 0, 10, 10])
    for kept, moves in ((0, True), (1, False)):
        merged = nms.merge_poses(keypoints, scores, boxes, torch.tensor([kept, kept]))
        assert torch.equal(merged.keypoints[kept], keypoints[kept]) != moves


@pytest.mark.parametrize(
    ("scores", "keep"),
    [
        ([0.3, 0.9], True),
        ([0.29, 0.9], False),  # too low before
        ([0.31, 0.2], False),  # too low after: (0.0961 + 0.04) / 0.51
        ([0.31, 0.01], True),
        ([0.31, 0.0], True),
    ],
)
@IMPLEMENTATIONS
def test_a_pose_whose_best_joint_scores_low_is_dropped(nms, scores, keep):
    arguments = two_poses(1.0, scores)
    expected = oracle.merge_poses(*float64(*arguments[:3]), [0, 0])
    assert nms.merge_poses(*arguments).keep[0] == keep == expected[2][0]
    assert nms.merge_poses(*arguments, min_score=0.0).keep[0]


@IMPLEMENTATIONS
def test_the_best_joint_decides(nms):
    keypoints, scores, boxes, suppressor = make_removed(1, 1)
    scores[:] = 0.01
    assert not nms.merge_poses(keypoints, scores, boxes, suppressor).keep
    scores[0, 16] = 0.5
    assert nms.merge_poses(keypoints, scores, boxes, suppressor).keep


@pytest.mark.parametrize("low", [0.0, -0.5])
@IMPLEMENTATIONS
def test_a_score_of_zero_or_less_counts_as_zero_score(nms, low):
    merged = nms.merge_poses(*two_poses(4.0, [low, low]), min_score=-1.0)
    assert merged.keypoints[0].tolist() == [[pytest.approx(12.0), 20.0]]
    assert merged.scores[0].tolist() == [pytest.approx(1e-5)]
    assert merged.scores[1].tolist() == [low]
    merged = nms.merge_poses(*two_poses(4.0, [0.75, low]), zero_score=0.25)
    assert merged.keypoints[0].tolist() == [[pytest.approx(11.0), 20.0]]


@DTYPES
@IMPLEMENTATIONS
def test_who_removed_none_stays_as_it_is(nms, dtype):
    keypoints, scores, boxes = make_poses(3, 50, 17, dtype=dtype)
    merged = nms.merge_poses(keypoints, scores, boxes, torch.arange(50))
    assert torch.equal(merged.keypoints, keypoints) and torch.equal(merged.scores, scores)
    assert merged.keep.all()


@pytest.mark.parametrize("stray", [-1, 3, 2**62, -(2**63), 1])
@IMPLEMENTATIONS
def test_a_pose_that_no_kept_pose_removed_is_merged_into_none(nms, stray):
    keypoints, scores, boxes = (p.repeat(3, *[1] * (p.dim() - 1)) for p in make_poses(4, 1, 17))
    keypoints[1:] += 1.0
    merged = nms.merge_poses(keypoints, scores, boxes, torch.tensor([0, 2, stray]))
    assert torch.equal(merged.keypoints, keypoints)
    assert merged.keep.tolist() == [True, False, False]


@IMPLEMENTATIONS
def test_the_input_stays_as_it_is(nms):
    arguments = make_removed(5, 30)
    before = [a.clone() for a in arguments]
    merged = nms.merge_poses(*arguments)
    assert all(torch.equal(a, b) for a, b in zip(arguments, before, strict=True))
    assert not torch.equal(merged.keypoints, arguments[0])


# Values that are out of the ordinary


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("argument", [0, 1])
@pytest.mark.parametrize("pose", ["kept", "removed"])
@DTYPES
@IMPLEMENTATIONS
def test_a_joint_that_is_not_finite_is_merged_into_none(nms, dtype, pose, argument, value):
    poses = [p.repeat(3, *[1] * (p.dim() - 1)) for p in make_poses(4, 1, 17, dtype=dtype)]
    poses[0][1:] += 2.0
    poses[0][2] += 2.0
    poses[argument][0 if pose == "kept" else 1, 5] = value
    suppressor = torch.tensor([0, 0, 0])
    merged = nms.merge_poses(*poses, suppressor)
    expected = oracle.merge_poses(*float64(*poses), suppressor.tolist())
    assert_merged(merged, expected, dtype)
    others = torch.arange(17) != 5
    assert merged.keypoints[0, others].isfinite().all() and merged.keep[0]
    assert merged.keypoints[0, 5].isfinite().all() == (pose == "removed" or argument == 1)
    if pose == "kept":
        torch.testing.assert_close(merged.scores[0, 5], poses[1][0, 5], equal_nan=True)


@IMPLEMENTATIONS
def test_a_pose_without_a_score_is_dropped(nms):
    keypoints, scores, boxes, suppressor = make_removed(1, 1)
    merged = nms.merge_poses(keypoints, torch.full_like(scores, math.nan), boxes, suppressor)
    assert not merged.keep and merged.scores.isnan().all()


@pytest.mark.parametrize(
    "box", [[3.0, 4, 3, 4], [9.0, 9, 1, 1], [math.nan] * 4, [math.inf] * 4],
    ids=["point", "inside out", "nan", "infinite"],
)  # fmt: skip
@IMPLEMENTATIONS
def test_into_a_box_without_extent_merges_what_coincides(nms, box):
    keypoints, scores, boxes, suppressor = two_poses(1.0, [0.9, 0.3])
    boxes[:] = torch.tensor(box)
    merged = nms.merge_poses(keypoints, scores, boxes, suppressor)
    assert torch.equal(merged.keypoints, keypoints) and merged.scores[0] == 0.9
    keypoints[1] = keypoints[0]
    assert nms.merge_poses(keypoints, scores, boxes, suppressor).scores[0] < 0.9


@IMPLEMENTATIONS
def test_joints_too_far_for_their_dtype(nms):
    keypoints, scores, boxes, suppressor = (a.float() for a in two_poses(1e30, [0.9, 0.3], 1e30))
    arguments = keypoints, scores, boxes, suppressor.long()
    merged = nms.merge_poses(*arguments, merge_radius=1e30)
    assert torch.equal(merged.keypoints, keypoints)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@IMPLEMENTATIONS
def test_half_precision_is_computed_in_float32(nms, dtype):
    *poses, suppressor = make_removed(6, 30)
    poses = [p.to(dtype) for p in poses]
    half = nms.merge_poses(*poses, suppressor)
    single = nms.merge_poses(*(p.float() for p in poses), suppressor)
    assert half.keypoints.dtype == torch.float32
    for have, want in zip(half, single, strict=True):
        assert torch.equal(have, want)


@IMPLEMENTATIONS
def test_strided_inputs(nms):
    keypoints, scores, boxes, suppressor = make_removed(9, 40)
    expected = nms.merge_poses(keypoints, scores, boxes, suppressor)
    wide = torch.cat([keypoints, scores[..., None]], 2)
    views = (
        wide[..., :2],
        wide[..., 2],
        boxes.t().contiguous().t(),
        suppressor.repeat_interleave(2)[::2],
    )
    assert not any(view.is_contiguous() for view in views)
    for have, want in zip(nms.merge_poses(*views), expected, strict=True):
        assert torch.equal(have, want)


@IMPLEMENTATIONS
def test_inputs_that_require_grad(nms):
    *poses, suppressor = make_removed(10, 5)
    merged = nms.merge_poses(*(p.requires_grad_() for p in poses), suppressor)
    assert not merged.keypoints.requires_grad and not merged.scores.requires_grad


# Presets and errors


def test_presets_have_the_released_values():
    for row in PRESETS.values():
        assert (row.merge_box, row.merge_radius) == (0.1, 15.0)
        assert (row.min_score, row.zero_score) == (0.3, 1e-5)


@IMPLEMENTATIONS
def test_preset_object_in_place_of_a_name(nms):
    arguments = make_removed(7, 30)
    preset = dataclasses.replace(PRESETS["rmpe"], merge_radius=4.0)
    by_object = nms.merge_poses(*arguments, preset=preset)
    by_name = nms.merge_poses(*arguments, preset="rmpe", merge_radius=4.0)
    assert torch.equal(by_object.keypoints, by_name.keypoints)
    assert not torch.equal(by_object.keypoints, nms.merge_poses(*arguments).keypoints)


POSES = make_removed(0, 3)


@pytest.mark.parametrize(
    ("error", "message", "arguments", "keywords"),
    [
        (ValueError, r"keypoints must be \(N, K, 2\), got \(3, 17, 3\)",
         (torch.rand(3, 17, 3), *POSES[1:]), {}),
        (ValueError, r"scores must be \(N, K\) like keypoints, got \(2, 17\)",
         (POSES[0], POSES[1][:2], *POSES[2:]), {}),
        (ValueError, r"boxes must be \(N, 4\) like keypoints, got \(3, 5\)",
         (*POSES[:2], torch.rand(3, 5), POSES[3]), {}),
        (TypeError, "suppressor must be a torch.Tensor, got list", (*POSES[:3], [0, 1, 2]), {}),
        (ValueError, r"suppressor must be \(N,\) like keypoints, got \(2,\)",
         (*POSES[:3], POSES[3][:2]), {}),
        (TypeError, "suppressor must be int64, got int32", (*POSES[:3], POSES[3].int()), {}),
        (ValueError, r"suppressor must have the device of keypoints \(cpu\), got meta",
         (*POSES[:3], POSES[3].to("meta")), {}),
        (ValueError, "preset must be one of alphapose, paper, rmpe, got 'mine'", POSES,
         {"preset": "mine"}),
        (TypeError, "'radius' is not a parameter of pose NMS; these are: .*, merge_radius",
         POSES, {"radius": 1.0}),
        (ValueError, "merge_box must be at least 0 and finite, got -1", POSES, {"merge_box": -1}),
        (ValueError, "merge_radius must be at least 0 and finite, got inf", POSES,
         {"merge_radius": math.inf}),
        (ValueError, "min_score must be finite, got nan", POSES, {"min_score": math.nan}),
        (ValueError, "zero_score must be in 1e-30..1e30, got 0", POSES, {"zero_score": 0}),
    ],
)  # fmt: skip
@IMPLEMENTATIONS
def test_errors(nms, error, message, arguments, keywords):
    with pytest.raises(error, match=message):
        nms.merge_poses(*arguments, **keywords)


# PyTorch's own checks of an op


@DTYPES
def test_opcheck(dtype):
    arguments = make_removed(11, 6, dtype=dtype)
    torch.library.opcheck(
        torch.ops.rmpe_ext.merge_poses.default, (*arguments, 0.1, 15.0, 0.3, 1e-5)
    )
