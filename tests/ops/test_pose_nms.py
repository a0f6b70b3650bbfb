"""pose_nms: the native op and the reference against the oracle."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from rmpe_ext.presets import PRESETS, PoseNMSPreset, resolve_preset
from tests.ops.poses import (
    DTYPES,
    IMPLEMENTATIONS,
    SIZES,
    assert_result,
    float64,
    make_crowd,
    make_poses,
)
from tests.ops.variants import OVERRIDES, VARIANTS, rounding
from tests.oracles import pose_nms as oracle

# The presets


def test_presets_have_the_released_values():
    for name, variant in VARIANTS.items():
        row = PRESETS[name]
        for field in ("sigma1", "sigma2", "lam", "eta", "squared", "near_radius", "near_box"):
            assert getattr(row, field) == getattr(variant, field), (name, field)
        assert (row.unit == "box") == variant.in_box_units
        assert (row.match_box or math.inf) == variant.match_box
        assert (row.match_radius or math.inf) == variant.match_radius
        assert (row.near_joints or math.inf) == variant.near_joints


def test_preset_object_in_place_of_a_name():
    poses = make_poses(0, 20, 17)
    preset = dataclasses.replace(PRESETS["rmpe"], eta=10.0)
    by_object = rmpe_ext.pose_nms(*poses, preset=preset)
    by_name = rmpe_ext.pose_nms(*poses, preset="rmpe", eta=10.0)
    assert torch.equal(by_object.suppressor, by_name.suppressor)


@pytest.mark.parametrize("preset", PRESETS)
@IMPLEMENTATIONS
def test_repeated_detections_go_and_neighbors_stay(nms, preset):
    """What a preset is for, on COCO's 17 joints: duplicates of one person are removed, while
    somebody who stands a third of a body's width away is not."""
    rng = np.random.default_rng(0)
    body = rng.uniform(0, 1, (17, 2)) * [100, 250]
    bodies = np.stack([body, body + rng.normal(0, 0.4, body.shape), body + [35, 10]])
    boxes = np.concatenate([bodies.min(1), bodies.max(1)], 1)
    scores = np.repeat([[0.9], [0.8], [0.85]], 17, 1)
    keypoints, scores, boxes = (torch.from_numpy(a).float() for a in (bodies, scores, boxes))
    result = nms.pose_nms(keypoints, scores, boxes, preset=preset)
    assert result.keep.tolist() == [True, False, True]
    assert result.suppressor.tolist() == [0, 0, 2]


# Against the oracle


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 40),
    joints=st.sampled_from([1, 2, 14, 17, 133]),
    variant=st.sampled_from(OVERRIDES),
    images=st.one_of(st.none(), st.integers(1, 8)),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_pose_nms_equals_the_oracle(seed, count, joints, variant, images, dtype):
    preset, parameters, words = variant
    expected_variant = dataclasses.replace(VARIANTS[preset], **words)
    expected_variant.eta *= joints / 17  # d grows with the number of joints
    poses = make_poses(seed, count, joints, dtype=dtype)
    index = None
    if images is not None:
        index = torch.from_numpy(np.random.default_rng(seed).integers(-images, images, count))
    expected = oracle.pose_nms(
        *float64(*poses), expected_variant, None if index is None else index.tolist()
    )
    assume(expected.margin > rounding(dtype, joints))
    parameters = {**parameters, "eta": expected_variant.eta}
    for nms in (rmpe_ext, reference):
        assert_result(
            nms.pose_nms(*poses, preset=preset, image_index=index, **parameters), expected
        )


@SIZES
@pytest.mark.parametrize("preset", PRESETS)
def test_pose_nms_sizes(preset, count):
    poses = make_crowd(count)
    expected = oracle.pose_nms(*float64(*poses), VARIANTS[preset])
    assert expected.margin > rounding(torch.float64)
    for nms in (rmpe_ext, reference):
        assert_result(nms.pose_nms(*poses, preset=preset), expected)


# Images, order, ties


