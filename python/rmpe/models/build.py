"""From a model card to a detector or a pose estimator."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch

from ..detectors.anchors import read_anchors
from ..detectors.ssd import SSDDetector
from ..errors import ModelError
from ..memory import choose_call
from ..method.limits import LIMITS
from ..method.transformer import SpatialTransformer
from ..networks.architectures import build_architecture
from ..networks.network import Network, Shape
from ..networks.onnxruntime import OnnxNetwork
from ..networks.pytorch import TorchNetwork
from ..networks.weights import load_weights
from .card import Card, DetectorCard, PoseCard
from .pose import PoseNetwork
from .read import load_card
from .store import obtain

__all__ = ["load_detector", "load_pose"]


def load_detector(
    name_or_path: str | os.PathLike[str],
    *,
    device: str | torch.device = "cpu",
    models_dir: str | os.PathLike[str] | None = None,
) -> SSDDetector:
    """Build the detector of a model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`rmpe.known_cards`, or a ``.toml`` file.
    device : str or torch.device
        Where it runs.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.obtain`.

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
    if card.anchors is not None:
        anchors = read_anchors(obtain(card.anchors.file, models_dir), card.anchors.key)
        anchor_format = card.anchors.format
        names = (card.boxes_output, card.scores_output)
        network = _load_onnx(card, names, _ssd_shapes(anchors), device, models_dir)
    else:
        module: Any = _load_module(card, models_dir)
        try:
            anchors, anchor_format = module.anchors(card.input.size), "xyxy"
        except RuntimeError as error:
            raise ModelError(
                f"model {card.name} does not run on an input of {card.input.size}: {error}"
            ) from error
        network = _run_module(card, module, _ssd_shapes(anchors), device)
    return SSDDetector(card, network, anchors, anchor_format)


def load_pose(
    name_or_path: str | os.PathLike[str],
    *,
    device: str | torch.device = "cpu",
    models_dir: str | os.PathLike[str] | None = None,
) -> PoseNetwork:
    """Build the pose estimator of a model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`rmpe.known_cards`, or a ``.toml`` file.
    device : str or torch.device
        Where it runs.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.obtain`.

    Raises
    ------
    rmpe.ModelError
        Where the card, its file or the device cannot be used.

    Examples
    --------
    >>> pose = load_pose("simplepose_coco17", models_dir="models")  # doctest: +SKIP
    >>> pose.network(torch.zeros(2, 3, 256, 192))[0].shape  # doctest: +SKIP
    torch.Size([2, 17, 64, 48])
    """
    card = load_card(name_or_path)
    if not isinstance(card, PoseCard):
        raise ModelError(f"model {card.name} is a detector; a pose network is needed here")
    joints = len(card.skeleton)
    shapes = card.head.output_shapes(joints, card.input.size)
    if card.runtime == "onnx":
        network = _load_onnx(card, card.head.outputs, shapes, device, models_dir)
    else:
        module = _load_module(card, models_dir, joints=joints)
        network = _run_module(card, module, shapes, device)
    return PoseNetwork(card, network, _load_transformer(card, device, models_dir))


def _load_transformer(
    card: PoseCard, device: str | torch.device, models_dir: str | os.PathLike[str] | None
) -> Network | None:
    spec = card.transformer
    if spec is None:
        return None
    path = obtain(spec.network, models_dir)
    localization = build_architecture(
        spec.architecture, outputs=LIMITS[spec.limits.kind], **dict(spec.parameters)
    )
    load_weights(localization, path)
    return TorchNetwork(
        SpatialTransformer(localization, spec.limits, spec.size, card.input.size),
        input_shape=(3, *spec.size),
        output_shapes=[(2, 3)],
        device=device,
        batch_size=choose_call(card, device),
    )


def _load_onnx(
    card: Card,
    output_names: Sequence[str],
    output_shapes: Sequence[Shape],
    device: str | torch.device,
    models_dir: str | os.PathLike[str] | None,
) -> Network:
    return OnnxNetwork(
        obtain(card.network, models_dir),
        input_name=card.input.name,
        input_shape=(3, *card.input.size),
        output_names=output_names,
        output_shapes=output_shapes,
        device=device,
        batch_size=choose_call(card, device),
    )


def _load_module(
    card: Card, models_dir: str | os.PathLike[str] | None, **parameters: int
) -> torch.nn.Module:
    path = obtain(card.network, models_dir)
    module = build_architecture(card.architecture, **parameters, **dict(card.parameters))
    load_weights(module, path)
    return module


def _run_module(
    card: Card, module: torch.nn.Module, output_shapes: Sequence[Shape], device: str | torch.device
) -> Network:
    return TorchNetwork(
        module,
        input_shape=(3, *card.input.size),
        output_shapes=output_shapes,
        device=device,
        batch_size=choose_call(card, device),
    )


def _ssd_shapes(anchors: torch.Tensor) -> tuple[Shape, ...]:
    return (len(anchors), 4), (len(anchors), None)
