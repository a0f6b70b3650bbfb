"""Where each sample looks in its photograph, and what happens to its colors.

Everything is drawn for a whole batch at once. The places are affine matrices, image pixel -> crop
pixel, which `rmpe_ext.crop` takes as they are.
"""

from __future__ import annotations

import numpy as np
import torch

from .config import Augmentation

__all__ = [
    "augment_boxes",
    "augmented_matrices",
    "color_transforms",
    "erase",
    "erased_rectangles",
    "half_bodies",
    "vary_colors",
]

# A half body is shown of people with at least this many labeled joints, if 3 or more are in it.
_WHOLE_BODY, _HALF_BODY = 8, 3
# Luma of ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)


def half_bodies(
    boxes: np.ndarray,
    keypoints: np.ndarray,
    labeled: np.ndarray,
    upper: np.ndarray,
    chance: float,
    generator: np.random.Generator,
) -> np.ndarray:
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


def augment_boxes(
    boxes: np.ndarray, config: Augmentation, generator: np.random.Generator
) -> np.ndarray:
    """Move boxes and change their size at random; (N, 4) -> (N, 4)."""
    count = len(boxes)
    sides = boxes[:, 2:] - boxes[:, :2]
    centers = (boxes[:, 2:] + boxes[:, :2]) / 2
    centers = centers + sides * _normal(generator, (count, 2), config.shift)
    sides = sides * np.exp(_normal(generator, (count, 1), config.scale))
    return np.concatenate([centers - sides / 2, centers + sides / 2], axis=1)


def augmented_matrices(
    boxes: np.ndarray,
    size: tuple[int, int],
    padding: float,
    aspect: np.ndarray,
    config: Augmentation,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """The way of each box into its crop, turned, stretched and mirrored at random.

    Parameters
    ----------
    boxes : array (N, 4)
    size : (int, int)
        Height and width of the crops.
    padding : float
        By how much the boxes grow, as in :func:`rmpe_ext.crop_matrices`.
    aspect : array (N,)
        Standard deviation of the logarithm of a change of the aspect ratio, for each sample.
    config : Augmentation
    generator : numpy.random.Generator

    Returns
    -------
    matrices : array (N, 2, 3)
        Image pixel -> crop pixel. Without any augmentation, those of ``crop_matrices``.
    mirrored : array (N,) of bool
    """
    count, (height, width) = len(boxes), size
    centers = (boxes[:, 2:] + boxes[:, :2]) / 2
    sides = boxes[:, 2:] - boxes[:, :2]
    # The short side grows to the aspect ratio of the crop, then both by the padding.
    scale = 1 / ((1 + padding) * np.maximum(sides[:, 0] / width, sides[:, 1] / height))
    stretch = np.exp(_normal(generator, (count,), 1.0) * aspect / 2)
    turned = generator.random(count) < config.rotation_chance
    angle = np.deg2rad(_normal(generator, (count,), config.rotation)) * turned
    mirrored = generator.random(count) < config.flip
    cos, sin = np.cos(angle), np.sin(angle)
    # First stretched in the photograph, whose own aspect may be wrong, then turned, then mirrored.
    across, along = scale * stretch, scale / stretch
    linear = np.stack(
        [np.stack([cos * across, sin * along], -1), np.stack([-sin * across, cos * along], -1)], 1
    )
    middle = np.array([width / 2, height / 2])
    offset = middle - (linear @ centers[:, :, None])[:, :, 0]
    matrices = np.concatenate([linear, offset[:, :, None]], axis=2)
    # Mirrored about the middle of the pixels, as a flipped crop is.
    matrices[mirrored, 0] *= -1
    matrices[mirrored, 0, 2] += width - 1
    return matrices, mirrored


def color_transforms(
    count: int, config: Augmentation, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw changes of brightness, contrast, saturation and the gain of each channel.

    Returns
    -------
    mix : array (N, 3, 3)
        New channels from old ones.
    bias : array (N, 3, 1)
        To be added, in 0..1.
    """
    gain = np.exp(_normal(generator, (count, 3, 1), config.color / 2))
    contrast = np.exp(_normal(generator, (count, 1, 1), config.color))
    brightness = _normal(generator, (count, 1, 1), config.color / 2)
    saturation = np.exp(_normal(generator, (count, 1, 1), 2 * config.color))
    saturation[generator.random(count) < config.gray_chance] = 0
    mix = contrast * gain * (saturation * np.eye(3) + (1 - saturation) * np.array(_LUMA))
    # Contrast turns about middle gray.
    bias = 0.5 * (1 - contrast) + brightness
    return mix, np.broadcast_to(bias, (count, 3, 1)).copy()


def vary_colors(crops: torch.Tensor, mix: np.ndarray, bias: np.ndarray) -> torch.Tensor:
    """Apply `color_transforms` to crops (N, 3, h, w) in 0..1; a little beyond it in places."""
    weight, offset = (torch.from_numpy(value).to(crops.dtype) for value in (mix, bias))
    return torch.baddbmm(offset, weight, crops.flatten(2)).view_as(crops)


def erased_rectangles(
    count: int, config: Augmentation, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw rectangles that hide a part of some samples, each with one color.

    Zhong et al., "Random erasing data augmentation", AAAI 2020 (arXiv 1708.04896).

    Returns
    -------
    rectangles : array (N, 4)
        ``top, left, bottom, right`` in fractions of the crop; without area where nothing is hidden.
    colors : array (N, 3)
        In 0..1.
    """
    sides = generator.uniform(0.1, 1.0, (count, 2)) * config.erase_size
    corners = generator.uniform(0, 1, (count, 2)) * (1 - sides)
    colors = generator.uniform(0, 1, (count, 3))
    sides[generator.random(count) >= config.erase_chance] = 0
    return np.concatenate([corners, corners + sides], axis=1), colors


def erase(crops: torch.Tensor, rectangles: np.ndarray, colors: np.ndarray) -> None:
    """Fill the `erased_rectangles` of crops (N, 3, h, w) in place."""
    height, width = crops.shape[2:]
    pixels = (rectangles * (height, width, height, width)).astype(int)
    hidden = np.flatnonzero((pixels[:, 2:] > pixels[:, :2]).all(1))
    fills = torch.from_numpy(colors).to(crops.dtype)[:, :, None, None]
    for i in hidden:  # as many small copies as there are rectangles
        top, left, bottom, right = pixels[i]
        crops[i, :, top:bottom, left:right] = fills[i]


def _normal(generator: np.random.Generator, shape: tuple[int, ...], deviation: float) -> np.ndarray:
    """Normal values, held within two standard deviations."""
    return np.clip(generator.standard_normal(shape), -2, 2) * deviation
