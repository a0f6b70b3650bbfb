"""box_nms: the native op and the reference against the oracle and torchvision."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from tests.ops.poses import (
    IMPLEMENTATIONS,
    SIZES,
    assert_result,
    float64,
    make_crowd,
)
from tests.ops.variants import rounding
from tests.oracles import pose_nms as oracle


def make_boxes(seed, count, dtype=torch.float32):
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(0, 100, (count, 2)), rng.uniform(5, 60, (count, 2))
    boxes = np.concatenate([corner, corner + size], 1)
    return torch.from_numpy(boxes).to(dtype), torch.from_numpy(rng.uniform(size=count)).to(dtype)


@SIZES
def test_box_nms_sizes(count):
    _, scores, boxes = make_crowd(count)
    expected = oracle.box_nms(*float64(boxes, scores[:, 0]), 0.5)
    assert expected.margin > rounding(torch.float64)
    for nms in (rmpe_ext, reference):
        assert_result(nms.box_nms(boxes, scores[:, 0], 0.5), expected)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.one_of(st.integers(0, 40), st.sampled_from([63, 64, 65])),
    threshold=st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]),
    images=st.one_of(st.none(), st.integers(1, 5)),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_box_nms_equals_the_oracle(seed, count, threshold, images, dtype):
    boxes, scores = make_boxes(seed, count, dtype)
    index = None
    if images is not None:
        index = torch.from_numpy(np.random.default_rng(seed).integers(-images, images, count))
    expected = oracle.box_nms(
        *float64(boxes, scores), threshold, None if index is None else index.tolist()
    )
    assume(expected.margin > (1e-5 if dtype == torch.float32 else 1e-12))
    for nms in (rmpe_ext, reference):
        assert_result(nms.box_nms(boxes, scores, threshold, image_index=index), expected)


@pytest.mark.parametrize("threshold", [0.1, 0.45, 0.7])
@pytest.mark.parametrize("count", [0, 1, 64, 65, 1000])
@IMPLEMENTATIONS
def test_box_nms_equals_torchvision(nms, count, threshold):
    tv = pytest.importorskip("torchvision").ops
    boxes, scores = make_boxes(count, count)
    keep = nms.box_nms(boxes, scores, threshold).keep
    kept = tv.nms(boxes, scores, threshold)
    assert keep.nonzero()[:, 0].tolist() == sorted(kept.tolist())


@IMPLEMENTATIONS
def test_box_nms_equals_torchvision_batched(nms):
    tv = pytest.importorskip("torchvision").ops
    boxes, scores = make_boxes(3, 600, torch.float64)
    index = torch.from_numpy(np.random.default_rng(3).integers(0, 20, 600))
    keep = nms.box_nms(boxes, scores, 0.4, image_index=index).keep
    kept = tv.batched_nms(boxes, scores, index, 0.4)
    assert keep.nonzero()[:, 0].tolist() == sorted(kept.tolist())


@pytest.mark.parametrize("threshold", [0.3, 0.45, 0.6, 0.9])
@IMPLEMENTATIONS
def test_box_nms_on_real_detections(nms, threshold, data_dir):
    tv = pytest.importorskip("torchvision").ops
    file = data_dir / "mmpose-fixtures" / "coco" / "test_coco_det_AP_H_56.json"
    detections = json.loads(file.read_text())
    boxes = torch.tensor([d["bbox"] for d in detections])
    boxes[:, 2:] += boxes[:, :2]
    scores = torch.tensor([d["score"] for d in detections])
    index = torch.tensor([d["image_id"] for d in detections])
    keep = nms.box_nms(boxes, scores, threshold, image_index=index).keep
    assert 0 < keep.sum() < len(keep)
    for image in index.unique():
        (own,) = (index == image).nonzero(as_tuple=True)
        kept = own[tv.nms(boxes[own], scores[own], threshold)]
        assert own[keep[own]].tolist() == sorted(kept.tolist())


@IMPLEMENTATIONS
def test_equal_box_scores_keep_the_first(nms):
    boxes = torch.tensor([[0.0, 0, 10, 10]]).expand(4, 4)
    result = nms.box_nms(boxes, torch.tensor([0.5, 0.9, 0.9, 0.1]), 0.5)
    assert result.keep.tolist() == [False, True, False, False]
    assert result.suppressor.tolist() == [1, 1, 1, 1]


@IMPLEMENTATIONS
def test_a_suppressed_box_suppresses_none(nms):
    boxes = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    result = nms.box_nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.4)
    assert result.keep.tolist() == [True, False, True]


@IMPLEMENTATIONS
def test_iou_equal_to_the_threshold_is_kept(nms):
    boxes = torch.tensor([[0.0, 0, 2, 1], [0, 0, 1, 1]])  # IoU exactly 0.5
    scores = torch.tensor([0.9, 0.8])
    assert nms.box_nms(boxes, scores, 0.5).keep.all()
    assert not nms.box_nms(boxes, scores, 0.4999).keep.all()


@IMPLEMENTATIONS
def test_a_box_that_is_not_comparable_takes_no_part(nms):
    boxes = torch.tensor([[0.0, 0, 10, 10]]).repeat(5, 1)
    boxes[1, 2], boxes[2, 3] = math.nan, math.inf
    scores = torch.tensor([0.5, 0.9, 0.9, math.nan, 0.6])
    result = nms.box_nms(boxes, scores, 0.5)
    assert result.keep.tolist() == [False, True, True, True, True]
    assert result.suppressor.tolist() == [4, 1, 2, 3, 4]


@IMPLEMENTATIONS
def test_infinite_box_scores_are_an_order(nms):
    boxes = torch.tensor([[0.0, 0, 10, 10]]).expand(3, 4)
    scores = torch.tensor([-math.inf, 0.5, math.inf])
    assert nms.box_nms(boxes, scores, 0.5).suppressor.tolist() == [2, 2, 2]


@IMPLEMENTATIONS
def test_boxes_without_area_overlap_nothing(nms):
    boxes = torch.tensor([[5.0, 5, 5, 5], [5, 5, 5, 5], [0, 0, 10, 10], [9, 9, 1, 1]])
    assert nms.box_nms(boxes, torch.tensor([0.9, 0.8, 0.7, 0.6]), 0.0).keep.all()


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, r"boxes must be \(N, 4\), got \(3, 5\)",
         (torch.rand(3, 5), torch.rand(3), 0.5)),
        (TypeError, "boxes must be float32, .* got int64",
         (torch.zeros(3, 4).long(), torch.rand(3), 0.5)),
        (ValueError, r"scores must be \(N,\) like boxes, got \(3, 1\)",
         (torch.rand(3, 4), torch.rand(3, 1), 0.5)),
        (ValueError, r"scores must have the dtype of boxes \(torch.float32\), got torch.float64",
         (torch.rand(3, 4), torch.rand(3).double(), 0.5)),
        (ValueError, r"threshold must be an IoU in 0..1, got 45",
         (torch.rand(3, 4), torch.rand(3), 45)),
        (ValueError, r"threshold must be an IoU in 0..1, got nan",
         (torch.rand(3, 4), torch.rand(3), math.nan)),
    ],
)  # fmt: skip
@IMPLEMENTATIONS
def test_errors_of_box_nms(nms, error, message, arguments):
    with pytest.raises(error, match=message):
        nms.box_nms(*arguments)
