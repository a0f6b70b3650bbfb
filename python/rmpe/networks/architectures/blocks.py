"""What several architectures are built of."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["Residual", "check_images", "convolution", "count_outputs"]


def check_images(images: torch.Tensor, divisor: int) -> None:
    """Raise ValueError unless images are (N, 3, h, w) with h and w multiples of ``divisor``."""
    divides = all(size and size % divisor == 0 for size in images.shape[2:])
    if images.dim() != 4 or images.shape[1] != 3 or not divides:
        raise ValueError(
            f"images must be (N, 3, h, w) with h and w multiples of {divisor}, "
            f"got {tuple(images.shape)}"
        )


class Residual(nn.Module):
    """Basic residual block, two 3x3 convolutions: (N, in, H, W) -> (N, out, H, W).

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016 (arXiv 1512.03385).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = convolution(in_channels, out_channels, 3)
        self.second = convolution(out_channels, out_channels, 3, relu=False)
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = convolution(in_channels, out_channels, 1, relu=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.shortcut(x) + self.second(self.first(x)))


def convolution(
    in_channels: int,
    out_channels: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int | None = None,
    relu: bool = True,
) -> nn.Sequential:
    """Make a convolution, batch norm and ReLU.

    With the padding that is not given, ``(kernel - 1) // 2``, an odd kernel keeps the size, and an
    even one with a stride of 2 halves it.
    """
    if padding is None:
        padding = (kernel - 1) // 2
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding=padding, bias=False),
        nn.BatchNorm2d(out_channels),
    ]
    if relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def count_outputs(
    weights: Mapping[str, torch.Tensor], layers: Mapping[str, str]
) -> dict[str, int] | None:
    """Read from a state dict how many channels convolutions give.

    Parameters
    ----------
    weights : mapping of str to Tensor
        A state dict, of anything.
    layers : mapping of str to str
        The names of the numbers that are wanted, and the convolutions that they are of.

    Returns
    -------
    dict of str to int, or None
        None where one of these is no convolution of the state dict.

    Examples
    --------
    >>> count_outputs(nn.Sequential(nn.Conv2d(3, 8, 1)).state_dict(), {"stem": "0"})
    {'stem': 8}
    """
    counts = {}
    for name, layer in layers.items():
        weight = weights.get(f"{layer}.weight")
        if weight is None or weight.dim() != 4:
            return None
        counts[name] = len(weight)
    return counts
