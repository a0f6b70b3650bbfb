"""Localization networks: from a crop to the parameters of a spatial transformer.

Jaderberg, Simonyan, Zisserman, Kavukcuoglu, "Spatial Transformer Networks", NIPS 2015 (arXiv
1506.02025), section 3.1. Their last layer starts at 0, so that the transformer starts as what it is
for parameters of 0, the identity.
"""

from __future__ import annotations

import torch
from torch import nn

from .blocks import convolution

__all__ = ["SmallLocalization", "resnet18_localization", "small_localization"]


class SmallLocalization(nn.Module):
    """Four convolutions and two linear layers, under 0.2 million parameters.

    Parameters
    ----------
    outputs : int
        Number of parameters.
    width : int
        Channels of the first convolution; later ones have more.
    cells : int
        The last features are averaged over ``cells`` by ``cells`` parts of the crop, so that crops
        may have any size, and where things are is not lost.

    Examples
    --------
    >>> SmallLocalization(6)(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 6])
    """

    def __init__(self, outputs: int, *, width: int = 16, cells: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(
            convolution(3, width, 4, stride=2),
            convolution(width, 2 * width, 4, stride=2),
            convolution(2 * width, 3 * width, 4, stride=2),
            convolution(3 * width, 4 * width, 3),
            nn.AdaptiveAvgPool2d(cells),
        )
        self.regress = nn.Sequential(
            nn.Flatten(),
            nn.Linear(4 * width * cells**2, 64),
            nn.ReLU(inplace=True),
            _last(64, outputs),
        )

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """(N, 3, h, w), both at least 8, -> (N, outputs)."""
        parameters: torch.Tensor = self.regress(self.features(crops))
        return parameters


def small_localization(outputs: int, *, width: int, cells: int) -> SmallLocalization:
    """Make a small one."""
    return SmallLocalization(outputs, width=width, cells=cells)


def resnet18_localization(outputs: int) -> nn.Module:
    """Make the paper's one, a ResNet-18; its weights are random, nothing is downloaded."""
    from torchvision.models import resnet18

    network: nn.Module = resnet18(weights=None)
    network.fc = _last(512, outputs)
    return network


def _last(features: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(features, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
