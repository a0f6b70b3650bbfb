"""What the ops are measured on: the same at every call."""

from __future__ import annotations

import math

import numpy as np
import torch

import rmpe_ext

__all__ = ["FRAMES", "affine_maps", "boxes_to_suppress", "heatmaps", "people", "poses"]

FRAMES = {"720p": (720, 1280), "1080p": (1080, 1920)}


def people(
    count: int, frame: str, size: tuple[int, int], *, turned: bool = False
) -> tuple[np.ndarray, torch.Tensor, np.ndarray, tuple[int, int]]:
    """A frame, and people between a fifth and three fifths of its height.

    ``image`` uint8, ``matrices`` (N, 2, 3) from image to crop, ``regions`` (N, 4) int64, the whole
    pixels x1, y1, x2, y2 that an upright crop shows, and ``size``.
    """
    rng = np.random.default_rng(count)
    height, width = FRAMES[frame]
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    h = rng.uniform(0.2, 0.6, count) * height
    w = h * rng.uniform(0.3, 0.8, count)
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    boxes = torch.from_numpy(np.stack([x, y, x + w, y + h], 1)).float()
    rotation = torch.from_numpy(rng.uniform(-40, 40, count)).float() if turned else None
    matrices = rmpe_ext.crop_matrices(boxes, size, rotation=rotation)
    return image, matrices, regions(matrices.numpy(), size), size


def regions(matrices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The edges of what upright crops show, as whole pixels x1, y1, x2, y2 (N, 4)."""
    height, width = size
    gain, offset = matrices[:, [0, 1], [0, 1]], matrices[:, :, 2]
    first = (np.array([-0.5, -0.5]) - offset) / gain + 0.5
    last = (np.array([width - 0.5, height - 0.5]) - offset) / gain + 0.5
    return np.concatenate([first, last], 1).round().astype(int)


def affine_maps(
    shape: tuple[int, int, int, int], degrees: float, dtype: torch.dtype = torch.float32
) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise of a shape, and maps (N, 2, 3) that turn, scale and move a little."""
    generator = torch.Generator().manual_seed(0)
    input = torch.randn(shape, generator=generator).to(dtype)
    turns = torch.full((shape[0],), math.radians(degrees))
    scale = torch.linspace(0.8, 1.1, shape[0])
    c, s, x = scale * turns.cos(), scale * turns.sin(), torch.linspace(-0.1, 0.1, shape[0])
    theta = torch.stack([c, -s, x, s, c, -x], 1).view(-1, 2, 3)
    return input, theta.to(dtype)


def heatmaps(
    count: int, joints: int = 17, height: int = 64, width: int = 48
) -> tuple[torch.Tensor, torch.Tensor]:
    """Maps (count, joints, height, width) of one bump each over noise, and the crops' matrices."""
    rng = np.random.default_rng(count)
    x, y = rng.uniform(4, [[width - 5], [height - 5]], (2, count * joints))
    rows = np.exp(-((np.arange(height) - y[:, None]) ** 2) / 8)
    columns = np.exp(-((np.arange(width) - x[:, None]) ** 2) / 8)
    maps = rows[:, :, None] * columns[:, None] + rng.normal(0, 1e-3, (len(x), height, width))
    maps = torch.from_numpy(maps.astype(np.float32)).view(count, joints, height, width)
    corners = torch.from_numpy(rng.uniform(0, 300, (count, 2))).float()
    boxes = torch.cat([corners, corners + torch.tensor([120.0, 300.0])], 1)
    return maps, rmpe_ext.crop_matrices(boxes, (4 * height, 4 * width))


def poses(
    count: int, images: int = 1, joints: int = 17
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Four noisy poses of each person: keypoints, scores, boxes, and which image they are in."""
    rng = np.random.default_rng(count)
    persons = max(1, count // 4)
    bodies = rng.uniform(0, 1, (persons, joints, 2)) * [80, 200]
    bodies += rng.uniform(0, 400, (persons, 1, 2))
    person = np.arange(count) % persons
    keypoints = bodies[person] + rng.normal(0, 1.5, (count, joints, 2))
    scores = rng.uniform(0.2, 1.0, (count, joints))
    boxes = np.concatenate([keypoints.min(1) - 10, keypoints.max(1) + 10], 1)
    arrays = tuple(torch.from_numpy(array).float() for array in (keypoints, scores, boxes))
    return *arrays, torch.from_numpy(person * images // persons)


def boxes_to_suppress(count: int, images: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Boxes (count, 4) that overlap, their scores, and which image they are in."""
    rng = np.random.default_rng(count)
    corner, size = rng.uniform(0, 500, (count, 2)), rng.uniform(20, 150, (count, 2))
    boxes = torch.from_numpy(np.concatenate([corner, corner + size], 1)).float()
    return boxes, torch.from_numpy(rng.uniform(size=count)).float(), torch.arange(count) % images
