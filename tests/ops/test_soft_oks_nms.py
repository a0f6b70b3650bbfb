"""soft_oks_nms: the native op and the reference against the oracle."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from tests.ops.people import CASES, assert_soft_result, draw, make_people, rounding
from tests.ops.poses import (
    IMPLEMENTATIONS,
    float64,
)
from tests.oracles import oks_nms as oracle


@settings(max_examples=150, deadline=None)
@given(
    **CASES,
    threshold=st.sampled_from([0.05, 0.5, 0.9, 3.0]),
    max_kept=st.sampled_from([1, 3, 20, 100]),
)
def test_soft_oks_nms_equals_the_oracle(
    seed, count, joints, images, ordered, dtype, threshold, max_kept
):
    poses, keywords, words = draw(seed, count, joints, images, ordered, dtype)
    expected = oracle.soft_oks_nms(*float64(*poses), threshold, max_kept, **words)
    assume(expected.margin > rounding(dtype))
    for nms in (rmpe_ext, reference):
        result = nms.soft_oks_nms(*poses, threshold=threshold, max_kept=max_kept, **keywords)
        assert_soft_result(result, expected, dtype, threshold)


@pytest.mark.parametrize("max_kept", [1, 5, 20, 64])
@IMPLEMENTATIONS
def test_at_most_max_kept_of_each_image(nms, max_kept):
    poses, index = make_people(5, 90), torch.arange(90) % 3 // 2  # images of 60 and 30
    result = nms.soft_oks_nms(*poses, image_index=index, max_kept=max_kept)
    for image, size in ((0, 60), (1, 30)):
        ranks = result.rank[index == image]
        assert sorted(ranks[ranks >= 0].tolist()) == list(range(min(max_kept, size)))
    assert torch.equal(result.keep, result.rank >= 0)


@IMPLEMENTATIONS
def test_kept_scores_fall_with_the_rank(nms):
    result = nms.soft_oks_nms(*make_people(6, 70))
    order = result.rank.argsort()[-20:]
    falling = result.pose_scores[order]
    assert (falling[1:] <= falling[:-1]).all()
