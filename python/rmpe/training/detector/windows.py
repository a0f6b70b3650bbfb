"""Which part of each photograph a sample shows.

A window is ``x1, y1, x2, y2`` in fractions of its photograph. One that is smaller than the
photograph cuts a part out of it, a larger one shrinks the photograph into an empty one, as SSD does
(Liu et al., 2016, section 3.6). Everything is drawn for a whole batch at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...metrics.box_iou import box_iou
from .config import Augmentation

__all__ = ["draw_windows", "map_boxes", "window_matrices"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# How many parts are tried for one that overlaps somebody enough, and by how much it may have to.
_TRIES = 20
_LEAST_IOU = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
# Of a part: the larger ratio of its sides, in fractions of the photograph, to the smaller.
_RATIO = 2.0


def draw_windows(
    count: int,
    boxes: Floats,
    sample: Integers,
    config: Augmentation,
    generator: np.random.Generator,
) -> Floats:
    """Draw a window for each sample.

    Parameters
    ----------
    count : int
        N.
    boxes : array (M, 4)
        Of the people, in fractions of their photograph.
    sample : array (M,), int64
        The sample that each is in.
    config : Augmentation
    generator : numpy.random.Generator

    Returns
    -------
    array (N, 4)
        The whole photograph, 0, 0, 1, 1, where nothing happens, and where no part was found that
        overlaps somebody enough.
    """
    windows = np.tile([0.0, 0.0, 1.0, 1.0], (count, 1))
    kind = generator.random(count)
    larger, smaller = _expanded(count, config, generator), _parts(count, config, generator)
    expands = kind < config.expand_chance
    windows[expands] = larger[expands]

    iou = box_iou(smaller[sample], boxes[:, None])  # (M, tries)
    best = np.zeros((count, _TRIES))
    np.maximum.at(best, sample, iou)
    least = generator.choice(_LEAST_IOU, (count, 1))
    fits = best > least
    chosen = smaller[np.arange(count), fits.argmax(axis=1)]
    crops = fits.any(axis=1) & (kind > 1 - config.crop_chance) & ~expands
    windows[crops] = chosen[crops]
    return windows


def map_boxes(boxes: Floats, windows: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Bring boxes (M, 4) into their windows (M, 4).

    Returns
    -------
    boxes : array (M, 4)
        In fractions of the window, cut off at its edges.
    inside : array (M,) of bool
        Whether the center of the whole box is in the window: only then the person is to be found
        there. What is left of another one is neither right nor wrong.
    """
    origin, sides = np.tile(windows[:, :2], 2), np.tile(windows[:, 2:] - windows[:, :2], 2)
    mapped = (boxes - origin) / sides
    centers = (mapped[:, :2] + mapped[:, 2:]) / 2
    inside: npt.NDArray[np.bool_] = np.all((centers > 0) & (centers < 1), axis=1)
    return mapped.clip(0, 1), inside


def window_matrices(
    windows: Floats, image_sizes: Integers, size: tuple[int, int], mirrored: npt.NDArray[np.bool_]
) -> Floats:
    """The matrices (N, 2, 3), image pixel -> crop pixel, that stretch windows over crops.

    Parameters
    ----------
    windows : array (N, 4)
    image_sizes : array (N, 2), int64
        Height and width of each photograph.
    size : (int, int)
        Height and width of the crops.
    mirrored : array (N,) of bool
    """
    extent = image_sizes[:, ::-1].astype(np.float64)
    low, high = windows[:, :2] * extent, windows[:, 2:] * extent
    scale = np.array(size[::-1]) / (high - low)
    matrices = np.zeros((len(windows), 2, 3))
    matrices[:, [0, 1], [0, 1]] = scale
    # Edges lie half a pixel outside of the centers of the outer pixels.
    matrices[:, :, 2] = scale * (0.5 - low) - 0.5
    matrices[mirrored, 0] *= -1
    matrices[mirrored, 0, 2] += size[1] - 1
    return matrices


def _expanded(count: int, config: Augmentation, generator: np.random.Generator) -> Floats:
    """Windows (N, 4) around whole photographs."""
    side = generator.uniform(1, max(1, config.expand), (count, 1))
    low = generator.uniform(0, 1, (count, 2)) * (1 - side)
    return np.concatenate([low, low + side], axis=1)


def _parts(count: int, config: Augmentation, generator: np.random.Generator) -> Floats:
    """Windows (N, tries, 4) within photographs."""
    sides = generator.uniform(min(config.crop, 1), 1, (count, _TRIES, 2))
    # The larger side shrinks until the ratio is allowed.
    sides = np.minimum(sides, _RATIO * sides[..., ::-1])
    low = generator.uniform(0, 1, (count, _TRIES, 2)) * (1 - sides)
    return np.concatenate([low, low + sides], axis=2)
