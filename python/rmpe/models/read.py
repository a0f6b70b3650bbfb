"""Reading model cards from TOML files.

`known_cards` lists those of the package; a user's own card is a path.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from pathlib import Path

from rmpe_ext.conventions import CONVENTIONS, DECODE_CONVENTIONS

from ..errors import ModelError
from ..skeletons import SKELETONS
from ..table import Table, is_integer, is_number
from .card import (
    ANCHOR_FORMATS,
    DETECTOR_RUNTIMES,
    ENCODINGS,
    POSE_RUNTIMES,
    Anchors,
    DetectorCard,
    InputSpec,
    ModelFile,
    PoseCard,
)

__all__ = ["known_cards", "load_card"]

_CARDS = Path(__file__).parent / "cards"


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
