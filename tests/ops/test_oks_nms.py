"""oks_nms, and what soft_oks_nms shares with it: the native ops and the reference against the oracle."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

import rmpe_ext
from rmpe_ext import reference
from rmpe_ext.sigmas import COCO_SIGMAS
from tests.ops.people import (
    CASES,
    areas_of,
    assert_soft_result,
    copies,
    draw,
    make_people,
    make_sigmas,
    rounding,
)
from tests.ops.poses import (
    DTYPES,
    IMPLEMENTATIONS,
    SIZES,
    assert_result,
    float64,
    make_crowd,
)
from tests.oracles import oks_nms as oracle


def both(nms, *arguments, **keywords):
    """Results of the hard and the soft form."""
    return nms.oks_nms(*arguments, **keywords), nms.soft_oks_nms(*arguments, **keywords)


@settings(max_examples=150, deadline=None)
@given(**CASES, threshold=st.sampled_from([0.3, 0.5, 0.7, 0.9]))
def test_oks_nms_equals_the_oracle(seed, count, joints, images, ordered, dtype, threshold):
    poses, keywords, words = draw(seed, count, joints, images, ordered, dtype)
    expected = oracle.oks_nms(*float64(*poses), threshold, **words)
    assume(expected.margin > rounding(dtype))
    for nms in (rmpe_ext, reference):
        assert_result(nms.oks_nms(*poses, threshold=threshold, **keywords), expected)


@SIZES
def test_sizes(count):
    keypoints, scores, boxes = make_crowd(count)
    poses = keypoints, scores, areas_of(boxes)
    hard = oracle.oks_nms(*float64(*poses), COCO_SIGMAS, 0.9)
    soft = oracle.soft_oks_nms(*float64(*poses), COCO_SIGMAS, 0.9, 20)
    assert min(hard.margin, soft.margin) > rounding(torch.float64)
    for nms in (rmpe_ext, reference):
        assert_result(nms.oks_nms(*poses), hard)
        assert_soft_result(nms.soft_oks_nms(*poses), soft, torch.float64)


def test_a_thousand_poses():
    poses = make_people(0, 1000, dtype=torch.float64)
    native, pure = both(rmpe_ext, *poses), both(reference, *poses)
    assert torch.equal(native[0].suppressor, pure[0].suppressor)
    assert 100 < native[0].keep.sum() < 900
    assert torch.equal(native[1].rank, pure[1].rank)
    torch.testing.assert_close(native[1].pose_scores, pure[1].pose_scores)
    assert native[1].keep.sum() == 20


# What the method is for


@IMPLEMENTATIONS
def test_repeated_detections_go_and_neighbors_stay(nms):
    rng = np.random.default_rng(0)
    body = rng.uniform(0, 1, (17, 2)) * [100, 250]
    bodies = np.stack([body, body + rng.normal(0, 0.4, body.shape), body + [35, 10]])
    keypoints = torch.from_numpy(bodies).float()
    scores = torch.tensor([0.9, 0.8, 0.85])[:, None].expand(3, 17)
    hard, soft = both(nms, keypoints, scores, torch.full((3,), 25000.0))
    assert hard.keep.tolist() == [True, False, True]
    assert hard.suppressor.tolist() == [0, 0, 2]
    assert soft.keep.all() and soft.rank.tolist() == [0, 2, 1]
    assert soft.pose_scores[0] == 0.9 and soft.pose_scores[1] < 0.3 < 0.6 < soft.pose_scores[2]


@IMPLEMENTATIONS
def test_one_joint_by_hand(nms):
    # 10 px apart, area 10000, sigma 0.05: e = 100 / (2 * 0.01 * 10000) = 0.5.
    keypoints = torch.tensor([[[0.0, 0.0]], [[6.0, 8.0]]], dtype=torch.float64)
    scores = torch.tensor([[0.8], [0.6]], dtype=torch.float64)
    areas = torch.tensor([15000.0, 5000.0], dtype=torch.float64)
    oks = math.exp(-0.5)
    for threshold, kept in ((oks - 1e-9, False), (oks + 1e-9, True)):
        result = nms.oks_nms(keypoints, scores, areas, [0.05], threshold=threshold)
        assert result.keep.tolist() == [True, kept]
    soft = nms.soft_oks_nms(keypoints, scores, areas, [0.05], threshold=0.7)
    assert soft.pose_scores[1].item() == pytest.approx(0.6 * math.exp(-(oks**2) / 0.7), rel=1e-12)


@IMPLEMENTATIONS
def test_sigmas_are_those_of_coco_unless_given(nms):
    poses = make_people(3, 50, dtype=torch.float64)
    for sigmas in (COCO_SIGMAS, list(COCO_SIGMAS), torch.tensor(COCO_SIGMAS)):
        hard, soft = both(nms, *poses, sigmas)
        assert torch.equal(hard.suppressor, nms.oks_nms(*poses).suppressor)
        assert torch.equal(soft.rank, nms.soft_oks_nms(*poses).rank)
    wider = both(nms, *poses, [3 * sigma for sigma in COCO_SIGMAS])[0]
    assert wider.keep.sum() < nms.oks_nms(*poses).keep.sum()


@IMPLEMENTATIONS
def test_calls_that_leave_no_values_behind_do_not_change_the_next(nms):
    """Numbers become a tensor once; it must not be a tracer's, nor forbid gradients later."""
    sigmas = [0.04321] * 17
    poses = make_people(4, 20)
    want = both(nms, *poses, torch.tensor(sigmas))[0].suppressor
    with FakeTensorMode() as mode:
        both(nms, *map(mode.from_tensor, poses), sigmas)
    with torch.inference_mode():
        both(nms, *poses, sigmas)
    keypoints, *others = poses
    assert torch.equal(both(nms, keypoints.requires_grad_(), *others, sigmas)[0].suppressor, want)


