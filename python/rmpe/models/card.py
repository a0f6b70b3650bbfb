"""Model cards: what a pretrained network is, as data.

A card says where a network's files come from and how to recognize them, what goes into the network
and what its outputs mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..skeletons import Skeleton

__all__ = ["Anchors", "DetectorCard", "InputSpec", "ModelFile", "PoseCard"]

DETECTOR_RUNTIMES = ("onnx", "torchvision")
POSE_RUNTIMES = ("onnx", "stacked_hourglass")

# Orders of the four numbers that encode a box, to those of (x, y, width, height).
ENCODINGS = {"txtytwth": (0, 1, 2, 3), "tytxthtw": (1, 0, 3, 2)}
ANCHOR_FORMATS = ("xyxy", "xcycwh", "ycxchw")


@dataclass(frozen=True)
class ModelFile:
    """A file that a model needs.

    Attributes
    ----------
    name
        Without a folder.
    sha256
        Lower-case hexadecimal digits, all 64 or only the first ones (at least 8).
    origin
        Where to get it, for messages: the URL where the card has one.
    folder
        Where to look first: the folder of the user's card. None for cards of the package.
    """

    name: str
    sha256: str
    origin: str
    folder: Path | None = None


@dataclass(frozen=True)
class InputSpec:
    """What a network takes: float32 (N, 3, h, w), ``(value * scale - mean) / std``.

    Attributes
    ----------
    name
        Of the tensor in an ONNX file; ``""`` for other runtimes, which have no names.
    size
        Height and width.
    channels
        ``"rgb"`` or ``"bgr"``.
    scale
        Multiplies the 8-bit value.
    mean, std
        Of each channel in the network's order, in units of ``value * scale``.
    """

    name: str
    size: tuple[int, int]
    channels: str
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class Anchors:
    """Where the anchors (prior boxes) of an SSD are, in fractions of the image.

    Attributes
    ----------
    file
        An ``.npz`` archive.
    key
        Of the (A, 4) array in it.
    format
        Order of its columns: one of `ANCHOR_FORMATS`.
    """

    file: ModelFile
    key: str
    format: str


@dataclass(frozen=True)
class DetectorCard:
    """A single-shot detector (SSD).

    Attributes
    ----------
    name, title, licence, origin
        For people; the name is that of the card's file, without ``.toml``.
    runtime
        One of `DETECTOR_RUNTIMES`.
    architecture
        For torchvision, the name of the function that builds it; else ``""``.
    network
        The file of the weights.
    batch_size
        Images of one network call on a CPU.
    input
        What goes in.
    boxes_output, scores_output
        Names of the outputs (N, A, 4) and (N, A, classes) in an ONNX file; else ``""``.
    person
        Column of the scores.
    activation
        ``"softmax"`` where the scores are logits, ``"none"`` where they are probabilities.
    encoding, variances
        Order of the encoded box, a key of `ENCODINGS`, and what each of x, y, width and height is
        multiplied by.
    anchors
        None where the runtime brings its own.
    threshold
        Lowest score of a detection, unless the caller says otherwise.
    nms_iou
        Of two boxes that overlap more than this, the better is kept.
    """

    name: str
    title: str
    licence: str
    origin: str
    runtime: str
    architecture: str
    network: ModelFile
    batch_size: int
    input: InputSpec
    boxes_output: str
    scores_output: str
    person: int
    activation: str
    encoding: str
    variances: tuple[float, float, float, float]
    anchors: Anchors | None
    threshold: float
    nms_iou: float

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """All files that the model needs."""
        return (self.network,) if self.anchors is None else (self.network, self.anchors.file)


@dataclass(frozen=True)
class PoseCard:
    """A single-person pose estimator that gives heatmaps.

    Attributes
    ----------
    name, title, licence, origin
        For people; the name is that of the card's file, without ``.toml``.
    runtime
        One of `POSE_RUNTIMES`.
    stacks, blocks, features
        Shape of a stacked hourglass; 0 for other runtimes.
    network
        The file of the weights.
    batch_size
        Crops of one network call on a CPU.
    input
        What goes in.
    heatmaps_output
        Name of the output (N, K, H, W) in an ONNX file; else ``""``.
    skeleton
        What the K heatmaps are.
    crop, padding
        Crop convention, and by how much boxes grow: see :func:`rmpe_ext.crop_matrices`.
    convention, stride, offset
        Decode convention; a heatmap pixel ``x`` is the crop pixel ``stride * x + offset``: see
        :func:`rmpe_ext.decode`.
    blur
        Weights, symmetric and odd in number, that smooth each heatmap along both axes before it is
        decoded; None where it is decoded as it comes.
    """

    name: str
    title: str
    licence: str
    origin: str
    runtime: str
    stacks: int
    blocks: int
    features: int
    network: ModelFile
    batch_size: int
    input: InputSpec
    heatmaps_output: str
    skeleton: Skeleton
    crop: str
    padding: float
    convention: str
    stride: int
    offset: float
    blur: tuple[float, ...] | None

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """All files that the model needs."""
        return (self.network,)
