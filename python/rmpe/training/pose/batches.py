"""Batches of crops and target maps.

A batch is a function of the configuration and the step, so that it doesn't matter which thread
makes it, nor whether the run was interrupted before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from rmpe_ext import crop

from ...method.proposals import Proposals
from ...method.theta import between
from ..appearance import color_transforms, erase, erased_rectangles, normalized, vary_colors
from ..chance import step_generator
from ..sampling import DatasetMixture
from .augmentation import augment_boxes, draw_views, half_bodies, view_matrices
from .config import PoseConfig
from .people import TrainingPeople
from .targets import render_heatmaps

__all__ = ["OFFSET", "STRIDE", "Batch", "BatchMaker"]

# Crop pixels per heatmap pixel, and the crop pixel of heatmap pixel 0: areas coincide.
STRIDE, OFFSET = 4, 1.5

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """What one process does in one step.

    Attributes
    ----------
    crops
        (N, 3, h, w), normalized, channels last in memory.
    target
        (N, K, h / 4, w / 4) float32.
    centered
        Likewise, of the centered person: in the crop of the true box, seen in the same way. None
        where no transformer learns.
    window
        (N, 2, 3) float32: the theta that centers the person, or None, likewise.
    keypoints
        (N, K, 2) float32, in pixels of the crop.
    labeled
        (N, K) bool.
    joints
        Labeled joints in the batch of all processes together.
    """

    crops: torch.Tensor
    target: torch.Tensor
    centered: torch.Tensor | None
    window: torch.Tensor | None
    keypoints: torch.Tensor
    labeled: torch.Tensor
    joints: int


class BatchMaker:
    """Makes the batch of any step.

    Parameters
    ----------
    config : PoseConfig
    people : sequence of TrainingPeople
        One for each source of the configuration, all of one skeleton.
    size : callable
        Height and width of the crops at a step.
    centers : callable
        Whether a step needs the targets of centered people.
    proposals : Proposals, optional
        Draws the boxes to train on, in place of random changes of the true ones.
    rank, world : int
        This process, and how many there are: each makes every ``world``-th sample.
    """

    def __init__(
        self,
        config: PoseConfig,
        people: Sequence[TrainingPeople],
        size: Callable[[int], tuple[int, int]],
        *,
        centers: Callable[[int], bool] = lambda step: False,
        proposals: Proposals | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._config, self._size, self._centers = config, size, centers
        self._proposals, self._rank, self._world = proposals, rank, world
        starts = np.cumsum([0, *(len(part) for part in people)])
        images = np.cumsum([0, *(len(part.images) for part in people)])
        self._images = [image for part in people for image in part.images]
        self._starts = starts[:-1]
        self._image_index = np.concatenate(
            [part.image_index + first for part, first in zip(people, images[:-1], strict=True)]
        )
        self._boxes = np.concatenate([part.boxes for part in people])
        self._keypoints = np.concatenate([part.keypoints for part in people])
        self._labeled = np.concatenate([part.labeled for part in people])
        self._aspect = np.array([source.aspect for source in config.source])
        if proposals is not None:
            self._groups = proposals.groups(self._keypoints, self._labeled)
        self._mixture = DatasetMixture(
            [len(part) for part in people],
            [source.weight for source in config.source],
            config.batch_size,
            config.seed,
        )
        skeleton = people[0].skeleton
        lower = ("hip", "knee", "ankle")
        self._upper = np.array([not name.endswith(lower) for name in skeleton.keypoints])
        self._swap = np.arange(len(skeleton))
        for left, right in skeleton.flip_pairs:
            self._swap[[left, right]] = right, left

    def __call__(self, step: int) -> Batch:
        """Make this process's part of the batch of a step."""
        config, size = self._config.augmentation, self._size(step)
        generator = step_generator(self._config.seed, step)
        source, row = self._mixture(step)
        row = row + self._starts[source]
        keypoints, labeled = self._keypoints[row], self._labeled[row]
        # Everything is drawn for the whole batch, so that processes agree whatever their number.
        true = half_bodies(
            self._boxes[row], keypoints, labeled, self._upper, config.half_body_chance, generator
        )
        if self._proposals is None:
            boxes = augment_boxes(true, config, generator)
        else:
            boxes = self._proposals.sample(true, self._groups[row], generator)
        views = draw_views(len(row), self._aspect[source], config, generator)
        padding = self._config.input.padding
        matrices = view_matrices(boxes, size, padding, views)
        order = np.where(views.mirrored[:, None], self._swap, np.arange(len(self._swap)))
        keypoints = np.take_along_axis(keypoints, order[..., None], axis=1)
        labeled = np.take_along_axis(labeled, order, axis=1)
        spec = self._config.input
        mix, bias = color_transforms(len(row), config, generator)
        mix, bias = normalized(mix, bias, spec.mean, spec.std)
        rectangles, colors = erased_rectangles(len(row), config, generator)
        colors = (colors - spec.mean) / spec.std
        mine = slice(self._rank, None, self._world)
        crops = self._crops(row[mine], matrices[mine], size)
        crops = vary_colors(crops, mix[mine], bias[mine])
        erase(crops, rectangles[mine], colors[mine])
        known = torch.from_numpy(labeled[mine])
        points = _mapped(keypoints, matrices)[mine]
        centered = window = None
        if self._centers(step):
            # The same people, as they would be seen if their boxes were true.
            ideal = view_matrices(true, size, padding, views)
            centered = self._target(_mapped(keypoints, ideal)[mine], known, size)
            drawn, wanted = (torch.from_numpy(part[mine]) for part in (matrices, ideal))
            window = between(drawn, wanted, size).float()
        return Batch(
            crops=crops.contiguous(memory_format=torch.channels_last),
            target=self._target(points, known, size),
            centered=centered,
            window=window,
            keypoints=torch.from_numpy(points).float(),
            labeled=known,
            joints=int(labeled.sum()),
        )

    def _crops(self, row: Integers, matrices: Floats, size: tuple[int, int]) -> torch.Tensor:
        photographs, image_index = np.unique(self._image_index[row], return_inverse=True)
        return crop(
            [self._images[i] for i in photographs],
            torch.from_numpy(matrices).float(),
            size,
            image_index=torch.from_numpy(image_index),
        )

    def _target(
        self, keypoints: Floats, labeled: torch.Tensor, size: tuple[int, int]
    ) -> torch.Tensor:
        """Maps (N, K, h / 4, w / 4) of joints in pixels of crops of a size."""
        places = (torch.from_numpy(keypoints).float() - OFFSET) / STRIDE
        maps = (size[0] // STRIDE, size[1] // STRIDE)
        return render_heatmaps(places, labeled, maps, self._config.input.sigma)


def _mapped(keypoints: Floats, matrices: Floats) -> Floats:
    """Keypoints (N, K, 2) through their matrices (N, 2, 3)."""
    mapped: Floats = keypoints @ matrices[:, :, :2].transpose(0, 2, 1) + matrices[:, None, :, 2]
    return mapped
