"""From a model card to a detector or a pose estimator."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import torch

from ..detectors.ssd import SSDDetector
from ..errors import ModelError
from ..heads.heatmap import HeatmapPose
from ..memory import choose_call
from ..networks.architectures.hourglass import StackedHourglass
from ..networks.architectures.ssd import TorchvisionSSD
from ..networks.network import Network
from ..networks.onnxruntime import OnnxNetwork
from ..networks.pytorch import TorchNetwork
from ..networks.weights import load_weights
from .card import Anchors, DetectorCard, PoseCard
from .read import load_card
from .store import locate

__all__ = ["load_detector", "load_pose"]


def load_detector(
    name_or_path: str | os.PathLike,
    *,
    device: str | torch.device = "cpu",
    models_dir: str | os.PathLike | None = None,
) -> SSDDetector:
    """Build the detector of a model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`rmpe.known_cards`, or a ``.toml`` file.
    device : str or torch.device
        Where it runs.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.locate`.

    Raises
    ------
    rmpe.ModelError
        Where the card, its files or the device cannot be used.

    Examples
    --------
    >>> detector = load_detector("ssd_mobilenet_v1_coco", models_dir="models")  # doctest: +SKIP
    >>> detector([image]).boxes.shape  # doctest: +SKIP
    torch.Size([3, 4])
    """
    card = load_card(name_or_path)
    if not isinstance(card, DetectorCard):
        raise ModelError(f"model {card.name} is a pose network; a detector is needed here")
    path = locate(card.network, models_dir)
    input_shape = (3, *card.input.size)
    if card.anchors is not None:
        anchors, anchor_format = _read_anchors(card.anchors, models_dir), card.anchors.format
        network: Network = OnnxNetwork(
            path,
            input_name=card.input.name,
            input_shape=input_shape,
            output_names=[card.boxes_output, card.scores_output],
            output_shapes=[(len(anchors), 4), (len(anchors), None)],
            device=device,
            batch_size=choose_call(card, device),
        )
    else:
        # Built without memory for weights: those that would be drawn here are thrown away.
        with torch.device("meta"):
            module = TorchvisionSSD(card.architecture)
        load_weights(module.ssd, path)
        anchors, anchor_format = module.anchors(card.input.size), "xyxy"
        network = TorchNetwork(
            module,
            input_shape=input_shape,
            output_shapes=[(len(anchors), 4), (len(anchors), None)],
            device=device,
            batch_size=choose_call(card, device),
        )
    return SSDDetector(card, network, anchors, anchor_format)


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
        A name of :func:`rmpe.known_cards`, or a ``.toml`` file.
    device : str or torch.device
        Where it runs.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.locate`.

    Raises
    ------
    rmpe.ModelError
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


def _read_anchors(anchors: Anchors, models_dir: str | os.PathLike | None) -> torch.Tensor:
    path = locate(anchors.file, models_dir)
    try:
        with np.load(path, allow_pickle=False) as archive:
            values = torch.from_numpy(archive[anchors.key])
    except (KeyError, OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"cannot read the anchors {anchors.key} from {path}: {error}") from error
    if values.dim() != 2 or values.shape[1] != 4:
        raise ModelError(
            f"{path}: the anchors {anchors.key} must be (A, 4), got {tuple(values.shape)}"
        )
    return values
