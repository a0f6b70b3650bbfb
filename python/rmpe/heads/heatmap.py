"""Heatmaps of crops, as a model card describes them."""

from __future__ import annotations

import torch

from ..errors import ModelError
from ..models.card import PoseCard
from ..networks.network import Network

__all__ = ["HeatmapPose"]


class HeatmapPose:
    """A single-person pose estimator: crops in, heatmaps out.

    Parameters
    ----------
    card : PoseCard
        What the network takes and gives.
    network : Network
        Its first output is (N, K, H, W), or (N, stacks, K, H, W) of which the last stack counts.

    Raises
    ------
    rmpe.ModelError
        Where the heatmaps are not as many as the keypoints of the card's skeleton.
    """

    def __init__(self, card: PoseCard, network: Network) -> None:
        shape = network.output_shapes[0]
        joints = len(card.skeleton)
        if len(shape) not in (3, 4) or shape[-3] != joints:
            raise ModelError(
                f"model {card.name}: the heatmaps must be (N, {joints}, H, W) for the skeleton "
                f"{card.skeleton.name}, got (N, {', '.join(map(str, shape))})"
            )
        self.card = card
        self.network = network
        self._blur = None
        if card.blur is not None:
            if len(card.blur) // 2 >= min(shape[-2:]):
                raise ModelError(
                    f"model {card.name}: the blur of {len(card.blur)} weights is too wide for "
                    f"heatmaps of {shape[-2]}x{shape[-1]}"
                )
            self._blur = tuple(
                _blur_matrix(size, card.blur).to(network.device) for size in shape[-2:]
            )

    def __call__(self, crops: torch.Tensor) -> torch.Tensor:
        """Estimate heatmaps.

        Parameters
        ----------
        crops : Tensor (N, 3, h, w)
            float32, cut and normalized as the card says; :func:`rmpe_ext.crop` does it.

        Returns
        -------
        Tensor (N, K, H, W)
            float32, blurred where the card says so.

        Raises
        ------
        ValueError, TypeError
            For another shape, dtype or device.
        """
        heatmaps = self.network(crops)[0]
        if heatmaps.dim() == 5:
            heatmaps = heatmaps[:, -1]
        if self._blur is not None:
            rows, columns = self._blur
            heatmaps = rows @ heatmaps @ columns.T
        return heatmaps


def _blur_matrix(size: int, weights: tuple[float, ...]) -> torch.Tensor:
    """A filter over ``size`` values as a (size, size) matrix, mirrored beyond the border.

    The border is OpenCV's default, in which the outermost value is not repeated. On small heatmaps
    two products with such matrices are many times as fast as two convolutions.
    """
    reach = len(weights) // 2
    source = (torch.arange(size)[:, None] + torch.arange(-reach, reach + 1)).abs()
    source = torch.where(source < size, source, 2 * (size - 1) - source)
    matrix = torch.zeros(size, size)
    return matrix.scatter_add_(1, source, torch.tensor(weights).expand(size, -1))
