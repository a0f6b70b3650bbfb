"""Parts of photographs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe.training.detector.config import Augmentation
from rmpe.training.detector.windows import draw_windows, map_boxes, window_matrices

STILL = Augmentation(
    flip=0,
    expand_chance=0,
    crop_chance=0,
    mosaic_chance=0,
    blend_chance=0,
    color=0,
    gray_chance=0,
    erase_chance=0,
)
BOXES = np.array([[0.1, 0.1, 0.3, 0.6], [0.5, 0.5, 0.9, 0.9], [0.4, 0.2, 0.45, 0.3]])


def draw(config, count=400, seed=0):
    sample = np.arange(count).repeat(3)
    boxes = np.tile(BOXES, (count, 1))
    return draw_windows(count, boxes, sample, config, np.random.default_rng(seed))


def test_nothing_happens_without_augmentation():
    assert (draw(STILL) == [0, 0, 1, 1]).all()


def test_larger_windows_hold_the_whole_photograph():
    windows = draw(replace(STILL, expand_chance=1.0, expand=3.0))
    assert (windows[:, :2] <= 0).all() and (windows[:, 2:] >= 1).all()
    sides = windows[:, 2:] - windows[:, :2]
    np.testing.assert_allclose(sides[:, 0], sides[:, 1])
    assert 1 <= sides.min() < 1.1 and 2.9 < sides.max() <= 3


def test_parts_are_within_the_photograph_and_show_somebody():
    windows = draw(replace(STILL, crop_chance=1.0, crop=0.3))
    assert (windows >= 0).all() and (windows <= 1).all()
    sides = windows[:, 2:] - windows[:, :2]
    # A side that is cut to the largest ratio may be smaller than a drawn one is.
    assert (sides >= 0.15).all() and (sides.max(axis=1) <= 2 * sides.min(axis=1) + 1e-9).all()
    low = np.maximum(windows[:, None, :2], BOXES[None, :, :2])
    high = np.minimum(windows[:, None, 2:], BOXES[None, :, 2:])
    assert ((high > low).all(axis=2).any(axis=1)).all()
    # Where a large overlap was wanted and no part had it, the whole photograph is shown.
    assert (windows != [0, 0, 1, 1]).any(axis=1).mean() > 0.5


def test_chances_are_kept():
    windows = draw(replace(STILL, expand_chance=0.3, crop_chance=0.5), count=4000)
    larger = (windows[:, :2] < 0).any(axis=1) | (windows[:, 2:] > 1).any(axis=1)
    whole = (windows == [0, 0, 1, 1]).all(axis=1)
    assert larger.mean() == pytest.approx(0.3, abs=0.03)
    assert 0.2 < whole.mean() < 0.2 + 0.5 * 0.5


def test_boxes_follow_their_window():
    windows = np.array([[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.5], [-0.5, -0.5, 1.5, 1.5]])
    boxes, inside = map_boxes(BOXES, windows)
    np.testing.assert_allclose(boxes[0], [0.2, 0.2, 0.6, 1.0])  # cut off below
    np.testing.assert_allclose(boxes[2], [0.45, 0.35, 0.475, 0.4])
    assert inside.tolist() == [True, False, True]


@pytest.mark.parametrize("mirrored", [False, True])
def test_crops_show_their_window(mirrored):
    image = torch.zeros(40, 60, 3, dtype=torch.uint8)
    image[8:20, 15:45] = 255  # y .2 to .5, x .25 to .75
    window = np.array([[0.25, 0.2, 1.0, 1.0]])
    matrix = window_matrices(window, np.array([[40, 60]]), (32, 24), np.array([mirrored]))
    crop = rmpe_ext.crop([image], torch.from_numpy(matrix).float(), (32, 24))[0, 0]
    boxes, _ = map_boxes(np.array([[0.25, 0.2, 0.75, 0.5]]), window)
    assert boxes[0].tolist() == pytest.approx([0, 0, 2 / 3, 0.375])
    columns = range(16) if not mirrored else range(8, 24)
    for y in range(32):
        for x in range(24):
            # Away from the edge, where pixels are mixed.
            if abs(y - 11.5) > 1 and abs(x - (15.5 if not mirrored else 7.5)) > 1:
                assert crop[y, x] == float(y < 12 and x in columns)
