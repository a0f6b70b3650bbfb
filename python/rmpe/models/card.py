"""Model cards: what a pretrained network is, as data.

A card says where a network's files come from and how to recognize them, what goes into the network
and what its outputs mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rmpe_ext
from rmpe_ext.conventions import ConventionName

from ..detectors.detector import DetectorKind
from ..heads.head import Head
from ..method.limits import Limits
from ..skeletons import Skeleton

if TYPE_CHECKING:
    import torch

__all__ = [
    "Card",
    "DetectorCard",
    "InputSpec",
    "ModelFile",
    "PoseCard",
    "TransformerCard",
]

RUNTIMES = ("onnx", "pytorch")

# A card may come from anywhere, and must not ask for more memory than there is.
LONGEST_SIDE = 2048


@dataclass(frozen=True)
class ModelFile:
    """A file that a model needs.

    Attributes
    ----------
    name
        Without a folder.
    sha256
        Lower-case hexadecimal digits, all 64 or only the first ones (at least 8). Empty where none
        is known: any file of that name is then taken.
    origin
        Whose it is, for messages.
    urls
        Where it can be downloaded, to be tried in this order: see `rmpe.models.addresses`. Empty
        where it is public nowhere.
    folder
        Where to look first: that of the card. Weights of the package lie beside their cards.
    size
        Bytes; None where they are not known.
    shelf
        Folder within `rmpe.models.places.cache_folder` of what is downloaded for it; ``""`` is that
        folder itself, which is for the cards that have names. A file name of any other card may
        mean another file.
    pinned
        Whether only what came from its address is right, as where that names a revision: no folder
        that users name is searched.
    """

    name: str
    sha256: str
    origin: str
    urls: tuple[str, ...] = ()
    folder: Path | None = None
    size: int | None = None
    shelf: str = ""
    pinned: bool = False

    def wrong_hash(self, found: str) -> str | None:
        """Say what is wrong with the SHA-256 that was found, or None where it is right."""
        if found.startswith(self.sha256):
            return None
        verb = "be" if len(self.sha256) == 64 else "start with"
        return f"its SHA-256 must {verb} {self.sha256}, got {found}"


@dataclass(frozen=True)
class InputSpec:
    """What a network takes: float32 (N, 3, h, w), ``(value * scale - mean) / std``.

    Attributes
    ----------
    name
        Of the tensor in an ONNX file; ``""`` for PyTorch networks, which have no names.
    size
        Height and width.
    channels
        ``"rgb"`` or ``"bgr"``.
    scale
        Multiplies the 8-bit value.
    mean, std
        Of each of the three channels in the network's order, in units of ``value * scale``.
    layout
        Axes of an ONNX file's input: ``"nchw"``, or ``"nhwc"`` where channels come last.
    """

    name: str
    size: tuple[int, int]
    channels: str
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: str = "nchw"

    def crop(
        self,
        images: Sequence[torch.Tensor],
        matrices: torch.Tensor,
        image_index: torch.Tensor,
        fill: float = 0,
    ) -> torch.Tensor:
        """Cut the network's input (N, 3, h, w) out of uint8 RGB images.

        Parameters
        ----------
        images : sequence of Tensors (H, W, 3)
        matrices : Tensor (N, 2, 3)
            Image pixel -> crop pixel.
        image_index : Tensor (N,)
            The image of each crop.
        fill : float
            8-bit value of what is outside of the images.
        """
        return rmpe_ext.crop(
            images,
            matrices,
            self.size,
            image_index=image_index,
            scale=self.scale,
            mean=self.mean,
            std=self.std,
            swap_rb=self.channels == "bgr",
            fill=fill,
        )


@dataclass(frozen=True)
class Card:
    """What every kind of card says.

    Attributes
    ----------
    name, title, license, origin
        For people; the name is that of the card's file, without ``.toml``.
    runtime
        One of `RUNTIMES`.
    architecture
        For PyTorch, one of `rmpe.networks.architectures.architecture_names`; else ``""``.
    parameters
        The numbers that the architecture takes, by name.
    network
        The file of the weights.
    graph
        The same PyTorch network for onnxruntime, which is faster on a CPU: an ONNX file without
        weights, as ``rmpe export --graph`` writes it. None where there is none.
    batch_size
        Items of one network call on a CPU.
    input
        What goes in.
    accuracy
        As the origin states it; ``""`` where it does not.
    """

    name: str
    title: str
    license: str
    origin: str
    accuracy: str
    runtime: str
    architecture: str
    parameters: tuple[tuple[str, int], ...]
    network: ModelFile
    batch_size: int
    input: InputSpec
    graph: ModelFile | None

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """All files that the model needs."""
        return (self.network,) if self.graph is None else (self.network, self.graph)


@dataclass(frozen=True)
class DetectorCard(Card):
    """A detector of people.

    Attributes
    ----------
    detector
        What the outputs are and how boxes come of them, by the kind of detector: for single-shot
        detectors a :class:`rmpe.detectors.ssd.SSD`.
    """

    detector: DetectorKind

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """All files that the model needs."""
        return (*super().files, *self.detector.files)


@dataclass(frozen=True)
class TransformerCard:
    """A spatial transformer in front of a pose network.

    Attributes
    ----------
    architecture, parameters
        Of the localization network; as in `Card`.
    network
        The file of its weights.
    size
        Height and width of the crops that it takes.
    limits
        What it may do.
    """

    architecture: str
    parameters: tuple[tuple[str, int], ...]
    network: ModelFile
    size: tuple[int, int]
    limits: Limits


@dataclass(frozen=True)
class PoseCard(Card):
    """A single-person pose estimator (SPPE).

    Attributes
    ----------
    skeleton
        The K keypoints that it finds.
    crop, padding
        Crop convention, and by how much boxes grow: see :func:`rmpe_ext.crop_matrices`.
    head
        How the outputs are decoded.
    drawn_score
        Keypoints that score lower are not drawn; None: the network's scores call for no threshold
        of their own.
    transformer
        What chooses the part of a crop that the network sees; None where it sees all of it.
    """

    skeleton: Skeleton
    crop: ConventionName
    padding: float
    head: Head
    drawn_score: float | None = None
    transformer: TransformerCard | None = None

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """All files that the model needs."""
        behind = () if self.transformer is None else (self.transformer.network,)
        return (*super().files, *behind)