@IMPLEMENTATIONS
def test_one_call_for_many_images_equals_one_call_each(nms):
    poses = make_poses(7, 120, 17, people=10)
    # Any values in any order: none is an index into anything.
    values = torch.tensor([-(2**62), -1, 0, 5, 2**62])
    index = values[torch.from_numpy(np.random.default_rng(7).integers(0, 5, 120))]
    together = nms.pose_nms(*poses, preset="alphapose", image_index=index)
    assert not together.keep.all()
    for value in values:
        (own,) = (index == value).nonzero(as_tuple=True)
        alone = nms.pose_nms(*(p[own] for p in poses), preset="alphapose")
        assert torch.equal(together.keep[own], alone.keep)
        assert torch.equal(together.suppressor[own], own[alone.suppressor])


def test_many_images_are_spread_over_threads():
    poses = make_poses(8, 4000, 17, people=1500, dtype=torch.float64)
    index = torch.arange(4000) % 500
    native = rmpe_ext.pose_nms(*poses, image_index=index)
    assert torch.equal(native.suppressor, reference.pose_nms(*poses, image_index=index).suppressor)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_order_of_the_input_does_not_matter(seed):
    poses = make_poses(seed, 50, 17, people=8, dtype=torch.float64)
    index = torch.from_numpy(np.random.default_rng(seed).integers(0, 3, 50))
    shuffle = torch.from_numpy(np.random.default_rng(seed + 1).permutation(50))
    for nms in (rmpe_ext, reference):
        straight = nms.pose_nms(*poses, image_index=index)
        shuffled = nms.pose_nms(*(p[shuffle] for p in poses), image_index=index[shuffle])
        assert torch.equal(shuffled.keep, straight.keep[shuffle])
        assert torch.equal(shuffle[shuffled.suppressor], straight.suppressor[shuffle])


@DTYPES
@IMPLEMENTATIONS
def test_of_equal_poses_the_first_is_kept(nms, dtype):
    poses = make_poses(1, 1, 17, dtype=dtype)
    result = nms.pose_nms(*(p.expand(5, *p.shape[1:]) for p in poses), preset="alphapose")
    assert result.keep.tolist() == [True, False, False, False, False]
    assert result.suppressor.tolist() == [0] * 5


@IMPLEMENTATIONS
def test_equal_means_tie_whatever_the_order_of_the_joints(nms):
    keypoints, scores, boxes = make_poses(2, 1, 17)
    keypoints, boxes = keypoints.expand(2, 17, 2), boxes.expand(2, 4)
    for roll in range(1, 17):
        both = torch.cat([scores, scores.roll(roll, 1)])
        assert nms.pose_nms(keypoints, both, boxes).keep.tolist() == [True, False]


@IMPLEMENTATIONS
def test_similarity_equal_to_eta_is_kept(nms):
    keypoints, scores = torch.zeros(2, 4, 2), torch.zeros(2, 4)  # d = 0 + 4 lam, exactly
    boxes = torch.tensor([[0.0, 0, 10, 10]] * 2)
    assert nms.pose_nms(keypoints, scores, boxes, lam=2.0, eta=8.0).keep.all()
    assert not nms.pose_nms(keypoints, scores, boxes, lam=2.0, eta=7.99).keep.all()


@IMPLEMENTATIONS
def test_the_picked_pose_gives_the_box(nms):
    keypoints = torch.tensor([[[0.0, 0.0]], [[4.0, 0.0]]])
    boxes = torch.tensor([[0.0, 0, 100, 100], [0, 0, 10, 10]])  # a match reaches 5 and 0.5 px
    d = nms.pose_similarity(
        keypoints, torch.ones(2, 1), boxes, sigma1=0.01, lam=0.0, preset="paper"
    )
    assert d.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    for scores, keep in (([[0.9], [0.8]], [True, False]), ([[0.8], [0.9]], [True, True])):
        result = nms.pose_nms(
            keypoints, torch.tensor(scores), boxes, sigma1=0.01, lam=0.0, preset="paper", eta=0.5
        )
        assert result.keep.tolist() == keep


