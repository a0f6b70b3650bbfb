"""The heatmap head: what it reads of a card, and how it decodes."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import rmpe_ext
from rmpe.errors import ModelError
from rmpe.heads.heatmap import HeatmapHead
from rmpe.models.read import load_card
from rmpe.toml_table import Table

HOURGLASS = load_card("hourglass_aic14").head
PAIRS = load_card("hourglass_aic14").skeleton.flip_pairs
MATRICES = torch.tensor([[[0.5, 0.0, 3.0], [0.0, 0.5, 7.0]], [[2.0, 0.1, 0.0], [-0.1, 2.0, 1.0]]])


def blurred(maps):
    return torch.from_numpy(
        np.array([[cv2.GaussianBlur(m, (5, 5), 0) for m in person] for person in maps.numpy()])
    )


@pytest.mark.parametrize("flip", [False, True])
def test_maps_are_blurred_as_opencv_does_up_to_the_border_and_then_decoded(flip):
    maps, mirrored = torch.rand(2, 2, 14, 48, 47).unbind()
    found = HOURGLASS.decode(
        [maps], MATRICES, mirrored=[mirrored] if flip else None, flip_pairs=PAIRS
    )
    want = rmpe_ext.decode(
        blurred(maps),
        matrices=MATRICES,
        flipped=blurred(mirrored) if flip else None,
        flip_pairs=PAIRS,
        stride=4,
        offset=0.5,
    )
    torch.testing.assert_close(found, want, atol=1e-4, rtol=0)


def test_another_convention_refines_otherwise_on_the_grid_of_the_network():
    head = load_card("hourglass2_mpii16").head
    dark = head.with_convention("dark")
    assert (head.convention, dark.convention) == ("hourglass", "dark")
    assert head.grid == dark.grid == "half_pixel"
    maps = torch.rand(2, 16, 64, 64)
    wanted = rmpe_ext.decode(
        maps, convention="dark", grid="half_pixel", stride=4, offset=1.5, matrices=MATRICES
    )
    assert all(map(torch.equal, dark.decode([maps], MATRICES), wanted))
    with pytest.raises(ValueError, match="convention must be one of hrnet, .*, got 'coco'"):
        head.with_convention("coco")


def test_shapes_follow_from_the_input_and_the_stride():
    assert HOURGLASS.output_shapes(14, (192, 128)) == ((14, 48, 32),)


def test_a_blur_wider_than_the_heatmaps():
    with pytest.raises(ModelError, match="blur of 5 weights is too wide for heatmaps of 8x2"):
        HOURGLASS.output_shapes(14, (32, 8))


def test_a_stride_larger_than_the_input():
    with pytest.raises(ModelError, match="stride must be at most the smaller side .* 3, got 4"):
        HOURGLASS.output_shapes(14, (32, 3))


def test_decoding_in_inference_mode_leaves_gradients_possible_afterward():
    head = HeatmapHead((), "hrnet", "asymmetric", 4, 0.0, blur=(0.2, 0.6, 0.2))
    maps = torch.rand(2, 3, 9, 11)
    with torch.inference_mode():
        head.decode([maps], MATRICES)
    head.smooth(maps.requires_grad_()).sum().backward()
    assert maps.grad.isfinite().all()


def test_a_card_may_have_a_grid_that_is_not_its_conventions():
    card = {"convention": "dark", "grid": "half_pixel", "stride": 4, "offset": 1.5}
    assert (
        HeatmapHead.read(Table(Path("card.toml"), "", card), named=False, size=(256, 192)).grid
        == "half_pixel"
    )
    del card["grid"]
    assert (
        HeatmapHead.read(Table(Path("card.toml"), "", card), named=False, size=(256, 192)).grid
        == "asymmetric"
    )
    card["grid"] = "pixel"
    with pytest.raises(ModelError, match="grid must be one of asymmetric, half_pixel"):
        HeatmapHead.read(Table(Path("card.toml"), "", card), named=False, size=(256, 192))
