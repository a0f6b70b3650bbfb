"""From a model card to a detector or a pose estimator."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..class_names import PERSON
from ..detectors.detector import Detector
from ..errors import ModelError
from ..memory import choose_call
from ..method.limits import LIMITS
from ..method.transformer import SpatialTransformer
from ..networks.architectures import build_architecture
from ..networks.network import Network, Shape
from ..networks.onnxruntime import OnnxNetwork
from ..networks.precision import WantedPrecision, choose_precision
from ..networks.pytorch import TorchNetwork
from ..networks.weights import load_weights
from ..terminal import printable
from ..toml_table import show
from .card import Card, DetectorCard, ModelFile, PoseCard
from .embedded import check_embedded
from .graph import load_graph
from .pose import PoseNetwork
from .read import load_card
from .run_options import check_run_options
from .store import obtain

__all__ = ["CardNetwork", "build_detector", "build_pose", "load_detector", "load_pose"]


def load_detector(
    name_or_path: str | os.PathLike[str],
    *,
    classes: Sequence[str] = (PERSON,),
    device: str | torch.device = "cpu",
    models_dir: str | os.PathLike[str] | None = None,
    provider: str | None = None,
    compiled: bool = False,
    precision: WantedPrecision = "float32",
) -> Detector:
    """Build the detector of a model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`rmpe.known_cards`, or a ``.toml`` file.
    classes : sequence of str
        What to look for, among what the network knows.
    device : str or torch.device
        Where it runs.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.obtain`.
    provider : str, optional
        What runs a network that is an ONNX file, one of
        :data:`rmpe.networks.providers.PROVIDERS`; onnxruntime's own part for the device, unless
        given.
    compiled : bool
        Whether torch.compile makes code of a PyTorch network.
    precision : str
        What a PyTorch network computes in, a key of :data:`rmpe.networks.precision.PRECISIONS`.

    Raises
    ------
    rmpe.ModelError
        Where the card, its files or the device cannot be used, it has no such class, or an option
        is not for its runtime.

    Examples
    --------
    >>> detector = load_detector("small_ssd_person")
    >>> detector([torch.full((480, 640, 3), 128, dtype=torch.uint8)]).boxes.shape  # nobody
    torch.Size([0, 4])
    """
    card = _of_detector(load_card(name_or_path))
    check_run_options([card], provider, compiled, precision)
    parts = CardNetwork(card, device, models_dir, provider, compiled, precision)
    return build_detector(parts, classes)


def build_detector(parts: CardNetwork, classes: Sequence[str]) -> Detector:
    """Build what `load_detector` gives, of a card that was read."""
    card = _of_detector(parts.card)
    return card.detector.build(card, parts, classes)


def _of_detector(card: Card) -> DetectorCard:
    if not isinstance(card, DetectorCard):
        raise ModelError(f"model {card.name} is a pose network; a detector is needed here")
    return card


def load_pose(
    name_or_path: str | os.PathLike[str],
    *,
    device: str | torch.device = "cpu",
    models_dir: str | os.PathLike[str] | None = None,
    provider: str | None = None,
    compiled: bool = False,
    precision: WantedPrecision = "float32",
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
    provider : str, optional
        What runs a network that is an ONNX file, one of
        :data:`rmpe.networks.providers.PROVIDERS`; onnxruntime's own part for the device, unless
        given.
    compiled : bool
        Whether torch.compile makes code of a PyTorch network.
    precision : str
        What a PyTorch network computes in, a key of :data:`rmpe.networks.precision.PRECISIONS`.

    Raises
    ------
    rmpe.ModelError
        Where the card, its file or the device cannot be used, or an option is not for its runtime.

    Examples
    --------
    >>> pose = load_pose("small_hourglass_coco17")
    >>> pose.network(torch.zeros(2, 3, 256, 192))[0].shape
    torch.Size([2, 17, 64, 48])
    """
    card = _of_pose(load_card(name_or_path))
    check_run_options([card], provider, compiled, precision)
    return build_pose(CardNetwork(card, device, models_dir, provider, compiled, precision))


def build_pose(parts: CardNetwork) -> PoseNetwork:
    """Build what `load_pose` gives, of a card that was read."""
    card = _of_pose(parts.card)
    shapes = card.head.output_shapes(len(card.skeleton), card.input.size)
    if card.runtime == "onnx":
        network = parts.load_onnx(card.head.outputs, shapes)
    else:
        network = parts.run_module(parts.load_module(), shapes)
    return PoseNetwork(card, network, _load_transformer(card, parts))


def _of_pose(card: Card) -> PoseCard:
    if not isinstance(card, PoseCard):
        raise ModelError(f"model {card.name} is a detector; a pose network is needed here")
    return card


@dataclass(frozen=True)
class CardNetwork:
    """Loads the network of a card; heads and detectors say what comes out of it.

    Attributes
    ----------
    card
        Of any kind.
    device
        Where the network runs.
    models_dir
        Folder of the model files; see :func:`rmpe.models.store.obtain`.
    provider, compiled, precision
        How it runs; see `rmpe.models.run_options`.

    Raises
    ------
    rmpe.ModelError
        Where torch cannot use the device.
    """

    card: Card
    device: str | torch.device
    models_dir: str | os.PathLike[str] | None
    provider: str | None = None
    compiled: bool = False
    precision: WantedPrecision = "float32"

    def __post_init__(self) -> None:
        _check_device(self.device)

    def path(self, file: ModelFile) -> Path:
        """The path of one of the card's files, verified."""
        return obtain(file, self.models_dir)

    def load_onnx(
        self,
        output_names: Sequence[str],
        output_shapes: Sequence[Shape],
        rows: int | None = None,
    ) -> Network:
        """Load the card's ONNX file, which must have such outputs; ``rows``: see `OnnxNetwork`."""
        network = OnnxNetwork(
            self.path(self.card.network),
            input_name=self.card.input.name,
            input_shape=(3, *self.card.input.size),
            output_names=output_names,
            output_shapes=output_shapes,
            channels_last=self.card.input.layout == "nhwc",
            device=self.device,
            provider=self.provider,
            batch_size=choose_call(self.card, self.device),
            rows=rows,
        )
        check_embedded(self.card, network.metadata)
        return network

    def load_module(self) -> torch.nn.Module:
        """Build the card's architecture, and load its weights."""
        path = self.path(self.card.network)
        numbers = dict(self.card.parameters)
        if isinstance(self.card, PoseCard):
            numbers["joints"] = len(self.card.skeleton)
        module = build_architecture(self.card.architecture, **numbers)
        load_weights(module, path)
        return module

    def run_module(self, module: torch.nn.Module, output_shapes: Sequence[Shape]) -> Network:
        """Run a module as the card's network, which must have such outputs.

        Where the card has a graph, onnxruntime does on a CPU, unless the network is compiled or
        computes in other numbers than float32.
        """
        precision = choose_precision(self.precision)
        batch_size = choose_call(self.card, self.device)
        graph, on_cpu = self.card.graph, torch.device(self.device).type == "cpu"
        if graph is not None and on_cpu and not self.compiled and precision == "float32":
            path, size = self.path(graph), self.card.input.size
            try:
                return load_graph(path, module, size, output_shapes, batch_size)
            except ModelError as error:
                raise ModelError(
                    f"model {self.card.name}: the graph {graph.name} does not go with the network "
                    f"and its card; rmpe export with --graph writes one that does: {error}"
                ) from error
        try:
            return TorchNetwork(
                module,
                input_shape=(3, *self.card.input.size),
                output_shapes=output_shapes,
                device=self.device,
                batch_size=batch_size,
                compiled=self.compiled,
                precision=precision,
            )
        except ModelError as error:
            raise ModelError(f"model {self.card.name}: {error}") from error


def _load_transformer(card: PoseCard, parts: CardNetwork) -> Network | None:
    spec = card.transformer
    if spec is None:
        return None
    path = parts.path(spec.network)
    localization = build_architecture(
        spec.architecture, outputs=LIMITS[spec.limits.kind], **dict(spec.parameters)
    )
    load_weights(localization, path)
    return TorchNetwork(
        SpatialTransformer(localization, spec.limits, spec.size, card.input.size),
        input_shape=(3, *spec.size),
        output_shapes=[(2, 3)],
        device=parts.device,
        batch_size=choose_call(card, parts.device),
        compiled=parts.compiled,
    )


def _check_device(device: Any) -> None:
    """Raise ModelError unless torch can compute on a device here."""
    try:
        kind = torch.empty(0, device=torch.device(device)).device.type
    # torch has an error of its own for each way in which a device is not there.
    except (
        ArithmeticError,
        AssertionError,
        ImportError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        reason = printable(error).partition("\\n")[0]
        raise ModelError(
            f"device must be one that torch can use here, as cpu or cuda:0, got {show(device)}: "
            f"{reason}"
        ) from None
    if kind == "meta":
        raise ModelError("device must be one that computes, as cpu or cuda:0, got meta")
