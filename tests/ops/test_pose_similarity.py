"""pose_similarity: the native op and the reference against the oracle."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from rmpe_ext.presets import PRESETS
from tests.ops.poses import (
    DTYPES,
    IMPLEMENTATIONS,
    float64,
    make_crowd,
    make_poses,
)
from tests.ops.variants import OVERRIDES, VARIANTS, rounding
from tests.oracles import pose_nms as oracle


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65])
@pytest.mark.parametrize("preset", PRESETS)
def test_pose_similarity_sizes(preset, count):
    poses = make_crowd(count)
    expected, margin = oracle.similarity_matrix(*float64(*poses), VARIANTS[preset])
    assert margin > rounding(torch.float64)
    for nms in (rmpe_ext, reference):
        d = nms.pose_similarity(*poses, preset=preset)
        np.testing.assert_allclose(d.numpy(), expected, rtol=0, atol=rounding(torch.float64))


def test_the_similarities_of_a_thousand_poses():
    poses = make_crowd(1000)
    native, pure = rmpe_ext.pose_similarity(*poses), reference.pose_similarity(*poses)
    torch.testing.assert_close(native, pure, rtol=0, atol=rounding(torch.float64))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.sampled_from([0, 1, 2, 9, 17, 33]),
    joints=st.sampled_from([1, 14, 17, 133]),
    variant=st.sampled_from(OVERRIDES),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_pose_similarity_equals_the_oracle(seed, count, joints, variant, dtype):
    preset, parameters, words = variant
    poses = make_poses(seed, count, joints, dtype=dtype)
    expected, margin = oracle.similarity_matrix(
        *float64(*poses), dataclasses.replace(VARIANTS[preset], **words)
    )
    assume(margin > rounding(dtype))
    tolerance = rounding(dtype, joints)
    for nms in (rmpe_ext, reference):
        d = nms.pose_similarity(*poses, preset=preset, **parameters)
        assert d.dtype == dtype
        np.testing.assert_allclose(d.double().numpy(), expected, rtol=0, atol=tolerance)


@IMPLEMENTATIONS
def test_far_apart_is_exactly_unlike(nms):
    keypoints = torch.tensor([[[0.0, 0.0]], [[1e30, -1e30]]])  # the square is infinite in float32
    d = nms.pose_similarity(keypoints, torch.ones(2, 1), torch.tensor([[0.0, 0, 9, 9]] * 2))
    assert d[0, 1] == 0 and d[1, 0] == 0


@pytest.mark.parametrize("preset", PRESETS)
@DTYPES
@IMPLEMENTATIONS
def test_smallest_scales(nms, dtype, preset):
    """Where the scales vanish, joints that score count whole, and only where they coincide."""
    keypoints = torch.tensor([[[1.0, 2], [3, 4]], [[1, 2], [3, 5]]], dtype=dtype)
    boxes = torch.tensor([[0.0, 0, 9, 9]] * 2, dtype=dtype)
    scores = torch.tensor([[0.0, 0.5]] * 2, dtype=dtype)
    scales = {"sigma1": 1e-30, "sigma2": 1e-30, "lam": 1.0, "match_radius": 0.0}
    d = nms.pose_similarity(keypoints, scores, boxes, preset=preset, **scales)
    assert d.tolist() == [[3.0, 1.0], [1.0, 3.0]]
