"""The spatial transformer of a configuration."""

from __future__ import annotations

import torch
from torch import nn

from ...method.limits import LIMITS, Limits
from ...method.parallel import RMPE
from ...method.transformer import SpatialTransformer
from ...networks.architectures import architecture_builder
from ..trial import check_architecture
from .config import Transformer

__all__ = ["adopt_weights", "build_transformer", "paint_windows", "window_loss"]

_POSE, _LOCALIZATION = "sppe.", "transformer.localization."


def build_transformer(config: Transformer, size: tuple[int, int]) -> SpatialTransformer:
    """Build it, for crops of a height and width.

    Raises
    ------
    ConfigError
        Where there is no such localization network, or it takes other parameters.
    """
    check_architecture(
        "localization",
        config.localization,
        config.numbers,
        "transformer.localization",
        "transformer.parameters",
    )
    limits = Limits(config.limits, config.shift, config.zoom, config.angle)
    localization = architecture_builder(config.localization)(
        LIMITS[config.limits], **config.numbers
    )
    return SpatialTransformer(localization, limits, config.small, size)


def adopt_weights(network: nn.Module, weights: dict[str, torch.Tensor]) -> str:
    """Fill a pose network, behind a transformer or not, with trained weights of either kind.

    Parameters
    ----------
    network : nn.Module
        Of both kinds, what both have is filled. A parallel branch is the pose network, too.
    weights : dict of str to Tensor
        Of a pose network, or of an :class:`rmpe.method.parallel.RMPE`.

    Returns
    -------
    str
        What was taken, for people.

    Raises
    ------
    RuntimeError
        Where they do not fit.
    """
    pose, localization = (
        {name.removeprefix(part): v for name, v in weights.items() if name.startswith(part)}
        for part in (_POSE, _LOCALIZATION)
    )
    if not pose:
        pose, localization = weights, {}
    if not isinstance(network, RMPE):
        network.load_state_dict(pose)
        return "the pose network" + (" without its spatial transformer" if localization else "")
    network.sppe.load_state_dict(pose)
    network.parallel.load_state_dict(pose)
    if not localization:
        return "the pose network; the spatial transformer begins anew"
    network.transformer.localization.load_state_dict(localization)
    return "the pose network and its spatial transformer"


def window_loss(theta: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean distance along both axes of the corners of windows from the wanted ones.

    Parameters
    ----------
    theta, wanted : Tensor (N, 2, 3)

    Returns
    -------
    Tensor ()
        In normalized coordinates, which are 2 a side.

    Examples
    --------
    >>> whole, half = torch.eye(2, 3)[None], 0.5 * torch.eye(2, 3)[None]
    >>> window_loss(half, whole)
    tensor(0.5000)
    """
    corners = theta.new_tensor([[-1, 1, -1, 1], [-1, -1, 1, 1], [1, 1, 1, 1]])
    return ((theta - wanted) @ corners).abs().mean()


def paint_windows(crops: torch.Tensor, theta: torch.Tensor) -> None:
    """Paint in crops (N, 3, h, w), in place, the outline of what their thetas look at, in red."""
    count, _, height, width = crops.shape
    # The way around the window, and where it is in the crop.
    step = torch.linspace(-1, 1, 2 * max(height, width))
    side = torch.ones_like(step)
    outline = torch.stack([
        torch.cat([step, step, side, -side]), torch.cat([side, -side, step, step]),
    ])  # fmt: skip
    places = theta[:, :, :2].float() @ outline + theta[:, :, 2:].float()
    pixels = ((places + 1) / 2 * torch.tensor([[width], [height]])).long()
    inside = ((pixels >= 0) & (pixels < torch.tensor([[width], [height]]))).all(dim=1)
    drawn = torch.zeros(count, height, width)
    sample, point = inside.nonzero(as_tuple=True)
    drawn[sample, pixels[sample, 1, point], pixels[sample, 0, point]] = 1
    red = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None]
    crops.copy_(torch.where(drawn[:, None] > 0, red, crops))
