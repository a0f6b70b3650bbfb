"""Reading model cards from TOML files.

`known_cards` lists those of the package; a user's own card is a path.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from rmpe_ext.conventions import CONVENTIONS, PADDING_RULE

from ..arguments import path_text
from ..detectors import detector_class, detector_names
from ..errors import ModelError
from ..heads import head_class, head_names
from ..listing import listed
from ..method.limits import LIMITS, Limits
from ..networks.architectures import architecture_names, find_architecture
from ..networks.file_kinds import describe_file
from ..plugins import added_cards
from ..skeletons import SKELETONS
from ..toml_table import Table, is_fraction, is_integer, read_toml, show
from .addresses import ADDRESS_RULE, is_address, is_safe_address, last_name
from .card import (
    LONGEST_SIDE,
    RUNTIMES,
    DetectorCard,
    InputSpec,
    PoseCard,
    TransformerCard,
)
from .read_file import Source, read_file
from .references import NETWORK_FILES, card_of_address, card_of_file, fetch_card

__all__ = ["known_cards", "load_card", "own_card"]

_CARDS = Path(__file__).parent / "cards"
# A card may come from anywhere, and must not ask for more memory than there is.
_MOST_ITEMS = 1024
# Of what has no address.
_GRAPH_ORIGIN = "its network, by rmpe export with --graph"
# What divides or multiplies in float32 must neither vanish nor make infinity of ordinary values.
_LEAST = 1e-9


def known_cards() -> dict[str, DetectorCard | PoseCard]:
    """Read the cards of this package and of those that add some, by name in alphabetical order.

    Examples
    --------
    >>> known_cards()["simplepose_coco17"].skeleton.name
    'coco_17'
    """
    return {name: _read_named(path) for name, path in _card_paths().items()}


def _card_paths() -> dict[str, Path]:
    own = {path.stem: path for path in _CARDS.glob("*.toml")}
    return dict(sorted((added_cards() | own).items()))


def _read_named(path: Path, beside: Path | None = None) -> DetectorCard | PoseCard:
    return _read_card(path, Source(path.parent, named=True, beside=beside))


def load_card(name_or_path: str | os.PathLike[str]) -> DetectorCard | PoseCard:
    """Read one model card.

    Parameters
    ----------
    name_or_path : str or path
        A name of `known_cards`; the path or the address (``https://...`` or
        ``hf:owner/repository[@revision]/file``) of a ``.toml`` file, whose model files are then
        looked for beside it first; or those of a network's file of which a card is known, by its
        name or its SHA-256, or that has one beside it, ``net.toml`` for ``net.onnx``.

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
    text = path_text("name_or_path", name_or_path)
    if is_address(text):
        return _load_from_address(text)
    own = own_card(text)
    if own is not None:
        return _read_card(own, Source(own.parent))
    path = Path(text)
    if path.suffix.lower() in NETWORK_FILES:
        known = card_of_file(known_cards().values(), path)
        card = _read_named(_card_paths()[known.name], beside=path.parent)
        return replace(card, network=replace(card.network, name=path.name, folder=path.parent))
    paths = _card_paths()
    if text not in paths:
        raise ModelError(_not_known(text, list(paths)))
    return _read_named(paths[text])


def own_card(text: str) -> Path | None:
    """Return the path of the card that a user's own path leads to; None for names and addresses.

    Examples
    --------
    >>> own_card("cards/mine.toml").name, own_card("ssd_mobilenet_v1_coco")
    ('mine.toml', None)
    """
    if is_address(text):
        return None
    path = Path(text)
    if path.suffix.lower() == ".toml":
        return path
    if path.suffix.lower() in NETWORK_FILES:
        beside = path.with_suffix(".toml")
        if os.path.isfile(beside):  # No error where the name is too long.
            return beside
    return None


