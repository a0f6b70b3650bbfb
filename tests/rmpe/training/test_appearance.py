"""Random changes of what samples look like."""

from dataclasses import replace

import numpy as np
import torch

from rmpe.training.appearance import color_transforms, erase, erased_rectangles, vary_colors

from .pose.test_augmentation import STILL


def test_colors_stay_without_augmentation_and_gray_has_equal_channels():
    crops = torch.rand(3, 3, 8, 8)
    mix, bias = color_transforms(3, STILL, np.random.default_rng(0))
    torch.testing.assert_close(vary_colors(crops, mix, bias), crops)
    mix, bias = color_transforms(3, replace(STILL, gray_chance=1.0), np.random.default_rng(0))
    gray = vary_colors(crops, mix, bias)
    torch.testing.assert_close(gray[:, 0], gray[:, 2])
    torch.testing.assert_close(gray[:, 0], crops[:, 0] * 0.299 + crops[:, 1] * 0.587
                               + crops[:, 2] * 0.114)  # fmt: skip


def test_erased_rectangles_have_one_color_and_leave_the_rest():
    config = replace(STILL, erase_chance=1.0, erase_size=0.5)
    rectangles, colors = erased_rectangles(3, config, np.random.default_rng(0))
    assert (rectangles >= 0).all() and (rectangles <= 1).all()
    assert (rectangles[:, 2:] - rectangles[:, :2] <= 0.5).all()
    crops = torch.full((3, 3, 64, 48), -1.0)
    erase(crops, rectangles, colors)
    for crop, (top, left, bottom, right), color in zip(crops, rectangles, colors, strict=True):
        changed = (crop != -1).all(dim=0)
        assert changed.sum() == (int(bottom * 64) - int(top * 64)) * (
            int(right * 48) - int(left * 48)
        )
        values = crop[:, changed]
        assert (values == torch.from_numpy(color).float()[:, None]).all()
    rectangles, _ = erased_rectangles(3, STILL, np.random.default_rng(0))
    assert (rectangles[:, :2] == rectangles[:, 2:]).all()