@IMPLEMENTATIONS
def test_sigmas_in_a_list_may_change_between_calls(nms):
    poses = make_people(3, 50)
    sigmas = list(COCO_SIGMAS)
    before = nms.oks_nms(*poses, sigmas).keep.sum()
    sigmas[:] = [3 * sigma for sigma in sigmas]
    assert nms.oks_nms(*poses, sigmas).keep.sum() < before


@IMPLEMENTATIONS
def test_oks_equal_to_the_threshold_is_kept(nms):
    keypoints, scores, areas = copies(3)
    assert nms.oks_nms(keypoints, scores, areas, threshold=1.0).keep.all()
    assert nms.oks_nms(keypoints, scores, areas, threshold=0.9999).keep.sum() == 1


# Images, order, ties


@IMPLEMENTATIONS
def test_one_call_for_many_images_equals_one_call_each(nms):
    poses = make_people(7, 120, people=10)
    # Any values in any order: none is an index into anything.
    values = torch.tensor([-(2**62), -1, 0, 5, 2**62])
    index = values[torch.from_numpy(np.random.default_rng(7).integers(0, 5, 120))]
    hard, soft = both(nms, *poses, image_index=index)
    assert not hard.keep.all() and not soft.keep.all()
    for value in values:
        (own,) = (index == value).nonzero(as_tuple=True)
        hard_alone, soft_alone = both(nms, *(p[own] for p in poses))
        assert torch.equal(hard.keep[own], hard_alone.keep)
        assert torch.equal(hard.suppressor[own], own[hard_alone.suppressor])
        assert torch.equal(soft.rank[own], soft_alone.rank)
        torch.testing.assert_close(soft.pose_scores[own], soft_alone.pose_scores)


def test_many_images_are_spread_over_threads():
    poses = make_people(8, 4000, people=1500, dtype=torch.float64)
    index = torch.arange(4000) % 500
    native = both(rmpe_ext, *poses, image_index=index, threshold=0.8)
    pure = both(reference, *poses, image_index=index, threshold=0.8)
    assert torch.equal(native[0].suppressor, pure[0].suppressor)
    assert torch.equal(native[1].rank, pure[1].rank)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_order_of_the_input_does_not_matter(seed):
    poses = make_people(seed, 50, people=8, dtype=torch.float64)
    index = torch.from_numpy(np.random.default_rng(seed).integers(0, 3, 50))
    shuffle = torch.from_numpy(np.random.default_rng(seed + 1).permutation(50))
    for nms in (rmpe_ext, reference):
        straight = both(nms, *poses, image_index=index)
        shuffled = both(nms, *(p[shuffle] for p in poses), image_index=index[shuffle])
        assert torch.equal(shuffle[shuffled[0].suppressor], straight[0].suppressor[shuffle])
        assert torch.equal(shuffled[1].rank, straight[1].rank[shuffle])


@DTYPES
@IMPLEMENTATIONS
def test_of_equal_poses_the_first_is_picked(nms, dtype):
    hard, soft = both(nms, *(p.to(dtype) for p in copies(5)))
    assert hard.suppressor.tolist() == [0] * 5
    assert soft.rank.tolist() == [0, 1, 2, 3, 4]


