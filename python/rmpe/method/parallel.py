"""The RMPE module: STN, pose network and SDTN, and in training a frozen parallel pose network.

Fang et al., "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017. The parallel branch
has no SDTN and the centered person as its target: where the STN fails to center the person, its
error is large, and goes back into the STN alone. At test time it is dropped.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from .transformer import SpatialTransformer, detransform

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["RMPE", "RMPEOutput"]


class RMPEOutput(NamedTuple):
    """What the module gives.

    Attributes
    ----------
    heatmaps
        (N, S, K, h, w): of every stack, back in the crop that went in.
    parallel
        (N, S, K, h, w): of the parallel branch, in the transformed crop; None without it.
    theta
        (N, 2, 3): where the transformer looked; None where it rests.
    limited
        How many thetas had no inverse to speak of.
    """

    heatmaps: torch.Tensor
    parallel: torch.Tensor | None
    theta: torch.Tensor | None
    limited: int


class RMPE(nn.Module):
    """STN + SPPE + SDTN, and a parallel SPPE.

    Parameters
    ----------
    sppe : nn.Module
        Crops (N, 3, h, w) to the heatmaps of every stack (N, S, K, h', w').
    transformer : SpatialTransformer
    strict : bool
        Raise :class:`rmpe.method.theta.SingularThetaError` where a theta has no inverse to speak
        of, instead of limiting it.

    Attributes
    ----------
    transforms : bool
        Whether the transformer takes part; without it, this is the pose network alone.
    branches : bool
        Whether the parallel branch does.

    Examples
    --------
    >>> from rmpe.method.limits import Limits
    >>> from rmpe.method.transformer import SpatialTransformer
    >>> from rmpe.networks.architectures.basic_hourglass import BasicHourglass
    >>> from rmpe.networks.architectures.localization import SmallLocalization
    >>> sppe = BasicHourglass(17, widths=(8, 8, 8, 8), stem=8)
    >>> stn = SpatialTransformer(SmallLocalization(4), Limits(), (32, 32), (64, 64))
    >>> rmpe = RMPE(sppe, stn)
    >>> rmpe.start_parallel()
    >>> output = rmpe(torch.rand(2, 3, 64, 64))
    >>> output.heatmaps.shape, output.parallel.shape
    (torch.Size([2, 2, 17, 16, 16]), torch.Size([2, 2, 17, 16, 16]))
    """

    def __init__(
        self, sppe: nn.Module, transformer: SpatialTransformer, *, strict: bool = False
    ) -> None:
        super().__init__()
        self.sppe, self.transformer, self.strict = sppe, transformer, strict
        # There from the start, so that a checkpoint always has the same weights.
        self.parallel = copy.deepcopy(sppe).requires_grad_(False)
        self.transforms, self.branches = True, False

    def start_parallel(self) -> None:
        """Let the parallel branch begin, with the pose network as it is now, frozen."""
        self.parallel.load_state_dict(self.sppe.state_dict())
        self.branches = True
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of everything but the parallel branch, whose statistics stay, too."""
        super().train(mode)
        self.parallel.eval()
        return self

    def forward(self, crops: torch.Tensor) -> RMPEOutput:
        """Estimate heatmaps of crops (N, 3, h, w)."""
        if not self.transforms:
            return RMPEOutput(self.sppe(crops), None, None, 0)
        theta = self.transformer.localize(crops)
        centered = self.transformer.transform(crops, theta)
        if crops.is_contiguous(memory_format=torch.channels_last):
            centered = centered.contiguous(memory_format=torch.channels_last)
        heatmaps, limited = detransform(self.sppe(centered).float(), theta, strict=self.strict)
        # Its own weights are frozen; the gradient goes through them into theta.
        parallel = self.parallel(centered) if self.branches else None
        return RMPEOutput(heatmaps, parallel, theta, limited)
