"""The stacked hourglass network.

Newell, Yang, Deng, "Stacked Hourglass Networks for Human Pose Estimation", ECCV 2016
(arXiv 1603.06937). Modules are named as in the checkpoints of anibali/pytorch-stacked-hourglass and
bearpaw/pytorch-pose, so that both load. Their stem reaches the full number of channels one block
earlier than that of the paper's authors.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import check_images

__all__ = ["StackedHourglass", "newell_hourglass", "read_numbers", "stacked_hourglass"]

_DEPTH = 4
# The stem halves the size twice, an hourglass four times more.
_DIVISOR = 4 * 2**_DEPTH
# Channels of the authors' stem before its last block.
_NEWELL_STEM = 128


class Bottleneck(nn.Module):
    """Pre-activation residual block: three times batch norm, ReLU and convolution.

    The middle convolution has half the output's channels. (N, in, H, W) -> (N, out, H, W).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        middle = out_channels // 2
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, middle, 1)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, padding=1)
        self.bn3 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, out_channels, 1)
        self.downsample: nn.Module
        if in_channels != out_channels:
            self.downsample = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1))
        else:
            self.downsample = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.conv1(F.relu(self.bn1(x)))
        out = self.conv2(F.relu(self.bn2(out)))
        out = self.conv3(F.relu(self.bn3(out)))
        total: torch.Tensor = self.downsample(x) + out
        return total


class Hourglass(nn.Module):
    """One hourglass: halve four times, come back, and add the skipped branch at each size.

    ``hg[d]`` holds the residual groups at depth d, 0 being the smallest image: the skipped branch,
    the way down, the way up, and at depth 0 the bottom between these.
    """

    def __init__(self, blocks: int, features: int) -> None:
        super().__init__()
        self.hg = nn.ModuleList(
            nn.ModuleList(_residuals(blocks, features) for _ in range(4 if depth == 0 else 3))
            for depth in range(_DEPTH)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._descend(_DEPTH - 1, x)

    def _descend(self, depth: int, x: torch.Tensor) -> torch.Tensor:
        groups = self.hg[depth]
        assert isinstance(groups, nn.ModuleList)
        skipped: torch.Tensor = groups[0](x)
        low = groups[1](F.max_pool2d(x, 2))
        low = self._descend(depth - 1, low) if depth else groups[3](low)
        return skipped + F.interpolate(groups[2](low), scale_factor=2.0, mode="nearest")


class StackedHourglass(nn.Module):
    """Heatmaps of K joints from each of several hourglasses, one after the other.

    Every hourglass corrects the one before; training compares all of them with the target
    (intermediate supervision), use takes the last.

    Parameters
    ----------
    joints : int
        K; 16 for MPII.
    stacks : int
        Number of hourglasses: 1, 2 and 8 have been published.
    blocks : int
        Residual blocks in a row at each place.
    features : int
        Channels, even.
    stem : int, optional
        Channels of the stem before its last block, even; ``features``, unless given.
    intermediate : bool
        Return the heatmaps of every stack, as training wants them, or those of the last alone.

    Examples
    --------
    >>> network = StackedHourglass(16, stacks=2, features=32).eval()
    >>> network(torch.zeros(1, 3, 256, 256)).shape
    torch.Size([1, 2, 16, 64, 64])
    """

    def __init__(
        self,
        joints: int,
        *,
        stacks: int = 2,
        blocks: int = 1,
        features: int = 256,
        stem: int | None = None,
        intermediate: bool = True,
    ) -> None:
        super().__init__()
        stem = features if stem is None else stem
        sizes = {
            "joints": joints,
            "stacks": stacks,
            "blocks": blocks,
            "features": features,
            "stem": stem,
        }
        for name, value in sizes.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        for name in ("features", "stem"):
            if sizes[name] % 2:
                raise ValueError(f"{name} must be even, got {sizes[name]}")
        self.intermediate = intermediate
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Bottleneck(64, 128))
        self.layer2 = nn.Sequential(Bottleneck(128, stem))
        self.layer3 = nn.Sequential(Bottleneck(stem, features))
        self.hg = nn.ModuleList(Hourglass(blocks, features) for _ in range(stacks))
        self.res = nn.ModuleList(_residuals(blocks, features) for _ in range(stacks))
        self.fc = nn.ModuleList(
            nn.Sequential(nn.Conv2d(features, features, 1), nn.BatchNorm2d(features), nn.ReLU())
            for _ in range(stacks)
        )
        self.score = nn.ModuleList(nn.Conv2d(features, joints, 1) for _ in range(stacks))
        self.fc_ = nn.ModuleList(nn.Conv2d(features, features, 1) for _ in range(stacks - 1))
        self.score_ = nn.ModuleList(nn.Conv2d(joints, features, 1) for _ in range(stacks - 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Estimate the heatmaps.

        Parameters
        ----------
        images : Tensor (N, 3, h, w)
            Normalized; h and w multiples of 64.

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
        x = F.relu(self.bn1(self.conv1(images)))
        x = F.max_pool2d(self.layer1(x), 2)
        x = self.layer3(self.layer2(x))
        heatmaps = []
        for stack in range(len(self.hg)):
            features = self.fc[stack](self.res[stack](self.hg[stack](x)))
            heatmaps.append(self.score[stack](features))
            if stack + 1 < len(self.hg):
                x = x + self.fc_[stack](features) + self.score_[stack](heatmaps[-1])
        return torch.stack(heatmaps, dim=1) if self.intermediate else heatmaps[-1]


def stacked_hourglass(
    joints: int, *, stacks: int, blocks: int, features: int, intermediate: bool = False
) -> StackedHourglass:
    """Make a network, by default for use: its output is the last stack's."""
    return StackedHourglass(
        joints, stacks=stacks, blocks=blocks, features=features, intermediate=intermediate
    )


def newell_hourglass(
    joints: int, *, stacks: int, features: int, intermediate: bool = False
) -> StackedHourglass:
    """Make a network with the stem that the paper's authors use."""
    return StackedHourglass(
        joints, stacks=stacks, features=features, stem=_NEWELL_STEM, intermediate=intermediate
    )


def read_numbers(weights: Mapping[str, torch.Tensor]) -> tuple[str, dict[str, int]] | None:
    """Tell what made these weights, the architecture and its numbers; None: something else."""
    score, third = weights.get("score.0.weight"), weights.get("layer3.0.conv1.weight")
    if score is None or third is None or score.dim() != 4 or third.dim() != 4:
        return None
    joints, features = score.shape[:2]
    stem = third.shape[1]
    numbers = {"joints": joints, "stacks": _count(weights, "score.", ".weight")}
    if stem == features:
        numbers["blocks"] = _count(weights, "res.0.", ".bn1.weight")
    name = "stacked_hourglass" if stem == features else "newell_hourglass"
    return name, numbers | {"features": features}


def _count(weights: Mapping[str, torch.Tensor], start: str, end: str) -> int:
    return sum(name.startswith(start) and name.endswith(end) for name in weights)


def _residuals(blocks: int, features: int) -> nn.Sequential:
    return nn.Sequential(*(Bottleneck(features, features) for _ in range(blocks)))