@IMPLEMENTATIONS
def test_pose_scores_order_the_poses(nms):
    poses = copies(4)
    hard, soft = both(nms, *poses, pose_scores=torch.tensor([0.1, 0.4, 0.4, 0.3]))
    assert hard.suppressor.tolist() == [1] * 4
    # The second of the equal scores is picked last: exp(-1 / 0.9) of 0.4, twice and thrice.
    assert soft.rank.tolist() == [3, 0, 1, 2]


# Values that are out of the ordinary


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("argument", [0, 1, 2])
@IMPLEMENTATIONS
def test_a_pose_that_is_not_finite_takes_no_part(nms, argument, value):
    # Five copies of one pose; the best of them is spoiled.
    poses = copies(5)
    poses[1][2] = 1.0
    poses[argument][2].view(-1)[-1] = value
    hard, soft = both(nms, *poses)
    assert hard.keep.tolist() == [True, False, True, False, False]
    assert hard.suppressor.tolist() == [0, 0, 2, 0, 0]
    assert soft.rank.tolist() == [0, 1, 4, 2, 3]
    mean = poses[1].mean(1)
    torch.testing.assert_close(soft.pose_scores[[0, 2]], mean[[0, 2]], equal_nan=True)
    assert nms.soft_oks_nms(*poses, max_kept=4).rank.tolist() == [0, 1, -1, 2, 3]


@pytest.mark.parametrize("value", [math.nan, math.inf])
@IMPLEMENTATIONS
def test_pose_scores_that_are_not_finite(nms, value):
    pose_scores = torch.tensor([value, 0.5, 0.6])
    hard, soft = both(nms, *copies(3), pose_scores=pose_scores)
    # An infinite score is an order, but none that could be lowered.
    assert hard.suppressor.tolist() == ([0, 2, 2] if math.isnan(value) else [0, 0, 0])
    assert soft.rank.tolist() == [2, 1, 0]
    torch.testing.assert_close(soft.pose_scores[0], pose_scores[0], equal_nan=True)


@pytest.mark.parametrize("area", [0.0, -100.0])
@DTYPES
@IMPLEMENTATIONS
def test_poses_without_area_resemble_only_what_coincides(nms, dtype, area):
    keypoints, scores, _ = (p.to(dtype) for p in copies(3))
    keypoints[2] += 0.01
    scores[0] += 0.5
    areas = torch.full((3,), area, dtype=dtype)
    hard, soft = both(nms, keypoints, scores, areas)
    assert hard.suppressor.tolist() == [0, 0, 2]
    assert soft.pose_scores.isfinite().all() and soft.rank.tolist() == [0, 2, 1]


@DTYPES
@IMPLEMENTATIONS
def test_extreme_scales(nms, dtype):
    """Coordinates whose squares overflow, and sigmas whose squares vanish."""
    keypoints = torch.tensor([[[0.0, 0.0]], [[1e30, -1e30]], [[0.0, 0.0]]], dtype=dtype)
    scores = torch.tensor([[0.9], [0.8], [0.7]], dtype=dtype)
    areas = torch.tensor([0.0, 1e30, 0.0], dtype=dtype)
    hard, soft = both(nms, keypoints, scores, areas, [1e-30])
    assert hard.suppressor.tolist() == [0, 1, 0]
    assert soft.pose_scores.isfinite().all() and soft.rank.tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@IMPLEMENTATIONS
def test_half_precision_is_computed_in_float32(nms, dtype):
    poses = [p.to(dtype) for p in make_people(6, 30)]
    half, single = both(nms, *poses), both(nms, *(p.float() for p in poses))
    assert torch.equal(half[0].suppressor, single[0].suppressor)
    assert half[1].pose_scores.dtype == torch.float32
    assert torch.equal(half[1].pose_scores, single[1].pose_scores)


@IMPLEMENTATIONS
def test_strided_inputs(nms):
    keypoints, scores, areas = make_people(9, 40)
    sigmas, index = make_sigmas(17).float(), torch.arange(40) % 3
    expected = both(nms, keypoints, scores, areas, sigmas, image_index=index, pose_scores=areas)
    wide = torch.cat([keypoints, scores[..., None]], 2)
    views = [
        wide[..., :2],
        wide[..., 2],
        *(a.repeat_interleave(2)[::2] for a in (areas, sigmas, index)),
    ]
    assert not any(view.is_contiguous() for view in views)
    hard, soft = both(nms, *views[:4], image_index=views[4], pose_scores=views[2])
    assert torch.equal(hard.suppressor, expected[0].suppressor)
    assert torch.equal(soft.pose_scores, expected[1].pose_scores)


