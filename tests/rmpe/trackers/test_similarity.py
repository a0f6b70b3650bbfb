"""Similarities between tracks and people."""

from dataclasses import replace

import numpy as np
import pytest
from pycocotools import mask
from torchvision.ops import box_iou

from rmpe.skeletons import BODY_25, COCO_17
from rmpe.trackers.similarity import FORMULAS, Poses


def poses(count, seed=0, scores=1.0, sigmas=COCO_17.sigmas):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 100, (count, 2))
    sizes = rng.uniform(20, 100, (count, 2))
    keypoints = corners[:, None] + rng.uniform(0, 1, (count, 17, 2)) * sizes[:, None]
    return Poses(
        np.concatenate([corners, corners + sizes], axis=1),
        keypoints,
        np.full((count, 17), scores),
        np.zeros(count),
        np.full(count, "person"),
        sigmas,
    )


@pytest.mark.parametrize("name", FORMULAS)
def test_a_pose_is_wholly_like_itself_and_unlike_one_far_away(name):
    some = poses(4)
    far = replace(some, boxes=some.boxes + 1e4, keypoints=some.keypoints + 1e4)
    near, apart = FORMULAS[name](some, some), FORMULAS[name](some, far)
    np.testing.assert_allclose(np.diag(near), 1)
    assert ((near >= 0) & (near <= 1)).all()
    np.testing.assert_allclose(apart, 0, atol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(("tracks", "people"), [(0, 0), (0, 3), (2, 0), (2, 3)])
def test_shapes(name, tracks, people):
    assert FORMULAS[name](poses(tracks), poses(people, 1)).shape == (tracks, people)


def test_iou_is_that_of_torchvision_and_of_pycocotools():
    import torch

    a, b = poses(5).boxes, poses(6, 1).boxes
    got = FORMULAS["iou"](poses(5), poses(6, 1))
    np.testing.assert_allclose(got, box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy())
    xywh = [np.concatenate([x[:, :2], x[:, 2:] - x[:, :2]], axis=1) for x in (a, b)]
    np.testing.assert_allclose(got, mask.iou(xywh[0], xywh[1], [0] * 6))


def test_oks_by_hand():
    one, other = poses(1), poses(1)
    other = replace(other, keypoints=other.keypoints + [3.0, 4.0])
    area = np.prod(one.boxes[0, 2:] - one.boxes[0, :2])
    variance = area * (2 * np.array(COCO_17.sigmas)) ** 2
    want = np.mean(np.exp(-25 / (2 * variance)))
    np.testing.assert_allclose(FORMULAS["oks"](one, other), [[want]])
    predicted = replace(one, variances=np.array([9.0]))
    want = np.mean(np.exp(-25 / (2 * (variance + 9))))
    np.testing.assert_allclose(FORMULAS["oks"](predicted, other), [[want]])


def test_keypoints_that_one_is_unsure_of_take_no_part():
    one, other = poses(1), poses(1)
    other.keypoints[0, 5:] += 50
    other.keypoint_scores[0, 5:] = 0.1
    np.testing.assert_allclose(FORMULAS["oks"](one, other), [[1.0]])
    one.keypoint_scores[0, :5] = 0.1  # Now no keypoint is sure in both.
    np.testing.assert_allclose(FORMULAS["oks"](one, other), [[0.0]])


def test_a_skeleton_without_sigmas_is_compared_too():
    some = poses(3, sigmas=BODY_25.likely_sigmas[:17])
    np.testing.assert_allclose(np.diag(FORMULAS["oks"](some, some)), 1)


def test_a_pose_moves_and_grows_with_its_box():
    some = poses(3)
    width, height = (some.boxes[:, 2:] - some.boxes[:, :2]).T
    boxes = np.stack([some.boxes[:, 0] + 7, some.boxes[:, 1] - 2, some.boxes[:, 0] + 7 + 2 * width,
                      some.boxes[:, 1] - 2 + 3 * height], axis=1)  # fmt: skip
    moved = some.moved(boxes)
    np.testing.assert_allclose(
        moved.keypoints - boxes[:, None, :2],
        (some.keypoints - some.boxes[:, None, :2]) * [2, 3],
    )
