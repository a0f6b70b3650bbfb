"""Keypoints that a network gives in pixels of the crop."""

import pytest
import torch

from rmpe.heads.points import PointsHead

HEAD = PointsHead((), width=64)


def test_points_go_through_the_crops_matrices():
    points = torch.tensor([[[10.0, 20.0, 0.5], [0.0, 63.0, 0.25]]])
    matrices = torch.tensor([[[0.5, 0.0, 4.0], [0.0, 0.25, -1.0]]])
    keypoints, scores = HEAD.decode([points], matrices)
    torch.testing.assert_close(keypoints, torch.tensor([[[12.0, 84.0], [-8.0, 256.0]]]))
    assert scores.tolist() == [[0.5, 0.25]]


def test_mirrored_crops_are_averaged_with_their_sides_changed():
    points = torch.tensor([[[10.0, 20.0, 0.5], [40.0, 20.0, 0.9]]])
    # The second joint at 41, and the first at 10, seen in the mirror.
    mirrored = torch.tensor([[[63 - 41.0, 22.0, 0.7], [63 - 10.0, 20.0, 0.3]]])
    before = mirrored.clone()
    keypoints, scores = HEAD.decode(
        [points], torch.eye(2, 3)[None], mirrored=[mirrored], flip_pairs=[(0, 1)]
    )
    torch.testing.assert_close(keypoints, torch.tensor([[[10.0, 20.0], [40.5, 21.0]]]))
    torch.testing.assert_close(scores, torch.tensor([[0.4, 0.8]]))
    assert torch.equal(mirrored, before)


def test_conventions_are_refused():
    with pytest.raises(ValueError, match="convention must be left out for a network that gives"):
        HEAD.with_convention("dark")
