"""The spatial transformer (STN) that centers a person, and the way back (SDTN).

Fang et al., "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017.
"""

from __future__ import annotations

import torch
from torch import nn

from rmpe_ext import affine_sample

from .limits import Limits
from .theta import invert, is_singular

__all__ = ["SpatialTransformer", "detransform"]


class SpatialTransformer(nn.Module):
    """Says for each crop which part of it the pose network should see.

    Parameters
    ----------
    localization : nn.Module
        Crops (N, 3, h, w) to parameters, as many as the limits have.
    limits : Limits
    small : (int, int)
        Height and width of the crops that the localization network takes.
    size : (int, int)
        Height and width of the crops that are transformed.

    Examples
    --------
    >>> from rmpe.method.limits import Limits
    >>> from rmpe.networks.architectures.localization import SmallLocalization
    >>> transformer = SpatialTransformer(SmallLocalization(4), Limits(), (64, 64), (192, 128))
    >>> crops = torch.rand(2, 3, 192, 128)
    >>> theta = transformer.localize(crops)
    >>> torch.equal(transformer.transform(crops, theta), crops)
    True
    """

    def __init__(
        self,
        localization: nn.Module,
        limits: Limits,
        small: tuple[int, int],
        size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.localization, self.limits = localization, limits
        self.small, self.size = small, size

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Thetas (N, 2, 3), float32, of small crops (N, 3, *small)."""
        parameters: torch.Tensor = self.localization(crops)
        return self.limits.theta(parameters.float(), self.size)

    def localize(self, crops: torch.Tensor) -> torch.Tensor:
        """Thetas (N, 2, 3) of crops of the full size (N, 3, h, w)."""
        # Sampled at points, as cutting the small crop from the photograph samples it.
        whole = torch.eye(2, 3, dtype=crops.dtype, device=crops.device).expand(len(crops), -1, -1)
        small = affine_sample(crops, whole, self.small)
        parameters: torch.Tensor = self.localization(
            small.contiguous(memory_format=torch.channels_last)
        )
        return self.limits.theta(parameters.float(), (crops.shape[2], crops.shape[3]))

    @staticmethod
    def transform(crops: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        """Resample crops (N, C, h, w) through their thetas; 0, the mean color, outside."""
        transformed: torch.Tensor = affine_sample(crops, theta, (crops.shape[2], crops.shape[3]))
        return transformed


def detransform(
    heatmaps: torch.Tensor, theta: torch.Tensor, *, strict: bool = False
) -> tuple[torch.Tensor, int]:
    """Bring heatmaps back to the crop that the transformer saw (SDTN).

    Resampled through gamma, the inverse of theta. Decoding them without it and mapping the
    coordinates through theta, as :func:`rmpe_ext.decode` does with ``theta``, is cheaper and not
    the same: resampling moves and blurs peaks.

    Parameters
    ----------
    heatmaps : Tensor (N, ..., h, w)
        Of the transformed crops.
    theta : Tensor (N, 2, 3)
    strict : bool
        Raise where a theta cannot be inverted, instead of limiting it; see
        :func:`rmpe.method.theta.invert`.

    Returns
    -------
    heatmaps : Tensor (N, ..., h, w)
        0 where the transformer's window did not look.
    limited : int
        How many thetas could not be inverted as they are.

    Raises
    ------
    rmpe.method.theta.SingularThetaError
        In strict mode.
    """
    gamma = invert(theta, strict=strict)
    maps = heatmaps.flatten(1, -3)
    size = (heatmaps.shape[-2], heatmaps.shape[-1])
    found = affine_sample(maps, gamma.to(maps.dtype), size)
    return found.view_as(heatmaps), int(is_singular(theta.detach()).sum())