def _not_known(text: str, names: list[str]) -> str:
    """Say what a model may be, and what may have been meant."""
    what = describe_file(text)
    if what is not None or Path(text).name != text or Path(text).suffix:
        got = show(text) if what is None else f"{show(text)}, which is {what}"
        return (
            f"a model that is given by its file must be a card, .toml, or a network in "
            f"{', '.join(NETWORK_FILES)}, got {got}"
        )
    close = difflib.get_close_matches(text, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return (
        f"model must be one of {listed(names)}, which `rmpe models` lists, or the path or address "
        f"of a .toml card or of a network's file, got {show(text)}{hint}"
    )


def _load_from_address(address: str) -> DetectorCard | PoseCard:
    if not is_safe_address(address):
        raise ModelError(f"the address of a model must be {ADDRESS_RULE}, got {show(address)}")
    name = last_name(address)
    if Path(name).suffix.lower() == ".toml":
        path = fetch_card(address)
        return _read_card(path, Source(path.parent, address))
    return card_of_address(known_cards().values(), address)


def _read_card(path: Path, source: Source) -> DetectorCard | PoseCard:
    table = read_toml(path)
    kind = table.choice("kind", ("detector", "pose"))
    read = _read_detector if kind == "detector" else _read_pose
    card = read(table, source)
    table.finish()
    return card


def _read_common(table: Table, task: str, source: Source) -> dict[str, Any]:
    """The fields of every kind of card."""
    origin = table.text("origin")
    runtime = table.choice("runtime", RUNTIMES)
    architecture, parameters = "", {}
    if runtime == "pytorch":
        architecture = table.choice("architecture", architecture_names(task))
        parameters = _read_parameters(table, architecture)
    return {
        "name": table.path.stem,
        "title": table.text("title"),
        "license": table.text("license"),
        "origin": origin,
        "accuracy": table.text("accuracy") if "accuracy" in table else "",
        "runtime": runtime,
        "architecture": architecture,
        "parameters": tuple(parameters.items()),
        "network": read_file(table.table("network"), origin, source),
        "batch_size": table.integer("batch_size", 1, _MOST_ITEMS),
        "input": _read_input(table.table("input"), runtime == "onnx", architecture),
        "graph": read_file(table.table("graph"), _GRAPH_ORIGIN, source)
        if runtime == "pytorch" and "graph" in table
        else None,
    }


def _read_parameters(table: Table, architecture: str) -> dict[str, int]:
    """The numbers of an architecture, in a table of its name where there are any."""
    row = find_architecture(architecture)
    if not row.parameters:
        return {}
    numbers = table.table(architecture)
    given = {name: most for name, most in row.optional.items() if name in numbers}
    return {name: numbers.integer(name, 1, most) for name, most in (row.parameters | given).items()}


def _read_detector(table: Table, source: Source) -> DetectorCard:
    common = _read_common(table, "detector", source)
    kind = table.choice("detector", detector_names()) if "detector" in table else "ssd"
    return DetectorCard(
        **common,
        detector=detector_class(kind).read(
            table,
            named=common["runtime"] == "onnx",
            read_file=lambda file: read_file(file, common["origin"], source),
        ),
    )


def _read_pose(table: Table, source: Source) -> PoseCard:
    common = _read_common(table, "pose", source)
    skeleton = SKELETONS[table.choice("skeleton", SKELETONS)]
    name, crop = table.choice("head", head_names()), table.table("crop")
    size = common["input"].size
    head = head_class(name).read(table.table(name), named=common["runtime"] == "onnx", size=size)
    try:
        head.output_shapes(len(skeleton), size)
    except ModelError as error:
        raise ModelError(f"{table.path}: {error}") from None
    return PoseCard(
        **common,
        skeleton=skeleton,
        crop=crop.choice("convention", CONVENTIONS),
        padding=crop.number("padding", PADDING_RULE, lambda value: -1 < value < 1),
        head=head,
        drawn_score=table.number("drawn_score", "a number in 0..1", is_fraction)
        if "drawn_score" in table
        else None,
        transformer=_read_transformer(table.table("transformer"), common["origin"], source)
        if "transformer" in table
        else None,
    )


def _read_transformer(table: Table, origin: str, source: Source) -> TransformerCard:
    architecture = table.choice("architecture", architecture_names("localization"))
    parameters = _read_parameters(table, architecture)
    return TransformerCard(
        architecture=architecture,
        parameters=tuple(parameters.items()),
        network=read_file(table.table("network"), origin, source),
        size=_read_size(table, architecture),
        limits=Limits(
            kind=table.choice("limits", LIMITS),
            shift=table.number("shift", "a fraction of a side, 0 to 10", lambda v: 0 <= v <= 10),
            zoom=table.number("zoom", "a factor, 1 to 100", lambda v: 1 <= v <= 100),
            angle=table.number("angle", "degrees, 0 to 180", lambda v: 0 <= v <= 180),
        ),
    )


def _is_positive(value: float) -> bool:
    return value >= _LEAST


def _read_size(table: Table, architecture: str) -> tuple[int, int]:
    size = table.take(
        "size",
        f"[height, width], whole numbers, 1 to {LONGEST_SIDE}",
        lambda value: (
            isinstance(value, list)
            and len(value) == 2
            and all(is_integer(side, 1, LONGEST_SIDE) for side in value)
        ),
    )
    if architecture:
        _check_size(table, size, architecture)
    return size[0], size[1]


def _check_size(table: Table, size: list[int], architecture: str) -> None:
    """Refuse here, before anything is downloaded, what the architecture would refuse."""
    row = find_architecture(architecture)
    fitting = [_next_side(side, row.divisor, row.smallest) for side in size]
    if fitting != size:
        raise ModelError(
            f"{table.path}: {table.name}size must be {row.size_rule} for {architecture}, got "
            f"{size}; write what the weights were trained for, or the next size, {fitting}"
        )


def _next_side(side: int, divisor: int, smallest: int) -> int:
    """A side that is one already, or the next larger, or the largest that a card may have."""
    side = -(-max(side, smallest) // divisor) * divisor
    return min(side, LONGEST_SIDE // divisor * divisor)


def _read_input(table: Table, named: bool, architecture: str) -> InputSpec:
    return InputSpec(
        name=table.text("name") if named else "",
        size=_read_size(table, architecture),
        channels=table.choice("channels", ("rgb", "bgr")),
        scale=table.number("scale", f"a number, at least {_LEAST}", _is_positive),
        mean=table.numbers("mean", 3),
        std=table.numbers("std", 3, f", at least {_LEAST}", _is_positive),
        layout=table.choice("layout", ("nchw", "nhwc")) if named and "layout" in table else "nchw",
    )