# Values that are out of the ordinary


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("argument", [0, 1, 2])
@pytest.mark.parametrize("preset", PRESETS)
@IMPLEMENTATIONS
def test_a_pose_that_is_not_finite_takes_no_part(nms, preset, argument, value):
    # Five copies of one pose; the best of them is spoiled.
    poses = [p.repeat(5, *[1] * (p.dim() - 1)) for p in make_poses(4, 1, 17)]
    poses[1][2] = 1.0
    poses[argument][2].view(-1)[-1] = value
    result = nms.pose_nms(*poses, preset=preset)
    assert result.keep.tolist() == [True, False, True, False, False]
    assert result.suppressor.tolist() == [0, 0, 2, 0, 0]
    d = nms.pose_similarity(*poses, preset=preset)
    assert d[2].isnan().all() and d[:, 2].isnan().all()
    others = torch.tensor([0, 1, 3, 4])
    assert d[others][:, others].isfinite().all()


@pytest.mark.parametrize("box", [[3.0, 4, 3, 4], [9.0, 9, 1, 1]], ids=["point", "inside out"])
@pytest.mark.parametrize("preset", PRESETS)
@DTYPES
@IMPLEMENTATIONS
def test_a_reference_box_without_extent(nms, preset, dtype, box):
    """What coincides is at distance 0, also in the unit of such a box."""
    keypoints, scores, _ = make_poses(5, 1, 17, dtype=dtype)
    keypoints = torch.cat([keypoints, keypoints, keypoints + 3.0])
    scores = torch.full((3, 17), 0.9, dtype=dtype)
    boxes = torch.tensor([box] * 3, dtype=dtype)
    d = nms.pose_similarity(keypoints, scores, boxes, preset=preset)
    assert d.isfinite().all()
    expected, _ = oracle.similarity_matrix(*float64(keypoints, scores, boxes), VARIANTS[preset])
    np.testing.assert_allclose(d.double().numpy(), expected, rtol=0, atol=1e-4)
    result = nms.pose_nms(keypoints, scores, boxes, preset=preset)
    assert result.keep.tolist()[:2] == [True, False]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@IMPLEMENTATIONS
def test_half_precision_is_computed_in_float32(nms, dtype):
    poses = [p.to(dtype) for p in make_poses(6, 30, 17)]
    half = nms.pose_nms(*poses, preset="alphapose")
    single = nms.pose_nms(*(p.float() for p in poses), preset="alphapose")
    assert torch.equal(half.suppressor, single.suppressor)
    assert nms.pose_similarity(*poses).dtype == torch.float32


@IMPLEMENTATIONS
def test_strided_inputs(nms):
    keypoints, scores, boxes = make_poses(9, 40, 17)
    index = torch.arange(40) % 3
    expected = nms.pose_nms(keypoints, scores, boxes, image_index=index)
    wide = torch.cat([keypoints, scores[..., None]], 2)  # (N, K, 3), as many frameworks hold poses
    views = (
        wide[..., :2],
        wide[..., 2],
        boxes.t().contiguous().t(),
        index.repeat_interleave(2)[::2],
    )
    assert not any(view.is_contiguous() for view in views)
    result = nms.pose_nms(*views[:3], image_index=views[3])
    assert torch.equal(result.suppressor, expected.suppressor)
    assert torch.equal(
        nms.pose_similarity(*views[:3]), nms.pose_similarity(keypoints, scores, boxes)
    )
    padded = torch.cat([boxes, scores], 1)
    overlap = nms.box_nms(padded[:, :4], padded[:, 4], 0.5)
    assert torch.equal(overlap.suppressor, nms.box_nms(boxes, scores[:, 0], 0.5).suppressor)


@IMPLEMENTATIONS
def test_boxes_and_index_in_lists(nms):
    keypoints, scores, boxes = make_poses(9, 40, 17)
    index = torch.arange(40) % 3
    want = nms.pose_nms(keypoints, scores, boxes, image_index=index)
    for other in (index.tolist(), index.int()):
        have = nms.pose_nms(keypoints, scores, boxes.tolist(), image_index=other)
        assert torch.equal(have.suppressor, want.suppressor)
    merged = nms.merge_poses(keypoints, scores, boxes.tolist(), want.suppressor)
    assert torch.equal(merged.keep, nms.merge_poses(keypoints, scores, boxes, want.suppressor).keep)


