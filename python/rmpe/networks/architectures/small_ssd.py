"""A small single-shot detector, for people first of all, of plain 3x3 convolutions.

After Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016 (arXiv 1512.02325), with a
top-down path over the levels as in Lin et al., "Feature pyramid networks for object detection",
CVPR 2017 (arXiv 1612.03144): small people are found on the finest level, which knows little by
itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import Residual, check_images, convolution, count_outputs

__all__ = ["STRIDES", "SmallSSD", "read_numbers", "small_ssd"]

# Levels at 1/8, 1/16, 1/32, 1/64 and 1/128 of the input's size.
STRIDES = (8, 16, 32, 64, 128)
# An anchor's size, the root of its area, in strides: two for each level.
_SIZES = (2.0, 3.2)
# Width over height.
_RATIOS = (0.3, 0.55, 1.0)
_ANCHORS = len(_SIZES) * len(_RATIOS)
# How often an anchor is a person, to begin with: training starts near the truth.
_PRIOR = 0.01


class SmallSSD(nn.Module):
    """Boxes on five levels.

    Parameters
    ----------
    widths : sequence of five int
        Channels at 1/4, 1/8, 1/16, 1/32 and 1/64 (and 1/128) of the input's size.
    neck : int
        Channels of the top-down path.
    classes : int
        How many are told apart, the background included.

    Raises
    ------
    ValueError
        For another number of widths, or no class beside the background.

    Examples
    --------
    >>> network = SmallSSD((8, 16, 16, 16, 16), neck=16).eval()
    >>> boxes, scores = network(torch.zeros(1, 3, 256, 256))
    >>> boxes.shape, scores.shape, network.anchors((256, 256)).shape
    (torch.Size([1, 8184, 4]), torch.Size([1, 8184, 2]), torch.Size([8184, 4]))
    """

    def __init__(self, widths: Sequence[int], *, neck: int, classes: int = 2) -> None:
        super().__init__()
        if classes < 2:
            raise ValueError(f"classes must be 2 or more, with the background, got {classes}")
        if len(widths) != 5:
            raise ValueError(f"widths must be five, got {tuple(widths)}")
        quarter, eighth, sixteenth, coarse, coarsest = widths
        self.stem = nn.Sequential(
            convolution(3, quarter, 6, stride=4, padding=1),
            convolution(quarter, quarter, 3),
        )
        self.levels = nn.ModuleList(
            [
                nn.Sequential(Residual(quarter, eighth), Residual(eighth, eighth)),
                nn.Sequential(Residual(eighth, sixteenth), Residual(sixteenth, sixteenth)),
                Residual(sixteenth, coarse),
                Residual(coarse, coarsest),
                Residual(coarsest, coarsest),
            ]
        )
        channels = (eighth, sixteenth, coarse, coarsest, coarsest)
        self.lateral = nn.ModuleList(convolution(c, neck, 1, relu=False) for c in channels)
        self.merge = nn.ModuleList(convolution(neck, neck, 3) for _ in STRIDES)
        self.head = nn.ModuleList(_head(neck, classes) for _ in STRIDES)
        self.neck = neck
        self._columns = 4 + classes

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Find boxes.

        Parameters
        ----------
        images : Tensor (N, 3, h, w)
            Normalized; h and w multiples of 128.

        Returns
        -------
        boxes : Tensor (N, A, 4)
            Encoded against `anchors`.
        logits : Tensor (N, A, classes)
            Of the background and of each class.

        Raises
        ------
        ValueError
            For another shape.
        """
        return self.predict(self.features(images))

    def features(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Describe images (N, 3, h, w): (N, neck, h / stride, w / stride), the finest first."""
        check_images(images, STRIDES[-1])
        x = self.stem(images)
        laterals = []
        for level, lateral in zip(self.levels, self.lateral, strict=True):
            x = level(F.max_pool2d(x, 2))
            laterals.append(lateral(x))
        merged: list[torch.Tensor] = []
        for own, merge in zip(reversed(laterals), reversed(self.merge), strict=True):
            if merged:
                own = own + F.interpolate(merged[-1], scale_factor=2.0, mode="nearest")
            merged.append(merge(F.relu(own)))
        return merged[::-1]

    def predict(self, features: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Boxes and logits, as `forward` gives them, from `features`."""
        outputs = []
        for head, feature in zip(self.head, features, strict=True):
            # (N, anchors * columns, h, w) -> (N, h * w * anchors * columns). The number of images
            # stands nowhere: in an exported file it would be that of the example.
            outputs.append(head(feature).permute(0, 2, 3, 1).flatten(1))
        found = torch.unflatten(torch.cat(outputs, dim=1).float(), 1, (-1, self._columns))
        boxes, logits = torch.split(found, [4, self._columns - 4], dim=2)
        return boxes, logits

    def anchors(self, size: tuple[int, int]) -> torch.Tensor:
        """(A, 4) ``x1, y1, x2, y2`` in fractions of an input of ``size``, height and width."""
        device = next(self.parameters()).device
        shapes = torch.tensor(
            [
                (scale * ratio**0.5 / 2, scale / ratio**0.5 / 2)
                for scale in _SIZES
                for ratio in _RATIOS
            ],
            dtype=torch.float32,
            device=device,
        )
        boxes = []
        for stride in STRIDES:
            rows, columns = (
                torch.arange(side // stride, dtype=torch.float32, device=device) + 0.5
                for side in size
            )
            centers = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)
            low, high = centers[:, :, None] - shapes, centers[:, :, None] + shapes
            boxes.append(stride * torch.cat([low, high], dim=-1).reshape(-1, 4))
        return torch.cat(boxes) / torch.tensor(size[::-1], device=device).repeat(2)


def small_ssd(
    *,
    width_4: int,
    width_8: int,
    width_16: int,
    width_32: int,
    width_64: int,
    neck: int,
    classes: int = 2,
) -> SmallSSD:
    """Make a network; ``width_4`` is the number of channels at 1/4 of the input's size."""
    return SmallSSD((width_4, width_8, width_16, width_32, width_64), neck=neck, classes=classes)


def read_numbers(weights: Mapping[str, torch.Tensor]) -> tuple[str, dict[str, int]] | None:
    """Tell the numbers of a `small_ssd` from its weights; None: they are something else's."""
    numbers = count_outputs(
        weights,
        {
            "width_4": "stem.0.0",
            "width_8": "levels.0.0.first.0",
            "width_16": "levels.1.0.first.0",
            "width_32": "levels.2.first.0",
            "width_64": "levels.3.first.0",
            "neck": "lateral.0.0",
            "classes": "head.0",
        },
    )
    if numbers is None:
        return None
    classes = numbers.pop("classes") // _ANCHORS - 4
    return "small_ssd", numbers if classes == 2 else numbers | {"classes": classes}


def _head(neck: int, classes: int) -> nn.Conv2d:
    """Features -> four numbers of the box and the logits for each anchor of a place."""
    layer = nn.Conv2d(neck, _ANCHORS * (4 + classes), 3, padding=1)
    nn.init.normal_(layer.weight, std=0.01)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
        with torch.no_grad():
            # softmax of (0, log(p / (1 - p))) is p for a person; of several classes, almost.
            layer.bias.view(_ANCHORS, -1)[:, 5:] = math.log(_PRIOR / (1 - _PRIOR))
    return layer
