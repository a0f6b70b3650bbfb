"""Overlap of boxes."""

import numpy as np

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
