"""What a pose network sees and says: windows, and heatmaps where they belong in the image."""

import dataclasses

import cv2
import numpy as np
import pytest
import torch

from rmpe import PoseEstimator
from rmpe.heads.heatmap import HeatmapHead
from rmpe.inspection import inspect
from rmpe.method.limits import Limits
from rmpe.models.card import TransformerCard
from rmpe.models.pose import PoseNetwork
from rmpe_ext.conventions import GRIDS

from .test_pipeline import CARD, BrightestRed, WholeImage, spot

# Closer, turned a little, and moved to the lower left.
THETA = np.array([[0.7, -0.2, -0.15], [0.1, 0.6, 0.2]])
WITH_STN = dataclasses.replace(
    CARD, transformer=TransformerCard("", (), CARD.network, (64, 48), Limits())
)
HEIGHT, WIDTH, X, Y = 200, 150, 60, 110


def transformer(crops):
    return (torch.tensor(THETA, dtype=torch.float32).expand(len(crops), 2, 3),)


def inspected(stn="compose", card=WITH_STN):
    network = PoseNetwork(card, BrightestRed(), transformer if card is WITH_STN else None)
    return inspect(PoseEstimator(WholeImage(), network, stn=stn), spot(HEIGHT, WIDTH, X, Y))


@pytest.mark.parametrize("stn", ["compose", "resample", "heatmaps"])
def test_the_window_is_the_part_of_the_crop_that_theta_chooses(stn):
    seen = inspected(stn)
    # The crop of the whole image keeps the aspect ratio of the input, 192 x 256, and is padded.
    upper_left, _, lower_right, _ = seen.crops[0].numpy()
    assert (lower_right - upper_left) == pytest.approx([1.25 * 150, 1.25 * 200])
    center = (lower_right + upper_left) / 2
    half = (lower_right - upper_left) / 2
    target = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]])
    np.testing.assert_allclose(seen.windows[0], center + half * (target @ THETA.T), atol=1e-3)


def test_there_is_no_window_without_a_transformer():
    assert inspected(card=CARD).windows is None
    assert inspected("off").windows is None


@pytest.mark.parametrize("stn", ["compose", "resample", "heatmaps", "off"])
def test_heatmaps_lie_where_the_spot_is(stn):
    seen = inspected(stn)
    maps = seen.heatmaps[0, 0].numpy()
    laid = cv2.warpAffine(maps, seen.matrices[0].numpy(), (WIDTH, HEIGHT))
    y, x = np.unravel_index(laid.argmax(), laid.shape)
    # Half a heatmap pixel, of 4 crop pixels, at the most.
    assert (x, y) == (pytest.approx(X, abs=3), pytest.approx(Y, abs=3))
    assert seen.people.keypoints[0, 0].tolist() == pytest.approx([X, Y], abs=3)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_pixel_of_a_heatmap_lies_where_it_is_decoded(grid):
    head = HeatmapHead((), "argmax", grid, stride=4, offset=1.5, blur=None)
    maps = torch.zeros(1, 1, 64, 48)
    maps[0, 0, 50, 9] = 1
    keypoints, _ = head.decode([maps], torch.eye(2, 3)[None])
    expected = head.matrix((64, 48)) @ torch.tensor([9.0, 50, 1]).double()
    assert keypoints[0, 0].tolist() == pytest.approx(expected.tolist(), abs=1e-4)


def test_other_heads_have_no_heatmaps():
    head = type("Other", (), {"decode": lambda *_, **__: (torch.zeros(1, 17, 2), torch.ones(1, 17)),
                              "output_shapes": lambda *_: ((17, 64, 48),)})()  # fmt: skip
    seen = inspected(card=dataclasses.replace(CARD, head=head))
    assert seen.heatmaps is None and seen.matrices is None
    assert seen.crops.shape == (1, 4, 2)
