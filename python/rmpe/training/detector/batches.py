"""Batches of photographs with matched anchors.

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

from ..appearance import color_transforms, erase, erased_rectangles, normalized, vary_colors
from ..chance import step_generator
from ..sampling import DatasetMixture
from .boxes import BoxedImages
from .config import DetectorConfig
from .matching import match_anchors
from .teacher import SampleBoxes, Teacher
from .windows import draw_windows, map_boxes, window_matrices

__all__ = ["Batch", "BatchMaker"]

# 8-bit value of what lies outside a photograph.
_FILL = 127
# Sides below this, in pixels of the input, belong to nobody who could be found.
_SMALLEST_SIDE = 3
# In place of a quadrant: a photograph that fills the sample, and one that is blended with that
# (Zhang et al., "Bag of freebies for training object detection neural networks", arXiv 1902.04103).
_WHOLE, _OVER = -1, -2
# Where the four photographs of a mosaic are, in halves of the sample: x, y.
_QUADRANTS = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """What one process does in one step.

    Attributes
    ----------
    inputs
        (N, 3, h, w), normalized, channels last in memory.
    boxes
        (M, 4) float32: what is to be found and ignored regions, in fractions of the input.
    class_index
        (M,) int64: what each holds.
    sample
        (M,) int64: the sample that each is in.
    ignored
        (M,) bool.
    certainty
        (M,) float32: how far each is to be found, 1 unless a teacher says otherwise.
    anchors
        (A, 4) float32, in fractions of the input.
    matched
        (N, A): see `rmpe.training.detector.matching.match_anchors`. Where the network chooses the
        anchors of people, of ignored regions alone.
    hints
        See `rmpe.training.detector.hints.place_scores`; empty where no teacher gives some.
    """

    inputs: torch.Tensor
    boxes: torch.Tensor
    class_index: torch.Tensor
    sample: torch.Tensor
    ignored: torch.Tensor
    certainty: torch.Tensor
    anchors: torch.Tensor
    matched: torch.Tensor
    hints: tuple[torch.Tensor, ...] = ()


@dataclass(frozen=True, eq=False)
class _Tiles:
    """T photographs of N samples: one for each, or four; and perhaps one blended with those."""

    image: Integers
    sample: Integers
    quadrant: Integers  # of a mosaic, or _WHOLE or _OVER

    def select(self, rows: npt.NDArray[np.bool_]) -> _Tiles:
        return _Tiles(self.image[rows], self.sample[rows], self.quadrant[rows])


class BatchMaker:
    """Makes the batch of any step.

    Parameters
    ----------
    config : DetectorConfig
    sources : sequence of BoxedImages
        One for each source of the configuration.
    size : callable
        Height and width of the input at a step.
    anchors : callable
        Anchors (A, 4) of an input of a size.
    teacher : Teacher, optional
        Judges the labels of each sample.
    rank, world : int
        This process, and how many there are: each makes every ``world``-th sample.
    """

    def __init__(
        self,
        config: DetectorConfig,
        sources: Sequence[BoxedImages],
        size: Callable[[int], tuple[int, int]],
        anchors: Callable[[tuple[int, int]], torch.Tensor],
        *,
        teacher: Teacher | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._teacher = teacher
        self._config, self._size, self._anchors = config, size, anchors
        self._rank, self._world = rank, world
        self._images = [image for part in sources for image in part.images]
        self._image_sizes = np.array([image.shape[:2] for image in self._images], np.int64)
        self._first_image = np.cumsum([0, *map(len, sources)])
        counts = np.concatenate([np.diff(part.first) for part in sources])
        self._first_box = np.concatenate([[0], counts.cumsum()])
        self._boxes = np.concatenate([part.boxes for part in sources])
        self._class_index = np.concatenate([part.class_index for part in sources])
        self._ignored = np.concatenate([part.ignored for part in sources])
        self._mixture = DatasetMixture(
            [len(part) for part in sources],
            [source.weight for source in config.source],
            config.batch_size,
            config.seed,
        )

    def __call__(self, step: int) -> Batch:
        """Make this process's part of the batch of a step."""
        config, size = self._config.augmentation, self._size(step)
        generator = step_generator(self._config.seed, step)
        source, row = self._mixture(step)
        # Everything is drawn for the whole batch, so that processes agree whatever their number.
        tiles = self._tiles(row + self._first_image[source], generator)
        box, tile = self._boxes_of(tiles.image)
        people = ~self._ignored[box]
        windows = draw_windows(
            len(tiles.image), self._boxes[box[people]], tile[people], config, generator
        )
        mirrored = generator.random(len(windows)) < config.flip
        spec = self._config.input
        mix, bias = color_transforms(len(row), config, generator)
        mix, bias = normalized(mix, bias, spec.mean, spec.std)
        rectangles, colors = erased_rectangles(len(row), config, generator)
        colors = (colors - spec.mean) / spec.std

        mine = tiles.sample % self._world == self._rank
        seen = tiles.select(mine), windows[mine], mirrored[mine]
        inputs = self._inputs(*seen, size)
        share = slice(self._rank, None, self._world)
        inputs = vary_colors(inputs, mix[share], bias[share])
        erase(inputs, rectangles[share], colors[share])
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        here = mine[tile]
        labels = self._labels(box[here], tile[here], tiles, windows, mirrored, size)
        hints: tuple[torch.Tensor, ...] = ()
        if self._teacher is not None:
            samples = self._inputs(*seen, self._teacher.size)
            labels, hints = self._teacher.judge(labels, samples, size)
        anchors = self._anchors(size)
        loss = self._config.loss
        now = slice(None) if loss.matching == "iou" else labels.ignored
        matched = match_anchors(
            anchors,
            labels.boxes[now],
            labels.sample[now],
            labels.ignored[now],
            len(inputs),
            positive_iou=loss.positive_iou,
            negative_iou=loss.negative_iou,
        )
        return Batch(
            inputs,
            boxes=labels.boxes,
            class_index=labels.class_index,
            sample=labels.sample,
            ignored=labels.ignored,
            certainty=labels.certainty,
            anchors=anchors,
            matched=matched,
            hints=hints,
        )

    def _tiles(self, image: Integers, generator: np.random.Generator) -> _Tiles:
        """Choose the photographs of a mosaic, of the other samples their one, and those over it."""
        count, config = len(image), self._config.augmentation
        chosen = generator.random(count) < config.mosaic_chance
        others = generator.integers(0, len(self._images), (count, 3))
        four, one = np.flatnonzero(chosen), np.flatnonzero(~chosen)
        in_mosaics = np.concatenate([image[four, None], others[four]], axis=1)
        blended = np.flatnonzero(generator.random(count) < config.blend_chance)
        over = generator.integers(0, len(self._images), count)[blended]
        return _Tiles(
            image=np.concatenate([image[one], in_mosaics.ravel(), over]),
            sample=np.concatenate([one, four.repeat(4), blended]),
            quadrant=np.concatenate(
                [
                    np.full(len(one), _WHOLE),
                    np.tile(np.arange(4), len(four)),
                    np.full(len(blended), _OVER),
                ]
            ),
        )

    def _boxes_of(self, image: Integers) -> tuple[Integers, Integers]:
        """Row of each box in some photographs, and the position of its photograph among these."""
        first = self._first_box[image]
        counts = self._first_box[image + 1] - first
        position = np.repeat(np.arange(len(image)), counts)
        within = np.arange(len(position)) - np.repeat(counts.cumsum() - counts, counts)
        return first[position] + within, position

    def _labels(
        self,
        box: Integers,
        tile: Integers,
        tiles: _Tiles,
        windows: Floats,
        mirrored: npt.NDArray[np.bool_],
        size: tuple[int, int],
    ) -> SampleBoxes:
        """The boxes of this process's samples, where they are in these."""
        boxes, inside = map_boxes(self._boxes[box], windows[tile])
        flipped = mirrored[tile]
        boxes[flipped, 0::2] = 1 - boxes[flipped, 2::-2]
        quadrant = tiles.quadrant[tile]
        in_mosaic = quadrant >= 0
        boxes[in_mosaic] = (boxes[in_mosaic] + np.tile(_QUADRANTS[quadrant[in_mosaic]], 2)) / 2
        sides = (boxes[:, 2:] - boxes[:, :2]) * size[::-1]
        ignored = self._ignored[box] | ~inside | (sides < _SMALLEST_SIDE).any(axis=1)
        usable = (sides > 0).all(axis=1)
        sample = tiles.sample[tile] // self._world
        return SampleBoxes(
            boxes=torch.from_numpy(boxes[usable]).float(),
            sample=torch.from_numpy(sample[usable]),
            ignored=torch.from_numpy(ignored[usable]),
            class_index=torch.from_numpy(self._class_index[box[usable]]),
            certainty=torch.ones(int(usable.sum())),
        )

    def _inputs(
        self,
        tiles: _Tiles,
        windows: Floats,
        mirrored: npt.NDArray[np.bool_],
        size: tuple[int, int],
    ) -> torch.Tensor:
        """Cut the tiles out and put them together: (N, 3, h, w) in 0..1."""
        height, width = size
        half = (height // 2, width // 2)
        samples, position = np.unique(tiles.sample, return_inverse=True)
        inputs = torch.empty(len(samples), 3, height, width)
        for rows, part in (
            (tiles.quadrant == _WHOLE, size),
            (tiles.quadrant >= 0, half),
            (tiles.quadrant == _OVER, size),
        ):
            if not rows.any():
                continue
            matrices = window_matrices(
                windows[rows], self._image_sizes[tiles.image[rows]], part, mirrored[rows]
            )
            images, index = np.unique(tiles.image[rows], return_inverse=True)
            cut = crop(
                [self._images[i] for i in images],
                torch.from_numpy(matrices).float(),
                part,
                image_index=torch.from_numpy(index),
                fill=_FILL,
            )
            places = torch.from_numpy(position[rows])
            if part is half:
                # The four tiles of a mosaic follow each other.
                rows_of_two = cut.view(-1, 2, 2, 3, *half).permute(0, 3, 1, 4, 2, 5)
                inputs[places[::4]] = rows_of_two.reshape(-1, 3, height, width)
            elif tiles.quadrant[rows][0] == _OVER:
                inputs[places] = (inputs[places] + cut) / 2
            else:
                inputs[places] = cut
        return inputs
