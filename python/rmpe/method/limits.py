"""What a spatial transformer may do to a crop, and how its parameters say it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

__all__ = ["LIMITS", "LimitName", "Limits"]

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
        >>> import torch
        >>> Limits("scale").theta(torch.zeros(1, 4), (64, 48))
        tensor([[[1., 0., 0.],
                 [0., 1., 0.]]])
        """
        import torch  # Cards are read without it.

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
