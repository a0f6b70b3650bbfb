"""Model cards: what a pretrained network is, as data in a TOML file.

A card says where a network's files come from and how to recognize them, what goes into the network
and what its outputs mean. `known_cards` lists those of the package; a user's own card is a path.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rmpe_ext.conventions import CONVENTIONS, DECODE_CONVENTIONS

from .card_table import ModelError, Table, is_integer, is_number
from .skeleton import SKELETONS, Skeleton

__all__ = [
    "Anchors",
    "DetectorCard",
    "InputSpec",
    "ModelError",
    "ModelFile",
    "PoseCard",
    "known_cards",
    "load_card",
    "locate",
]

DETECTOR_RUNTIMES = ("onnx", "torchvision")
POSE_RUNTIMES = ("onnx", "stacked_hourglass")

_CARDS = Path(__file__).parent / "cards"
_CACHE = Path("~/.cache/rmpe/models")
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


def known_cards() -> dict[str, DetectorCard | PoseCard]:
    """Read the cards of the package, by name in alphabetical order.

    Examples
    --------
    >>> known_cards()["simplepose_coco17"].skeleton.name
    'coco_17'
    """
    return {path.stem: load_card(path.stem) for path in sorted(_CARDS.glob("*.toml"))}


def load_card(name_or_path: str | os.PathLike) -> DetectorCard | PoseCard:
    """Read one model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of `known_cards`, or the path of a ``.toml`` file, whose model files are then looked
        for beside it first.

    Raises
    ------
    ModelError
        Where there is no such card, or for a key that is missing, unknown or has a wrong value; the
        message names the file, the key, the rule and what came.

    Examples
    --------
    >>> load_card("ssd_mobilenet_v1_coco").input.size
    (300, 300)
    """
    path = Path(name_or_path)
    known = isinstance(name_or_path, str) and path.suffix != ".toml"
    if known:
        names = sorted(card.stem for card in _CARDS.glob("*.toml"))
        if name_or_path not in names:
            raise ModelError(
                f"model must be one of {', '.join(names)}, or the path of a .toml card, "
                f"got {name_or_path!r}"
            )
        path = _CARDS / f"{name_or_path}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read the model card {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"the model card {path} is not valid TOML: {error}") from None
    table = Table(path, "", values)
    kind = table.choice("kind", ("detector", "pose"))
    read = _read_detector if kind == "detector" else _read_pose
    card = read(table, None if known else path.parent)
    table.finish()
    return card


def locate(file: ModelFile, models_dir: str | os.PathLike | None = None) -> Path:
    """Find a model's file, and make sure that it is the right one.

    Looks beside the user's card, in ``models_dir``, in the folder that the environment variable
    ``RMPE_MODELS`` names, and in ``~/.cache/rmpe/models``, in this order.

    Raises
    ------
    ModelError
        Where it is in none of them, or the first that is found has another SHA-256.
    """
    variable = os.environ.get("RMPE_MODELS")
    folders = [file.folder, models_dir, variable or None, _CACHE.expanduser()]
    candidates = [Path(folder) / file.name for folder in folders if folder is not None]
    for path in candidates:
        if path.is_file():
            _check_hash(file, path)
            return path
    looked = ", ".join(dict.fromkeys(str(path.parent) for path in candidates))
    raise ModelError(
        f"model file {file.name} was not found (looked in {looked}); get it from {file.origin}, "
        "and name the folder you put it in with --models DIR, models_dir=... or the environment "
        "variable RMPE_MODELS"
    )


def _check_hash(file: ModelFile, path: Path) -> None:
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read the model file {path}: {error.strerror}") from None
    if not found.startswith(file.sha256):
        raise ModelError(
            f"model file {path} is damaged or another version: its SHA-256 must "
            f"{'be' if len(file.sha256) == 64 else 'start with'} {file.sha256}, got {found}; "
            f"get it from {file.origin}"
        )


def _read_detector(table: Table, folder: Path | None) -> DetectorCard:
    origin = table.text("origin")
    runtime = table.choice("runtime", DETECTOR_RUNTIMES)
    onnx = runtime == "onnx"
    network = _read_file(table.table("network"), origin, folder)
    output, boxes = table.table("output"), table.table("boxes")
    return DetectorCard(
        name=table.path.stem,
        title=table.text("title"),
        licence=table.text("licence"),
        origin=origin,
        runtime=runtime,
        architecture="" if onnx else table.text("architecture"),
        network=network,
        batch_size=table.integer("batch_size", 1),
        input=_read_input(table.table("input"), named=onnx),
        boxes_output=output.text("boxes") if onnx else "",
        scores_output=output.text("scores") if onnx else "",
        person=output.integer("person", 0),
        activation=output.choice("activation", ("none", "softmax")),
        encoding=boxes.choice("encoding", ENCODINGS),
        variances=boxes.numbers("variances", 4, " above 0", lambda value: value > 0),
        anchors=_read_anchors(boxes.table("anchors"), origin, folder) if onnx else None,
        threshold=boxes.number("threshold", "a number in 0..1", _is_fraction),
        nms_iou=boxes.number("nms_iou", "a number in 0..1", _is_fraction),
    )


def _read_pose(table: Table, folder: Path | None) -> PoseCard:
    origin = table.text("origin")
    runtime = table.choice("runtime", POSE_RUNTIMES)
    onnx = runtime == "onnx"
    crop, decode = table.table("crop"), table.table("decode")
    shape = None if onnx else table.table("hourglass")
    return PoseCard(
        name=table.path.stem,
        title=table.text("title"),
        licence=table.text("licence"),
        origin=origin,
        runtime=runtime,
        stacks=shape.integer("stacks", 1) if shape else 0,
        blocks=shape.integer("blocks", 1) if shape else 0,
        features=shape.integer("features", 2) if shape else 0,
        network=_read_file(table.table("network"), origin, folder),
        batch_size=table.integer("batch_size", 1),
        input=_read_input(table.table("input"), named=onnx),
        heatmaps_output=table.table("output").text("heatmaps") if onnx else "",
        skeleton=SKELETONS[table.choice("skeleton", SKELETONS)],
        crop=crop.choice("convention", CONVENTIONS),
        padding=crop.number("padding", "a fraction, at least 0", lambda value: value >= 0),
        convention=decode.choice("convention", DECODE_CONVENTIONS),
        stride=decode.integer("stride", 1),
        offset=decode.number("offset", "a number of crop pixels", lambda _: True),
        blur=_read_blur(decode) if "blur" in decode else None,
    )


def _is_fraction(value: float) -> bool:
    return 0 <= value <= 1


def _read_file(table: Table, origin: str, folder: Path | None) -> ModelFile:
    # A card may come from anywhere, so it must not reach out of the folders that are searched.
    name = table.take(
        "file",
        "the name of a file, without a folder",
        lambda value: isinstance(value, str) and re.fullmatch(r"\w[\w.+-]*", value) is not None,
    )
    sha256 = table.take(
        "sha256",
        "8 to 64 lower-case hexadecimal digits",
        lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{8,64}", value) is not None,
    )
    url = None
    if "url" in table:
        url = table.take(
            "url",
            "an address that starts with https://",
            lambda value: isinstance(value, str) and value.startswith("https://"),
        )
    return ModelFile(name, sha256, url or origin, folder)


def _read_input(table: Table, named: bool) -> InputSpec:
    size = table.take(
        "size",
        "[height, width], whole numbers, at least 1",
        lambda value: (
            isinstance(value, list) and len(value) == 2 and all(is_integer(v, 1) for v in value)
        ),
    )
    return InputSpec(
        name=table.text("name") if named else "",
        size=tuple(size),
        channels=table.choice("channels", ("rgb", "bgr")),
        scale=table.number("scale", "a number above 0", lambda value: value > 0),
        mean=table.numbers("mean", 3),
        std=table.numbers("std", 3, " above 0", lambda value: value > 0),
    )


def _read_anchors(table: Table, origin: str, folder: Path | None) -> Anchors:
    return Anchors(
        file=_read_file(table, origin, folder),
        key=table.text("key"),
        format=table.choice("format", ANCHOR_FORMATS),
    )


def _read_blur(table: Table) -> tuple[float, ...]:
    weights = table.take(
        "blur",
        "an odd number of weights, symmetric, with the sum 1",
        lambda value: (
            isinstance(value, list)
            and len(value) % 2 == 1
            and all(map(is_number, value))
            and value == value[::-1]
            and math.isclose(sum(value), 1, abs_tol=1e-6)
        ),
    )
    return tuple(map(float, weights))
