"""A small stacked hourglass of plain 3x3 convolutions, made to be trained and run on a CPU.

After Newell, Yang, Deng, "Stacked Hourglass Networks for Human Pose Estimation", ECCV 2016 (arXiv
1603.06937), with basic residual blocks in place of the bottleneck, and more channels where the
image is smaller. Processors with bfloat16 dot products run full convolutions of 64 channels and
more near their peak, which depthwise and 1x1 convolutions do not reach.

All sampling is symmetric: even kernels where the size is halved by a stride, pooling elsewhere. So
heatmap pixel ``x`` is the crop pixel ``4 x + 1.5`` (areas coincide, as in `align_corners=False`),
and the heatmaps of a mirrored crop are the mirrored heatmaps' places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import Residual, check_images, convolution, count_outputs

__all__ = ["BasicHourglass", "basic_hourglass", "read_numbers"]


class BasicHourglass(nn.Module):
    """Heatmaps of K joints from each of several hourglasses, one after the other.

    Every hourglass corrects the one before; training compares all of them with the target
    (intermediate supervision), use takes the last.

    Parameters
    ----------
    joints : int
        K.
    stacks : int
        Number of hourglasses.
    widths : sequence of int
        Channels at 1/4 of the input's size, 1/8, 1/16 and so on; two or more.
    stem : int
        Channels at 1/2 of the input's size.
    intermediate : bool
        Return the heatmaps of every stack, as training wants them, or those of the last alone.

    Raises
    ------
    ValueError
        For a number below 1, or fewer than two widths.

    Examples
    --------
    >>> network = BasicHourglass(17, widths=(16, 32, 32)).eval()
    >>> network(torch.zeros(1, 3, 96, 64)).shape
    torch.Size([1, 2, 17, 24, 16])
    """

    def __init__(
        self,
        joints: int,
        *,
        stacks: int = 2,
        widths: Sequence[int] = (64, 96, 128, 128),
        stem: int = 32,
        intermediate: bool = True,
    ) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"widths must be two or more, got {tuple(widths)}")
        for name, value in {"joints": joints, "stacks": stacks, "stem": stem}.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if min(widths) < 1:
            raise ValueError(f"widths must be at least 1, got {tuple(widths)}")
        self.intermediate = intermediate
        width = widths[0]
        # The stem halves the size twice, every further width once more.
        self.divisor = 4 * 2 ** (len(widths) - 1)
        self.stem = nn.Sequential(
            convolution(3, stem, 4, stride=2),
            convolution(stem, width, 4, stride=2),
            Residual(width, width),
        )
        self.hourglasses = nn.ModuleList(Hourglass(widths) for _ in range(stacks))
        self.score = nn.ModuleList(_score(width, joints) for _ in range(stacks))
        self.features_back = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(stacks - 1))
        self.heatmaps_back = nn.ModuleList(nn.Conv2d(joints, width, 1) for _ in range(stacks - 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Estimate the heatmaps.

        Parameters
        ----------
        images : Tensor (N, 3, h, w)
            Normalized; h and w multiples of ``divisor``, which is 32 for four widths.

        Returns
        -------
        Tensor (N, stacks, K, h / 4, w / 4), or (N, K, h / 4, w / 4) of the last stack
            About 1 at a joint, about 0 elsewhere.

        Raises
        ------
        ValueError
            For another shape.
        """
        check_images(images, self.divisor)
        x = self.stem(images)
        heatmaps: list[torch.Tensor] = []
        for stack, hourglass in enumerate(self.hourglasses):
            features = hourglass(x)
            heatmaps.append(self.score[stack](features))
            if stack + 1 < len(self.hourglasses):
                x = x + self.features_back[stack](features)
                x = x + self.heatmaps_back[stack](heatmaps[-1])
        return torch.stack(heatmaps, dim=1) if self.intermediate else heatmaps[-1]


def basic_hourglass(
    joints: int,
    *,
    stacks: int,
    stem: int,
    width_4: int,
    width_8: int,
    width_16: int,
    width_32: int,
    intermediate: bool = False,
) -> BasicHourglass:
    """Make a network, by default for use: its output is the last stack's.

    ``width_4`` is the number of channels at 1/4 of the input's size, and so on.
    """
    return BasicHourglass(
        joints,
        stacks=stacks,
        stem=stem,
        widths=(width_4, width_8, width_16, width_32),
        intermediate=intermediate,
    )


def read_numbers(weights: Mapping[str, torch.Tensor]) -> tuple[str, dict[str, int]] | None:
    """Tell the numbers of a `basic_hourglass` from its weights; None: they are something else's."""
    numbers = count_outputs(
        weights,
        {
            "joints": "score.0",
            "stem": "stem.0.0",
            "width_4": "stem.1.0",
            "width_8": "hourglasses.0.down.first.0",
            "width_16": "hourglasses.0.inner.down.first.0",
            "width_32": "hourglasses.0.inner.inner.down.first.0",
        },
    )
    # One of fewer or more widths is no `basic_hourglass`.
    if numbers is None or "hourglasses.0.inner.inner.inner.first.0.weight" not in weights:
        return None
    stacks = sum(name.startswith("score.") and name.endswith(".weight") for name in weights)
    return "basic_hourglass", numbers | {"stacks": stacks}


class Hourglass(nn.Module):
    """Halve the size, go on with the smaller image, come back, and merge with what was there.

    The smaller image goes through an hourglass again, and at the bottom through a residual block.
    (N, widths[0], H, W) -> the same shape.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        width, inner = widths[:2]
        self.down = Residual(width, inner)
        self.inner = Hourglass(widths[1:]) if len(widths) > 2 else Residual(inner, inner)
        self.up = convolution(inner, width, 1, relu=False)
        self.merge = convolution(width, width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = self.up(self.inner(self.down(F.max_pool2d(x, 2))))
        merged: torch.Tensor = self.merge(
            F.relu(x + F.interpolate(low, scale_factor=2.0, mode="nearest"))
        )
        return merged


def _score(width: int, joints: int) -> nn.Conv2d:
    """From features to heatmaps, blank ones at first: most of a target is blank."""
    layer = nn.Conv2d(width, joints, 1)
    nn.init.normal_(layer.weight, std=1e-3)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