@IMPLEMENTATIONS
def test_inputs_that_require_grad(nms):
    poses = [p.requires_grad_() for p in make_poses(10, 5, 17)]
    assert not nms.pose_similarity(*poses).requires_grad
    assert nms.pose_nms(*poses).keep.shape == (5,)


# Errors

POSES = make_poses(0, 3, 17)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (TypeError, "keypoints must be a torch.Tensor, got list", ([], *POSES[1:])),
        (ValueError, r"keypoints must be \(N, K, 2\), got \(3, 17, 3\)",
         (torch.rand(3, 17, 3), *POSES[1:])),
        (ValueError, r"keypoints must have at least one joint, got \(3, 0, 2\)",
         (torch.rand(3, 0, 2), torch.rand(3, 0), POSES[2])),
        (TypeError, "keypoints must be float32, .* got int64", (POSES[0].long(), *POSES[1:])),
        (ValueError, r"scores must be \(N, K\) like keypoints, got \(3, 17, 1\)",
         (POSES[0], POSES[1][..., None], POSES[2])),
        (ValueError, r"scores must be \(N, K\) like keypoints, got \(2, 17\)",
         (POSES[0], POSES[1][:2], POSES[2])),
        (ValueError, r"scores must have the dtype of keypoints \(torch.float32\), got .*64",
         (POSES[0], POSES[1].double(), POSES[2])),
        (ValueError, r"scores must have the device of keypoints \(cpu\), got meta",
         (POSES[0], POSES[1].to("meta"), POSES[2])),
        (ValueError, r"boxes must be \(N, 4\) like keypoints, got \(3, 5\)",
         (*POSES[:2], torch.rand(3, 5))),
        (ValueError, r"boxes must have the dtype of keypoints \(torch.float32\), got torch.float64",
         (*POSES[:2], POSES[2].double())),
    ],
)  # fmt: skip
@IMPLEMENTATIONS
def test_errors_of_poses(nms, error, message, arguments):
    for function in (nms.pose_nms, nms.pose_similarity):
        with pytest.raises(error, match=message):
            function(*arguments)


@pytest.mark.parametrize(
    ("error", "message", "keywords"),
    [
        (ValueError, "preset must be one of alphapose, paper, rmpe, got 'mine'",
         {"preset": "mine"}),
        (TypeError, "'delta' is not a parameter of pose NMS; these are: sigma1, sigma2, lam, eta, .*, "
                    "near_box", {"delta": 1.0}),
        (ValueError, "sigma1 must be in 1e-30..1e30, got 0", {"sigma1": 0}),
        (ValueError, "sigma2 must be in 1e-30..1e30, got inf", {"sigma2": math.inf}),
        (ValueError, "lam must be finite, got nan", {"lam": math.nan}),
        (ValueError, "eta must be finite, got inf", {"eta": math.inf}),
        (ValueError, "unit must be one of box, pixel, got 'px'", {"unit": "px"}),
        (ValueError, "match_box must be at least 0 and finite, or None, got -1", {"match_box": -1}),
        (ValueError, "match_radius must be at least 0 and finite, or None, got nan",
         {"match_radius": math.nan}),
        (ValueError, "near_joints must be at least 0, got -1", {"near_joints": -1}),
    ],
)  # fmt: skip
@IMPLEMENTATIONS
def test_errors_of_parameters(nms, error, message, keywords):
    for function in (nms.pose_nms, nms.pose_similarity):
        with pytest.raises(error, match=message):
            function(*POSES, **keywords)


