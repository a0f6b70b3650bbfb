"""Random changes of boxes, matrices and colors."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe.training.pose.augmentation import (
    augment_boxes,
    draw_views,
    half_bodies,
    view_matrices,
)
from rmpe.training.pose.config import Augmentation

SIZE = (64, 48)
BOXES = np.array([[10.0, 20, 50, 110], [5, 5, 95, 35], [30, 30, 60, 60]])
STILL = Augmentation(
    flip=0, rotation=0, rotation_chance=0, scale=0, shift=0, half_body_chance=0, color=0,
    gray_chance=0, erase_chance=0, erase_size=0,
)  # fmt: skip
NO_ASPECT = np.zeros(len(BOXES))


def matrices(config, aspect=NO_ASPECT, seed=0):
    views = draw_views(len(BOXES), aspect, config, np.random.default_rng(seed))
    return view_matrices(BOXES, SIZE, 0.25, views), views.mirrored


def test_without_augmentation_matrices_are_those_of_the_pipeline():
    wanted = rmpe_ext.crop_matrices(torch.from_numpy(BOXES), SIZE)
    found, mirrored = matrices(STILL)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-9)
    assert not mirrored.any()
    assert np.array_equal(augment_boxes(BOXES, STILL, np.random.default_rng(0)), BOXES)


def test_a_mirrored_crop_is_the_crop_mirrored():
    image = torch.randint(0, 256, (1, 120, 100, 3), dtype=torch.uint8)
    found, mirrored = matrices(replace(STILL, flip=1.0))
    assert mirrored.all()
    index = torch.zeros(3, dtype=torch.int64)
    plain, flipped = (
        rmpe_ext.crop(image, torch.from_numpy(m), SIZE, image_index=index)
        for m in (matrices(STILL)[0], found)
    )
    torch.testing.assert_close(flipped, plain.flip(3), atol=1e-5, rtol=0)


def test_turning_keeps_centers_and_sizes_and_stays_within_two_deviations():
    found, _ = matrices(replace(STILL, rotation=20.0, rotation_chance=1.0))
    plain, _ = matrices(STILL)
    centers = np.append((BOXES[:, :2] + BOXES[:, 2:]) / 2, np.ones((3, 1)), axis=1)[:, :, None]
    np.testing.assert_allclose(found @ centers, plain @ centers, atol=1e-9)
    np.testing.assert_allclose(
        np.linalg.det(found[:, :, :2]), np.linalg.det(plain[:, :, :2]), rtol=1e-9
    )
    angles = np.rad2deg(np.arctan2(found[:, 0, 1], found[:, 0, 0]))
    assert (np.abs(angles) <= 40 + 1e-9).all() and (angles != 0).all()


def test_the_aspect_changes_before_the_turn_and_keeps_the_area():
    found, _ = matrices(STILL, aspect=np.array([0.0, 0.3, 0.3]))
    plain, _ = matrices(STILL)
    ratio = found[:, [0, 1], [0, 1]] / plain[:, [0, 1], [0, 1]]
    assert ratio[0].tolist() == [1, 1]
    np.testing.assert_allclose(ratio.prod(axis=1), 1)
    assert (ratio[1:, 0] != 1).all()


def test_boxes_move_and_grow_as_much_as_is_asked_for():
    many = np.repeat(BOXES[:1], 4000, axis=0)
    config = replace(STILL, shift=0.1, scale=0.2)
    moved = augment_boxes(many, config, np.random.default_rng(0))
    centers, sides = (moved[:, :2] + moved[:, 2:]) / 2, moved[:, 2:] - moved[:, :2]
    shift = (centers - [30, 65]) / [40, 90]
    growth = np.log(sides / [40, 90])
    # A normal distribution cut at two deviations keeps .96 of its deviation.
    assert shift.std(axis=0) == pytest.approx([0.096, 0.096], rel=0.05)
    assert np.abs(shift).max() <= 0.2 and growth[:, 0] == pytest.approx(growth[:, 1])
    assert growth[:, 0].std() == pytest.approx(0.192, rel=0.05)


def test_a_half_body_is_the_box_of_its_joints():
    random = np.random.default_rng(0)
    keypoints = random.uniform(20, 80, (200, 17, 2))
    labeled = np.ones((200, 17), bool)
    labeled[100:] = False
    labeled[100:, :7] = True  # too few of them
    upper = np.arange(17) < 11
    boxes = np.tile(BOXES[0], (200, 1))
    found = half_bodies(boxes, keypoints, labeled, upper, 1.0, random)
    assert (found[100:] == boxes[100:]).all()
    for box, points in zip(found[:100], keypoints, strict=False):
        halves = [points[upper], points[~upper]]
        margins = [0.1 * (half.max(0) - half.min(0)).max() for half in halves]
        wanted = [
            np.r_[half.min(0) - margin, half.max(0) + margin]
            for half, margin in zip(halves, margins, strict=True)
        ]
        assert any(np.allclose(box, want) for want in wanted)
