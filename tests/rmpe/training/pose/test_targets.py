"""Target maps and the loss."""

import math

import numpy as np
import pytest
import torch

from rmpe.training.pose.targets import heatmap_loss, render_heatmaps


def test_maps_are_gaussians():
    points = torch.tensor([[[3.3, 7.9], [0.0, 0.0], [-1.5, 20.0]]], dtype=torch.float64)
    maps = render_heatmaps(points, torch.ones(1, 3, dtype=torch.bool), (12, 10), 1.5)
    for joint, (u, v) in enumerate(points[0].tolist()):
        for y in range(12):
            for x in range(10):
                wanted = math.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * 1.5**2))
                assert maps[0, joint, y, x].item() == pytest.approx(wanted, abs=1e-12)


def test_a_joint_far_outside_or_without_label_has_a_blank_map():
    points = torch.tensor([[[100.0, 5.0], [4.0, 4.0]]])
    maps = render_heatmaps(points, torch.tensor([[True, False]]), (12, 10), 1.5)
    assert maps.abs().max() < 1e-12


def test_blank_maps_cost_one_a_joint_and_stack():
    labeled = torch.ones(2, 3, dtype=torch.bool)
    target = render_heatmaps(torch.full((2, 3, 2), 24.0), labeled, (48, 48), 2.0)
    loss = heatmap_loss(torch.zeros(2, 4, 3, 48, 48), target, labeled, 2.0)
    assert loss.item() == pytest.approx(2 * 4 * 3, rel=1e-4)


def test_the_loss_is_the_squared_error_over_labeled_joints():
    random = torch.Generator().manual_seed(0)
    maps = torch.rand(2, 2, 3, 6, 5, generator=random, dtype=torch.float64).requires_grad_()
    target = torch.rand(2, 3, 6, 5, generator=random)
    labeled = torch.tensor([[True, False, True], [False, False, True]])
    loss = heatmap_loss(maps, target, labeled, 1.0)
    values = maps.detach().float().numpy()
    wanted = sum(
        np.square(values[n, s, k] - target[n, k].numpy()).sum()
        for n in range(2) for s in range(2) for k in range(3) if labeled[n, k]
    )  # fmt: skip
    assert loss.item() == pytest.approx(wanted / math.pi, rel=1e-5)
    loss.backward()
    assert (maps.grad.abs().sum((1, 3, 4)) > 0).equal(labeled)