@pytest.mark.parametrize(
    ("error", "message", "index"),
    [
        (ValueError, r"image_index must be \(N,\) like keypoints, got \(2,\)",
         torch.zeros(2).long()),
        (TypeError, "image_index must be int64 or int32, got int16", torch.zeros(3).short()),
        (TypeError, "image_index must be a torch.Tensor, got str", "000"),
        (ValueError, r"image_index must have the device of keypoints \(cpu\), got meta",
         torch.zeros(3).long().to("meta")),
    ],
)  # fmt: skip
@IMPLEMENTATIONS
def test_errors_of_image_index(nms, error, message, index):
    with pytest.raises(error, match=message):
        nms.pose_nms(*POSES, image_index=index)
    with pytest.raises(error, match=message.replace("keypoints", "boxes")):
        nms.box_nms(POSES[2], POSES[1][:, 0], 0.5, image_index=index)


@pytest.mark.parametrize(
    "keywords, message",
    [
        ({"near_joints": 2.5}, "near_joints must be a whole number, got 2.5"),
        ({"squared": "no"}, "squared must be True or False, got 'no'"),
        ({"eta": None}, "eta must be a number, got None"),
        ({"lam": True}, "lam must be a number, got True"),
        ({"match_box": "0.1"}, "match_box must be a number or None, got '0.1'"),
        ({"unit": 1}, "unit must be text, got 1"),
    ],
)
def test_types_of_parameters(keywords, message):
    with pytest.raises(TypeError, match=message):
        rmpe_ext.pose_nms(*make_poses(0, 3, 17), **keywords)


def test_preset_resolution():
    assert resolve_preset("rmpe") is PRESETS["rmpe"]
    assert resolve_preset("rmpe", {"eta": 1.0}) == dataclasses.replace(PRESETS["rmpe"], eta=1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRESETS["rmpe"].eta = 1.0
    with pytest.raises(TypeError):
        PoseNMSPreset(sigma1=1.0)


# The order of the poses


@IMPLEMENTATIONS
@DTYPES
@pytest.mark.parametrize("seed", range(5))
def test_pose_scores_order_the_poses(nms, dtype, seed):
    poses = make_poses(seed, 60, 17, dtype=dtype)
    order = torch.from_numpy(np.random.default_rng(seed).normal(0, 1, 60)).to(dtype)
    order[7] = torch.nan
    index = torch.arange(60) % 3
    expected = oracle.pose_nms(
        *float64(*poses), VARIANTS["rmpe"], index.tolist(), order.double().tolist()
    )
    result = nms.pose_nms(*poses, preset="rmpe", pose_scores=order, image_index=index)
    assert_result(result, expected)
    assert result.keep[7]
    by_mean = nms.pose_nms(*poses, preset="rmpe", image_index=index)
    assert not torch.equal(result.suppressor, by_mean.suppressor)


@IMPLEMENTATIONS
def test_errors_of_pose_scores(nms):
    poses = make_poses(0, 4, 17)
    with pytest.raises(ValueError, match=r"pose_scores must be \(N,\) like keypoints, got \(3,\)"):
        nms.pose_nms(*poses, pose_scores=torch.ones(3))
    with pytest.raises(ValueError, match="pose_scores must have the dtype of keypoints"):
        nms.pose_nms(*poses, pose_scores=torch.ones(4, dtype=torch.float64))


# PyTorch's own checks of an op


@pytest.mark.parametrize("image_index", [None, torch.arange(6) % 2])
def test_opcheck(image_index):
    keypoints, scores, boxes = make_poses(11, 6, 17)
    similarity = (0.3, 100.0, 1.0)
    distance = (True, False, 0.1, -1.0)
    torch.library.opcheck(
        torch.ops.rmpe_ext.pose_nms.default,
        (keypoints, scores, boxes, None, image_index, *similarity, 8.0, *distance, 5, 7.0, 0.1),
    )
    torch.library.opcheck(
        torch.ops.rmpe_ext.pose_similarity.default,
        (keypoints, scores, boxes, *similarity, *distance),
    )
    torch.library.opcheck(
        torch.ops.rmpe_ext.box_nms.default, (boxes, scores[:, 0].clone(), 0.5, image_index)
    )
