"""nearby_joints_nms: the native op and the reference against the oracle."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from tests.ops.poses import (
    DTYPES,
    IMPLEMENTATIONS,
    SIZES,
    assert_result,
    float64,
    make_crowd,
    make_poses,
)
from tests.oracles import nearby_joints_nms as oracle


def copies(count):
    """The same pose ``count`` times."""
    return [a.repeat(count, *[1] * (a.dim() - 1)) for a in make_poses(4, 1, 17)[:2]]


def rounding(dtype):
    """By how much a length in pixels may be off."""
    return 1e-4 if dtype == torch.float32 else 1e-10


# Against the oracle


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 40),
    joints=st.sampled_from([1, 2, 14, 17, 133]),
    distance=st.sampled_from([0.0, 0.02, 0.05, 0.3]),
    share=st.sampled_from([None, 0.0, 0.2, 0.8, 1.0]),
    images=st.one_of(st.none(), st.integers(1, 8)),
    ordered=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_equals_the_oracle(seed, count, joints, distance, share, images, ordered, dtype):
    rng = np.random.default_rng(seed)
    poses = make_poses(seed, count, joints, dtype=dtype)[:2]
    max_near = None if share is None else int(share * joints)
    keywords = {}
    if images is not None:
        keywords["image_index"] = torch.from_numpy(rng.integers(-images, images, count))
    if ordered:
        keywords["pose_scores"] = torch.from_numpy(rng.normal(0, 1, count)).to(dtype)
    expected = oracle.nearby_joints_nms(
        *float64(*poses),
        distance,
        joints // 2 if max_near is None else max_near,
        **{name: value.tolist() for name, value in keywords.items()},
    )
    assume(expected.margin > rounding(dtype))
    for nms in (rmpe_ext, reference):
        result = nms.nearby_joints_nms(*poses, distance=distance, max_near=max_near, **keywords)
        assert_result(result, expected)


@SIZES
def test_sizes(count):
    poses = make_crowd(count)[:2]
    expected = oracle.nearby_joints_nms(*float64(*poses), 0.05, 8)
    assert expected.margin > rounding(torch.float64)
    for nms in (rmpe_ext, reference):
        assert_result(nms.nearby_joints_nms(*poses), expected)


def test_a_thousand_poses():
    poses = make_poses(0, 1000, 17, dtype=torch.float64)[:2]
    native, pure = rmpe_ext.nearby_joints_nms(*poses), reference.nearby_joints_nms(*poses)
    assert torch.equal(native.suppressor, pure.suppressor)
    assert 100 < native.keep.sum() < 900


# What the method says


@IMPLEMENTATIONS
def test_more_than_max_near_joints_remove_a_pose(nms):
    """Three of four joints coincide; the fourth is far away."""
    keypoints = torch.tensor([[[0.0, 0], [100, 0], [0, 100], [100, 100]]]).repeat(2, 1, 1)
    keypoints[1, 3] = 500.0
    scores = torch.tensor([[0.9] * 4, [0.8] * 4])
    for max_near, kept in ((None, False), (0, False), (2, False), (3, True), (4, True)):
        result = nms.nearby_joints_nms(keypoints, scores, max_near=max_near)
        assert result.keep.tolist() == [True, kept]


@IMPLEMENTATIONS
def test_the_picked_pose_gives_the_size(nms):
    keypoints = torch.tensor([[[0.0, 0], [300, 400]], [[20.0, 0], [30, 0]]])
    for scores, keep in (([[0.9], [0.8]], [True, False]), ([[0.8], [0.9]], [True, True])):
        result = nms.nearby_joints_nms(keypoints, torch.tensor(scores).expand(2, 2), max_near=0)
        assert result.keep.tolist() == keep


@IMPLEMENTATIONS
def test_a_joint_at_just_the_distance_is_close(nms):
    keypoints = torch.tensor([[[0.0, 0], [3, 4]], [[5.0, 0], [30, 40]]])  # diagonal 5
    scores = torch.tensor([[0.9, 0.9], [0.8, 0.8]])
    for distance, keep in ((1.0, [True, False]), (0.999, [True, True])):
        result = nms.nearby_joints_nms(keypoints, scores, distance=distance, max_near=0)
        assert result.keep.tolist() == keep


@DTYPES
@IMPLEMENTATIONS
def test_a_pose_without_extent_removes_what_coincides(nms, dtype):
    keypoints = torch.tensor([[[5.0, 5.0]], [[5.0, 5.0]], [[5.0, 5.001]]], dtype=dtype)
    result = nms.nearby_joints_nms(keypoints, torch.ones(3, 1, dtype=dtype))
    assert result.suppressor.tolist() == [0, 0, 2]


# Images, order, ties


@IMPLEMENTATIONS
def test_one_call_for_many_images_equals_one_call_each(nms):
    poses = make_poses(7, 120, 17, people=10)[:2]
    # Any values in any order: none is an index into anything.
    values = torch.tensor([-(2**62), -1, 0, 5, 2**62])
    index = values[torch.from_numpy(np.random.default_rng(7).integers(0, 5, 120))]
    together = nms.nearby_joints_nms(*poses, image_index=index)
    assert not together.keep.all()
    for value in values:
        (own,) = (index == value).nonzero(as_tuple=True)
        alone = nms.nearby_joints_nms(*(p[own] for p in poses))
        assert torch.equal(together.keep[own], alone.keep)
        assert torch.equal(together.suppressor[own], own[alone.suppressor])


def test_many_images_are_spread_over_threads():
    poses = make_poses(8, 4000, 17, people=1500, dtype=torch.float64)[:2]
    index = torch.arange(4000) % 500
    native = rmpe_ext.nearby_joints_nms(*poses, image_index=index)
    pure = reference.nearby_joints_nms(*poses, image_index=index)
    assert torch.equal(native.suppressor, pure.suppressor)


@DTYPES
@IMPLEMENTATIONS
def test_of_equal_poses_the_first_is_kept(nms, dtype):
    result = nms.nearby_joints_nms(*(p.to(dtype) for p in copies(5)))
    assert result.keep.tolist() == [True, False, False, False, False]
    assert result.suppressor.tolist() == [0] * 5


@IMPLEMENTATIONS
def test_pose_scores_order_the_poses(nms):
    pose_scores = torch.tensor([0.1, 0.4, 0.4, 0.3])
    result = nms.nearby_joints_nms(*copies(4), pose_scores=pose_scores)
    assert result.suppressor.tolist() == [1] * 4


# Values that are out of the ordinary


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("argument", [0, 1])
@IMPLEMENTATIONS
def test_a_pose_that_is_not_finite_takes_no_part(nms, argument, value):
    # Five copies of one pose; the best of them is spoiled.
    poses = copies(5)
    poses[1][2] = 1.0
    poses[argument][2].view(-1)[-1] = value
    result = nms.nearby_joints_nms(*poses)
    assert result.keep.tolist() == [True, False, True, False, False]
    assert result.suppressor.tolist() == [0, 0, 2, 0, 0]


@IMPLEMENTATIONS
def test_a_pose_score_that_is_not_a_number(nms):
    result = nms.nearby_joints_nms(*copies(3), pose_scores=torch.tensor([math.nan, 0.5, 0.6]))
    assert result.suppressor.tolist() == [0, 2, 2]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@IMPLEMENTATIONS
def test_half_precision_is_computed_in_float32(nms, dtype):
    poses = [p.to(dtype) for p in make_poses(6, 30, 17)[:2]]
    half = nms.nearby_joints_nms(*poses)
    single = nms.nearby_joints_nms(*(p.float() for p in poses))
    assert torch.equal(half.suppressor, single.suppressor)


@IMPLEMENTATIONS
def test_strided_inputs(nms):
    keypoints, scores, _ = make_poses(9, 40, 17)
    index = torch.arange(40) % 3
    expected = nms.nearby_joints_nms(keypoints, scores, image_index=index)
    wide = torch.cat([keypoints, scores[..., None]], 2)
    every_other = index.repeat_interleave(2)[::2]
    assert not every_other.is_contiguous()
    result = nms.nearby_joints_nms(wide[..., :2], wide[..., 2], image_index=every_other)
    assert torch.equal(result.suppressor, expected.suppressor)


@IMPLEMENTATIONS
def test_inputs_that_require_grad(nms):
    poses = [p.requires_grad_() for p in make_poses(10, 5, 17)[:2]]
    assert nms.nearby_joints_nms(*poses).keep.shape == (5,)


# Errors

POSES = make_poses(0, 3, 17)[:2]


@pytest.mark.parametrize(
    ("error", "message", "arguments", "keywords"),
    [
        (ValueError, r"keypoints must be \(N, K, 2\), got \(3, 17, 3\)",
         (torch.rand(3, 17, 3), POSES[1]), {}),
        (ValueError, r"keypoints must have at least one joint, got \(3, 0, 2\)",
         (torch.rand(3, 0, 2), torch.rand(3, 0)), {}),
        (ValueError, r"scores must be \(N, K\) like keypoints, got \(2, 17\)",
         (POSES[0], POSES[1][:2]), {}),
        (ValueError, "distance must be at least 0 and finite, got -0.1", POSES,
         {"distance": -0.1}),
        (ValueError, "distance must be at least 0 and finite, got nan", POSES,
         {"distance": math.nan}),
        (ValueError, "max_near must be at least 0, got -1", POSES, {"max_near": -1}),
        (TypeError, "max_near must be a whole number or None, got 2.5", POSES, {"max_near": 2.5}),
        (ValueError, r"pose_scores must be \(N,\) like keypoints, got \(2,\)", POSES,
         {"pose_scores": torch.ones(2)}),
        (TypeError, "image_index must be int64 or int32, got int16", POSES,
         {"image_index": torch.zeros(3).short()}),
    ],
)  # fmt: skip
@IMPLEMENTATIONS
def test_errors(nms, error, message, arguments, keywords):
    with pytest.raises(error, match=message):
        nms.nearby_joints_nms(*arguments, **keywords)


# PyTorch's own checks of an op


@pytest.mark.parametrize("image_index", [None, torch.arange(6) % 2])
@DTYPES
def test_opcheck(image_index, dtype):
    keypoints, scores, _ = make_poses(11, 6, 17, dtype=dtype)
    op = torch.ops.rmpe_ext.nearby_joints_nms.default
    torch.library.opcheck(op, (keypoints, scores, None, image_index, 0.05, 8))
    torch.library.opcheck(op, (keypoints, scores, scores[:, 0].clone(), image_index, 0.05, 8))
