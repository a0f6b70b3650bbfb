"""The hourglass of basic residual blocks, which counts 52 convolutions on its longest path.

Law, Deng, "CornerNet: Detecting Objects as Paired Keypoints", ECCV 2018 (arXiv 1808.01244), section
3.5: it halves the size by strides in place of pooling, five times, with 256, 256, 384, 384, 384 and
512 channels. OpenMMLab's pose networks of this kind, ``hourglass52``, add a 1x1 convolution to
heatmaps. Modules are named as in their checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import check_images

__all__ = ["Hourglass52", "hourglass52", "read_numbers"]

# Of each size, from the largest to the smallest.
_CHANNELS = (256, 256, 384, 384, 384, 512)
_BLOCKS = (2, 2, 2, 2, 2, 4)
_STEM = 128
_FEATURES = _CHANNELS[0]
# The stem halves the size twice, an hourglass five times more.
_DIVISOR = 4 * 2 ** (len(_CHANNELS) - 1)


class BasicBlock(nn.Module):
    """Residual block of two 3x3 convolutions, each with batch norm.

    (N, in, H, W) -> (N, out, H / stride, W / stride).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.downsample(x) + self.bn2(self.conv2(out)))


class NormedConvolution(nn.Module):
    """A convolution that keeps or halves the size, and batch norm."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False
        )
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed: torch.Tensor = self.bn(self.conv(x))
        return normed


class Hourglass(nn.Module):
    """Halve the size, go on with the smaller image, come back, and add what was there."""

    def __init__(self, channels: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        (width, inner), (count, inner_count) = channels[:2], blocks[:2]
        self.up1 = _chain([width] * (count + 1))
        self.low1 = _chain([width, *[inner] * count], stride=2)
        self.low2: nn.Module = (
            Hourglass(channels[1:], blocks[1:])
            if len(channels) > 2
            else _chain([inner] * (inner_count + 1))
        )
        self.low3 = _chain([*[inner] * count, width])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = self.low3(self.low2(self.low1(x)))
        total: torch.Tensor = self.up1(x) + F.interpolate(low, scale_factor=2.0, mode="nearest")
        return total


class Hourglass52(nn.Module):
    """Heatmaps of K joints from each of several hourglasses, one after the other.

    Parameters
    ----------
    joints : int
        K.
    stacks : int
        Number of hourglasses; 1 has been published.
    intermediate : bool
        Return the heatmaps of every stack, as training wants them, or those of the last alone.

    Raises
    ------
    ValueError
        For a number below 1.

    Examples
    --------
    >>> network = hourglass52(17, stacks=1).eval()
    >>> network(torch.zeros(1, 3, 128, 128)).shape
    torch.Size([1, 17, 32, 32])
    """

    def __init__(self, joints: int, *, stacks: int = 1, intermediate: bool = True) -> None:
        super().__init__()
        for name, value in {"joints": joints, "stacks": stacks}.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.intermediate = intermediate
        between = range(stacks - 1)
        self.stem = nn.Sequential(
            NormedConvolution(3, _STEM, 7, stride=2),
            nn.Sequential(BasicBlock(_STEM, _FEATURES, stride=2)),
        )
        self.hourglass_modules = nn.ModuleList(Hourglass(_CHANNELS, _BLOCKS) for _ in range(stacks))
        self.out_convs = nn.ModuleList(
            NormedConvolution(_FEATURES, _FEATURES, 3) for _ in range(stacks)
        )
        self.multi_final_layers = nn.ModuleList(
            nn.Conv2d(_FEATURES, joints, 1) for _ in range(stacks)
        )
        self.conv1x1s = nn.ModuleList(NormedConvolution(_FEATURES, _FEATURES, 1) for _ in between)
        self.remap_convs = nn.ModuleList(
            NormedConvolution(_FEATURES, _FEATURES, 1) for _ in between
        )
        self.inters = nn.ModuleList(BasicBlock(_FEATURES, _FEATURES) for _ in between)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Estimate the heatmaps.

        Parameters
        ----------
        images : Tensor (N, 3, h, w)
            Normalized; h and w multiples of 128.

        Returns
        -------
        Tensor (N, stacks, K, h / 4, w / 4), or (N, K, h / 4, w / 4) of the last stack
            About 1 at a joint, about 0 elsewhere.

        Raises
        ------
        ValueError
            For another shape.
        """
        check_images(images, _DIVISOR)
        x = self.stem[1](F.relu(self.stem[0](images)))
        heatmaps = []
        for stack, hourglass in enumerate(self.hourglass_modules):
            features = F.relu(self.out_convs[stack](hourglass(x)))
            heatmaps.append(self.multi_final_layers[stack](features))
            if stack + 1 < len(self.hourglass_modules):
                x = F.relu(self.conv1x1s[stack](x) + self.remap_convs[stack](features))
                x = self.inters[stack](x)
        return torch.stack(heatmaps, dim=1) if self.intermediate else heatmaps[-1]


def hourglass52(joints: int, *, stacks: int, intermediate: bool = False) -> Hourglass52:
    """Make a network, by default for use: its output is the last stack's."""
    return Hourglass52(joints, stacks=stacks, intermediate=intermediate)


def read_numbers(weights: Mapping[str, torch.Tensor]) -> tuple[str, dict[str, int]] | None:
    """Tell what made these weights, the architecture and its numbers; None: something else."""
    score = weights.get("multi_final_layers.0.weight")
    if score is None or score.dim() != 4 or "hourglass_modules.0.up1.0.bn1.weight" not in weights:
        return None
    stacks = sum(
        name.startswith("multi_final_layers.") and name.endswith(".weight") for name in weights
    )
    return "hourglass52", {"joints": len(score), "stacks": stacks}


def _chain(channels: Sequence[int], stride: int = 1) -> nn.Sequential:
    """Blocks from each number of channels to the next, of which the first has the stride."""
    return nn.Sequential(
        *(
            BasicBlock(into, out, 1 if index else stride)
            for index, (into, out) in enumerate(pairwise(channels))
        )
    )
