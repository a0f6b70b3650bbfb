"""The spatial transformer (STN) that centers a person, and the way back (SDTN).

Fang et al., "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017, section 3.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from rmpe_ext import affine_sample

from .theta import invert, is_singular

__all__ = ["LIMITS", "Limits", "SpatialTransformer", "detransform"]

LimitName = Literal["scale", "rotation", "affine"]
# What a transformer may do -> how many parameters say it.
LIMITS: dict[LimitName, int] = {"scale": 4, "rotation": 5, "affine": 6}


@dataclass(frozen=True)
class Limits:
    """What a transformer may do to a crop.

    All parameters are 0 for the identity.

    Attributes
    ----------
    kind
        ``"scale"``: move the window and change its width and height, each by itself;
        ``"rotation"``: turn it, too; ``"affine"``: anything, without bounds, as in the paper:
        theta is the identity and the parameters, added.
    shift
        How far the window's center may move, as a fraction of the crop's side.
    zoom
        By what factor a side of the window may shrink or grow.
    angle
        How far the window may turn, in degrees.
    """

    kind: LimitName = "scale"
    shift: float = 0.3
    zoom: float = 2.0
    angle: float = 30.0

    def theta(self, parameters: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Make thetas of parameters, (N, `LIMITS`) -> (N, 2, 3).

        Parameters
        ----------
        parameters : Tensor
        size : (int, int)
            Height and width of the crop, in whose pixels a turn is a turn.

        Examples
        --------
        >>> Limits("scale").theta(torch.zeros(1, 4), (64, 48))
        tensor([[[1., 0., 0.],
                 [0., 1., 0.]]])
        """
        if self.kind == "affine":
            identity = torch.eye(2, 3, dtype=parameters.dtype, device=parameters.device)
            return identity + parameters.view(-1, 2, 3)
        bounded = parameters.tanh()
        across, along = (bounded[:, :2] * math.log(self.zoom)).exp().unbind(1)
        # Normalized coordinates are 2 a side.
        shift = 2 * self.shift * bounded[:, 2:4]
        if self.kind == "scale":
            nothing = torch.zeros_like(across)
            linear = [across, nothing, nothing, along]
        else:
            turn = bounded[:, 4] * math.radians(self.angle)
            aspect = size[1] / size[0]
            linear = [
                turn.cos() * across,
                -turn.sin() * along / aspect,
                turn.sin() * across * aspect,
                turn.cos() * along,
            ]
        return torch.cat([torch.stack(linear, 1).view(-1, 2, 2), shift[:, :, None]], dim=2)


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
        whole = torch.eye(2, 3, dtype=crops.dtype).expand(len(crops), -1, -1)
        small = affine_sample(crops, whole, self.small)
        theta: torch.Tensor = self(small.contiguous(memory_format=torch.channels_last))
        return theta

    @staticmethod
    def transform(crops: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        """Resample crops (N, C, h, w) through their thetas, black outside; the same shape."""
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
