"""Where each sample looks in its photograph.

Everything is drawn for a whole batch at once. The places are affine matrices, image pixel -> crop
pixel, which `rmpe_ext.crop` takes as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..chance import normal
from .config import Augmentation

__all__ = ["Views", "augment_boxes", "draw_views", "half_bodies", "view_matrices"]

Floats = npt.NDArray[np.float64]

# A half body is shown of people with at least this many labeled joints, if 3 or more are in it.
_WHOLE_BODY, _HALF_BODY = 8, 3


@dataclass(frozen=True, eq=False)
class Views:
    """How each of N samples is looked at.

    Attributes
    ----------
    stretch
        (N,) float64: width over height, times that of the photograph.
    angle
        (N,) float64: radians.
    mirrored
        (N,) bool.
    """

    stretch: Floats
    angle: Floats
    mirrored: npt.NDArray[np.bool_]


def half_bodies(
    boxes: Floats,
    keypoints: Floats,
    labeled: npt.NDArray[np.bool_],
    upper: npt.NDArray[np.bool_],
    chance: float,
    generator: np.random.Generator,
) -> Floats:
    """Replace some boxes by those of the upper or of the lower body's joints.

    Parameters
    ----------
    boxes : array (N, 4)
    keypoints : array (N, K, 2)
    labeled : array (N, K) of bool
    upper : array (K,) of bool
        The joints of the upper body.
    chance : float
    generator : numpy.random.Generator

    Returns
    -------
    array (N, 4)
        A half's box is that of its labeled joints, a fifth larger.
    """
    chosen = generator.random(len(boxes)) < chance
    half = labeled & (upper == (generator.random((len(boxes), 1)) < 0.5))
    chosen &= (labeled.sum(1) >= _WHOLE_BODY) & (half.sum(1) >= _HALF_BODY)
    low = np.where(half[..., None], keypoints, np.inf).min(1)
    high = np.where(half[..., None], keypoints, -np.inf).max(1)
    with np.errstate(invalid="ignore"):  # infinities of people who are not chosen
        margin = 0.1 * (high - low).max(1, keepdims=True)
        of_half = np.concatenate([low - margin, high + margin], axis=1)
    return np.where(chosen[:, None], of_half, boxes)


def augment_boxes(boxes: Floats, config: Augmentation, generator: np.random.Generator) -> Floats:
    """Move boxes and change their size at random; (N, 4) -> (N, 4)."""
    count = len(boxes)
    sides = boxes[:, 2:] - boxes[:, :2]
    centers = (boxes[:, 2:] + boxes[:, :2]) / 2
    centers = centers + sides * normal(generator, (count, 2), config.shift)
    sides = sides * np.exp(normal(generator, (count, 1), config.scale))
    return np.concatenate([centers - sides / 2, centers + sides / 2], axis=1)


def draw_views(
    count: int, aspect: Floats, config: Augmentation, generator: np.random.Generator
) -> Views:
    """Draw how each sample is stretched, turned and mirrored.

    Parameters
    ----------
    count : int
        N.
    aspect : array (N,)
        Standard deviation of the logarithm of a change of the aspect ratio.
    config : Augmentation
    generator : numpy.random.Generator
    """
    stretch = np.exp(normal(generator, (count,), 1.0) * aspect / 2)
    turned = generator.random(count) < config.rotation_chance
    angle = np.deg2rad(normal(generator, (count,), config.rotation)) * turned
    return Views(stretch, angle, generator.random(count) < config.flip)


def view_matrices(boxes: Floats, size: tuple[int, int], padding: float, views: Views) -> Floats:
    """The way of each box into its crop.

    Parameters
    ----------
    boxes : array (N, 4)
    size : (int, int)
        Height and width of the crops.
    padding : float
        By how much the boxes grow, as in :func:`rmpe_ext.crop_matrices`.
    views : Views

    Returns
    -------
    array (N, 2, 3)
        Image pixel -> crop pixel. Without any augmentation, those of ``crop_matrices``.
    """
    height, width = size
    centers = (boxes[:, 2:] + boxes[:, :2]) / 2
    sides = boxes[:, 2:] - boxes[:, :2]
    # The short side grows to the aspect ratio of the crop, then both by the padding.
    scale = 1 / ((1 + padding) * np.maximum(sides[:, 0] / width, sides[:, 1] / height))
    cos, sin = np.cos(views.angle), np.sin(views.angle)
    # First stretched in the photograph, whose own aspect may be wrong, then turned, then mirrored.
    across, along = scale * views.stretch, scale / views.stretch
    linear = np.stack(
        [np.stack([cos * across, sin * along], -1), np.stack([-sin * across, cos * along], -1)], 1
    )
    middle = np.array([width / 2, height / 2])
    offset = middle - (linear @ centers[:, :, None])[:, :, 0]
    matrices = np.concatenate([linear, offset[:, :, None]], axis=2)
    # Mirrored about the middle of the pixels, as a flipped crop is.
    matrices[views.mirrored, 0] *= -1
    matrices[views.mirrored, 0, 2] += width - 1
    return matrices
