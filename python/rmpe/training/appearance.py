"""Random changes of what a sample looks like: colors, and rectangles that hide a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from .chance import normal

__all__ = [
    "Appearance",
    "color_transforms",
    "erase",
    "erased_rectangles",
    "normalized",
    "vary_colors",
]

Floats = npt.NDArray[np.float64]
# Luma of ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)


class Appearance(Protocol):
    """How much the samples vary; every 0 switches something off.

    Attributes
    ----------
    color
        Standard deviation of brightness, contrast, saturation and the gain of each channel.
    gray_chance
        How often the colors are taken away.
    erase_chance, erase_size
        How often a rectangle is filled with one color, and its largest side as a fraction of the
        sample's.
    """

    @property
    def color(self) -> float: ...
    @property
    def gray_chance(self) -> float: ...
    @property
    def erase_chance(self) -> float: ...
    @property
    def erase_size(self) -> float: ...


def color_transforms(
    count: int, config: Appearance, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw changes of brightness, contrast, saturation and the gain of each channel.

    Returns
    -------
    mix : array (N, 3, 3)
        New channels from old ones.
    bias : array (N, 3, 1)
        To be added, in 0..1.
    """
    gain = np.exp(normal(generator, (count, 3, 1), config.color / 2))
    contrast = np.exp(normal(generator, (count, 1, 1), config.color))
    brightness = normal(generator, (count, 1, 1), config.color / 2)
    saturation = np.exp(normal(generator, (count, 1, 1), 2 * config.color))
    saturation[generator.random(count) < config.gray_chance] = 0
    mix = contrast * gain * (saturation * np.eye(3) + (1 - saturation) * np.array(_LUMA))
    # Contrast turns about middle gray.
    bias = 0.5 * (1 - contrast) + brightness
    return mix, np.broadcast_to(bias, (count, 3, 1)).copy()


def normalized(
    mix: Floats, bias: Floats, mean: Sequence[float], std: Sequence[float]
) -> tuple[Floats, Floats]:
    """Let `color_transforms` end with ``(value - mean) / std``, without a pass of its own."""
    divisor = np.array(std)[:, None]
    return mix / divisor, (bias - np.array(mean)[:, None]) / divisor


def vary_colors(crops: torch.Tensor, mix: Floats, bias: Floats) -> torch.Tensor:
    """Apply `color_transforms` to crops (N, 3, h, w)."""
    weight, offset = (torch.from_numpy(value).to(crops.dtype) for value in (mix, bias))
    return torch.baddbmm(offset, weight, crops.flatten(2)).view_as(crops)


def erased_rectangles(
    count: int, config: Appearance, generator: np.random.Generator
) -> tuple[Floats, Floats]:
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


def erase(crops: torch.Tensor, rectangles: Floats, colors: Floats) -> None:
    """Fill the `erased_rectangles` of crops (N, 3, h, w) in place."""
    height, width = crops.shape[2:]
    pixels = (rectangles * (height, width, height, width)).astype(int)
    hidden = np.flatnonzero((pixels[:, 2:] > pixels[:, :2]).all(1))
    fills = torch.from_numpy(colors).to(crops.dtype)[:, :, None, None]
    for i in hidden:  # as many small copies as there are rectangles
        top, left, bottom, right = pixels[i]
        crops[i, :, top:bottom, left:right] = fills[i]
