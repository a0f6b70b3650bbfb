"""An hourglass of the inverted bottlenecks of MobileNetV2, for telephones.

Newell et al., "Stacked Hourglass Networks for Human Pose Estimation", ECCV 2016 (arXiv 1603.06937),
with the blocks of Sandler et al., "MobileNetV2", CVPR 2018 (arXiv 1801.04381), as
edvardHua/PoseEstimationForMobile published it: one hourglass, whose way up has as many channels as
there are joints, so that its end are the heatmaps.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import check_images, count_outputs

__all__ = ["MobileHourglass", "mobile_hourglass", "read_numbers"]

_LEVELS = 4
# The stem and the body halve the size, an hourglass four times more.
_DIVISOR = 4 * 2**_LEVELS
# Of each group of blocks.
_BLOCKS = 5
_EXPANSION = 6
# TensorFlow's.
_EPSILON = 1e-3


class Convolution(nn.Conv2d):
    """Convolution that keeps the size, or halves an even one, padded as TensorFlow's ``SAME``."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(
            in_channels, out_channels, kernel, stride, padding=padding, groups=groups, bias=False
        )

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        # What is halved lacks a row and a column at the end alone.
        return super().forward(input if self.stride == (1, 1) else F.pad(input, (0, 1, 0, 1)))


class Normed(nn.Module):
    """Convolution, batch norm and ReLU6."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = Convolution(in_channels, out_channels, kernel, stride)
        self.bn = nn.BatchNorm2d(out_channels, eps=_EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu6(self.bn(self.conv(x)))


class InvertedBottleneck(nn.Module):
    """Expand the channels, filter each, and project them to fewer; add what came in if it fits.

    Unlike MobileNetV2's, the projection ends in a ReLU6, and the middle has no batch norm.
    """

    def __init__(
        self, in_channels: int, out_channels: int, expansion: int = _EXPANSION, stride: int = 1
    ) -> None:
        super().__init__()
        wide = expansion * in_channels
        self.expand = Normed(in_channels, wide, 1)
        self.depthwise = Convolution(wide, wide, 3, stride, groups=wide)
        self.project = Normed(wide, out_channels, 1)
        self.adds = stride == 1 and in_channels == out_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.project(F.relu(self.depthwise(self.expand(x))))
        return x + out if self.adds else out


class MobileHourglass(nn.Module):
    """Heatmaps of K joints.

    Parameters
    ----------
    joints : int
        K; 14 has been published.
    stem, features : int
        Channels of the first convolution, and of the hourglass: 16 and 24.
    intermediate : bool
        Whether the heatmaps have an axis of stacks, of which there is one, as training wants them.

    Raises
    ------
    ValueError
        For numbers below 1.

    Examples
    --------
    >>> network = MobileHourglass(14, stem=16, features=24).eval()
    >>> network(torch.zeros(1, 3, 192, 192)).shape
    torch.Size([1, 14, 48, 48])
    """

    def __init__(
        self, joints: int, *, stem: int, features: int, intermediate: bool = False
    ) -> None:
        super().__init__()
        for name, value in (("joints", joints), ("stem", stem), ("features", features)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.intermediate = intermediate
        self.stem = Normed(3, stem, 3, stride=2)
        self.body = nn.Sequential(
            *(InvertedBottleneck(stem, stem, expansion=1) for _ in range(2)),
            InvertedBottleneck(stem, features, stride=2),
            *(InvertedBottleneck(features, features) for _ in range(_BLOCKS - 1)),
        )
        self.down = nn.ModuleList(_group(features, features) for _ in range(_LEVELS))
        self.middle = InvertedBottleneck(features, features)
        self.up = nn.ModuleList(
            InvertedBottleneck(joints if level else features, joints) for level in range(_LEVELS)
        )
        self.jump = nn.ModuleList(_group(features, joints) for _ in range(_LEVELS))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Estimate the heatmaps.

        Parameters
        ----------
        images : Tensor (N, 3, h, w)
            h and w multiples of 64.

        Returns
        -------
        Tensor (N, K, h / 4, w / 4), or (N, 1, K, h / 4, w / 4)

        Raises
        ------
        ValueError
            For another shape.
        """
        check_images(images, _DIVISOR)
        sizes = [self.body(self.stem(images))]
        for group in self.down:
            sizes.append(group(F.max_pool2d(sizes[-1], 2)))
        heatmaps: torch.Tensor = self.middle(sizes.pop())
        for up, jump in zip(self.up, self.jump, strict=True):
            heatmaps = _double(up(heatmaps)) + jump(sizes.pop())
        return heatmaps[:, None] if self.intermediate else heatmaps


def mobile_hourglass(
    joints: int, *, stem: int, features: int, intermediate: bool = False
) -> MobileHourglass:
    """Make a network."""
    return MobileHourglass(joints, stem=stem, features=features, intermediate=intermediate)


def read_numbers(weights: Mapping[str, torch.Tensor]) -> tuple[str, dict[str, int]] | None:
    """Tell the numbers of the network that made these weights; None: something else."""
    layers = {
        "joints": "up.0.project.conv",
        "stem": "stem.conv",
        "features": "middle.project.conv",
    }
    numbers = count_outputs(weights, layers)
    return None if numbers is None else ("mobile_hourglass", numbers)


def _group(in_channels: int, out_channels: int) -> nn.Sequential:
    """Make blocks in a row, of which the last gives the output's channels."""
    return nn.Sequential(
        *(InvertedBottleneck(in_channels, in_channels) for _ in range(_BLOCKS - 1)),
        InvertedBottleneck(in_channels, out_channels),
    )


def _double(x: torch.Tensor) -> torch.Tensor:
    """Double the size: pixel i becomes pixel 2 i, and between two lies their mean."""
    for _ in range(2):  # Rows, which become columns, and then the others.
        following = torch.cat([x[:, :, 1:], x[:, :, -1:]], dim=2)
        x = torch.stack([x, (x + following) / 2], dim=3).flatten(2, 3).transpose(2, 3)
    return x
