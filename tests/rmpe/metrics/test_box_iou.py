"""Overlap of boxes."""

import numpy as np
import pytest
import torch

from rmpe.metrics.box_iou import box_area, box_intersection, box_iou

FIRST = np.array([[0.0, 0, 2, 2], [5, 5, 6, 6], [1, 1, 1, 3]])
SECOND = np.array([[1.0, 0, 3, 2], [0, 0, 2, 2]])


def test_iou_of_all_pairs():
    iou = box_iou(FIRST[:, None], SECOND)
    np.testing.assert_allclose(iou, [[1 / 3, 1], [0, 0], [0, 0]])


def test_what_all_pairs_share():
    shared = box_intersection(FIRST[:, None], SECOND)
    np.testing.assert_allclose(shared, [[2, 4], [0, 0], [0, 0]])


def test_boxes_without_area_overlap_nothing_themselves_included():
    empty = np.array([[1.0, 1, 1, 3], [2, 2, 1, 1]])
    assert box_area(empty).tolist() == [0, 0]
    assert box_iou(empty, empty).tolist() == [0, 0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
def test_boxes_beyond_numbers_overlap_nothing(value):
    box = np.array([[-value, -value, value, value]])
    assert box_iou(box, FIRST[:1]).tolist() == box_iou(box, box).tolist() == [0]


def test_small_integers_do_not_wrap_around():
    first, second = FIRST.astype(np.uint8), np.array([[4, 4, 6, 6]], np.uint8)
    np.testing.assert_array_equal(box_iou(first, second), box_iou(FIRST, second.astype(float)))


@pytest.mark.parametrize(
    ("second", "error", "message"),
    [
        ([[0, 0, 1, 1]], TypeError, "second must be a numpy array of real numbers, got"),
        (torch.zeros(3, 4), TypeError, "second must be a numpy array of real numbers, got"),
        (np.array([[10**30] * 4]), TypeError, "second must hold real numbers, got object"),
        (FIRST * 1j, TypeError, "second must hold real numbers, got complex128"),
        (FIRST[:, :3], ValueError, r"second must be \(..., 4\), got \(3, 3\)"),
        (np.float64(3), TypeError, "second must be a numpy array"),
        (np.zeros((2, 4)), ValueError, r"second must be of a shape that broadcasts.*\(2, 4\)"),
    ],
)
def test_what_is_no_box_is_named(second, error, message):
    with pytest.raises(error, match=message):
        box_iou(FIRST, second)
