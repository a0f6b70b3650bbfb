"""Heatmaps of crops, as a model card describes them."""

from __future__ import annotations

import os

import torch

from ..card import ModelError, PoseCard, load_card, locate
from ..memory import choose_call
from .hourglass import StackedHourglass
from .network import Network
from .onnx import OnnxNetwork
from .torch import TorchNetwork, load_weights

__all__ = ["HeatmapPose", "load_pose"]


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
    rmpe.card.ModelError
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


def load_pose(
    name_or_path: str | os.PathLike,
    *,
    device: str | torch.device = "cpu",
    models_dir: str | os.PathLike | None = None,
) -> HeatmapPose:
    """Build the pose estimator of a model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`rmpe.card.known_cards`, or a ``.toml`` file.
    device : str or torch.device
        Where it runs.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.card.locate`.

    Raises
    ------
    rmpe.card.ModelError
        Where the card, its file or the device cannot be used.

    Examples
    --------
    >>> pose = load_pose("simplepose_coco17", models_dir="models")  # doctest: +SKIP
    >>> pose(torch.zeros(2, 3, 256, 192)).shape  # doctest: +SKIP
    torch.Size([2, 17, 64, 48])
    """
    card = load_card(name_or_path)
    if not isinstance(card, PoseCard):
        raise ModelError(f"model {card.name} is a detector; a pose network is needed here")
    path = locate(card.network, models_dir)
    height, width = card.input.size
    heatmaps = (len(card.skeleton), height // card.stride, width // card.stride)
    if card.runtime == "onnx":
        network: Network = OnnxNetwork(
            path,
            input_name=card.input.name,
            input_shape=(3, height, width),
            output_names=[card.heatmaps_output],
            output_shapes=[heatmaps],
            device=device,
            batch_size=choose_call(card, device),
        )
    else:
        with torch.device("meta"):
            module = StackedHourglass(
                len(card.skeleton), stacks=card.stacks, blocks=card.blocks, features=card.features
            )
        load_weights(module, path)
        network = TorchNetwork(
            module,
            input_shape=(3, height, width),
            output_shapes=[(card.stacks, *heatmaps)],
            device=device,
            batch_size=choose_call(card, device),
        )
    return HeatmapPose(card, network)


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