@IMPLEMENTATIONS
def test_inputs_that_require_grad(nms):
    poses = [p.requires_grad_() for p in make_people(10, 5)]
    sigmas = make_sigmas(17).requires_grad_()
    hard, soft = both(nms, *poses, sigmas)
    assert hard.keep.shape == (5,) and not soft.pose_scores.requires_grad


# Errors

POSES = make_people(0, 3)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, r"keypoints must be \(N, K, 2\), got \(3, 17, 3\)",
         (torch.rand(3, 17, 3), *POSES[1:])),
        (ValueError, r"keypoints must have at least one joint, got \(3, 0, 2\)",
         (torch.rand(3, 0, 2), torch.rand(3, 0), POSES[2])),
        (ValueError, r"scores must be \(N, K\) like keypoints, got \(2, 17\)",
         (POSES[0], POSES[1][:2], POSES[2])),
        (TypeError, "areas must be a torch.Tensor, got float", (*POSES[:2], 1.0)),
        (ValueError, r"areas must be \(N,\) like keypoints, got \(3, 4\)",
         (*POSES[:2], torch.rand(3, 4))),
        (ValueError, r"areas must have the dtype of keypoints \(torch.float32\), got torch.float64",
         (*POSES[:2], POSES[2].double())),
        (ValueError, r"areas must have the device of keypoints \(cpu\), got meta",
         (*POSES[:2], POSES[2].to("meta"))),
        (ValueError, "sigmas must be given where keypoints are not the 17 of COCO, got None for 16 "
                     "keypoints", (POSES[0][:, 1:], POSES[1][:, 1:], POSES[2])),
        (ValueError, "sigmas must have 17 values, one for each joint, got 2",
         (*POSES, [0.1, 0.1])),
        *[
            (ValueError, f"sigmas must be above 0 and finite in float32, got {sigma}",
             (*POSES, make([0.1] * 16 + [sigma])))
            for make in (list, torch.tensor, lambda sigmas: torch.tensor(sigmas, dtype=torch.float64))
            for sigma in (0.0, -0.5, math.nan, math.inf)
        ],
        (ValueError, "sigmas must be above 0 and finite in float32, got 1e.300",
         (*POSES, [0.1] * 16 + [1e300])),
        (TypeError, "sigmas must be 17 numbers, one for each joint", (*POSES, [np.True_] * 17)),
        (ValueError, r"sigmas must be \(K,\) like keypoints, got \(16,\)",
         (*POSES, torch.rand(16))),
        (TypeError, "sigmas must be float32, .* got int64", (*POSES, torch.ones(17).long())),
        (ValueError, r"sigmas must have the device of keypoints \(cpu\), got meta",
         (*POSES, torch.rand(17, device="meta"))),
    ],
)  # fmt: skip
@IMPLEMENTATIONS
def test_errors_of_poses(nms, error, message, arguments):
    for function in (nms.oks_nms, nms.soft_oks_nms):
        with pytest.raises(error, match=message):
            function(*arguments)


@IMPLEMENTATIONS
def test_errors_of_keywords(nms):
    for threshold in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="threshold must be an OKS in 0..1, got"):
            nms.oks_nms(*POSES, threshold=threshold)
    for threshold in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="threshold must be above 0 and finite, got"):
            nms.soft_oks_nms(*POSES, threshold=threshold)
    with pytest.raises(ValueError, match="max_kept must be at least 1, got 0"):
        nms.soft_oks_nms(*POSES, max_kept=0)
    for function in (nms.oks_nms, nms.soft_oks_nms):
        with pytest.raises(ValueError, match=r"pose_scores must be \(N,\) like keypoints, got"):
            function(*POSES, pose_scores=torch.ones(2))
        with pytest.raises(TypeError, match="image_index must be int64 or int32, got int16"):
            function(*POSES, image_index=torch.zeros(3).short())


# PyTorch's own checks of an op


@pytest.mark.parametrize("image_index", [None, torch.arange(6) % 2])
@DTYPES
def test_opcheck(image_index, dtype):
    poses = *make_people(11, 6, dtype=dtype), make_sigmas(17).to(dtype)
    hard, soft = torch.ops.rmpe_ext.oks_nms.default, torch.ops.rmpe_ext.soft_oks_nms.default
    torch.library.opcheck(hard, (*poses, None, image_index, 0.9))
    torch.library.opcheck(soft, (*poses, poses[2], image_index, 0.9, 3))
