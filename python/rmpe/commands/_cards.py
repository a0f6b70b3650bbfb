"""The cards that commands are given by name, and what is said of each."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..listing import listed
from . import CommandError

if TYPE_CHECKING:
    from ..models.card import DetectorCard, PoseCard

__all__ = [
    "MODELS_HELP",
    "PERMISSIVE",
    "describe",
    "find_card",
    "find_cards",
    "how_decoded",
    "least_score",
    "table_of",
]

MODELS_HELP = (
    "folder of network files (default: $RMPE_MODELS, then $RMPE_HOME/models or "
    "~/.cache/rmpe/models)"
)
# Licenses that allow commercial use and ask for little more than that they are passed on.
PERMISSIVE = ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "CC0-1.0", "Unlicense")


def find_card(name: str, task: str) -> DetectorCard | PoseCard:
    """Read the card that `name` stands for, one for `task`: ``"detector"`` or ``"pose"``.

    Raises
    ------
    CommandError
        There is none; the message lists those there are, and what may have been meant.
    """
    from ..errors import ModelError
    from ..models.read import known_cards, load_card

    fitting = [known for known, card in known_cards().items() if task_of(card) == task]
    advice = (
        f"choose one of {listed(fitting)}, which `rmpe models` lists, or give the path or address "
        "of a .toml card"
    )
    try:
        card = load_card(name)
    except ModelError as error:
        if str(error).startswith("model must be one of"):
            close = difflib.get_close_matches(name, fitting, n=1)
            hint = f"did you mean {close[0]}? Else " if close else ""
            raise CommandError(f"--{task} {name} is not known: {hint}{advice}") from None
        raise CommandError(f"--{task}: {error}") from None
    if task_of(card) != task:
        raise CommandError(f"--{task} {name} is a card for --{task_of(card)}: {advice}")
    return card


def find_cards(names: Iterable[str]) -> list[DetectorCard | PoseCard]:
    """Read the cards that names stand for, of any task.

    Raises
    ------
    CommandError
        One is not known, or wrong.
    """
    from ..errors import ModelError
    from ..models.read import load_card

    try:
        return [load_card(name) for name in names]
    except ModelError as error:
        raise CommandError(str(error)) from None


def task_of(card: DetectorCard | PoseCard) -> str:
    """Say what a card is for: ``"detector"`` or ``"pose"``."""
    from ..models.card import PoseCard

    return "pose" if isinstance(card, PoseCard) else "detector"


def least_score(detector: str, given: float | None) -> float:
    """Say from which score on a detection counts: the one given, or the detector's own."""
    if given is not None:
        return given
    return float(getattr(find_card(detector, "detector"), "detector").threshold)  # noqa: B009


def how_decoded(arguments: argparse.Namespace) -> str:
    """Say how outputs of the pose network become keypoints, by ``add_method``'s options.

    Networks that give no heatmaps have no convention.
    """
    head = getattr(find_card(arguments.pose, "pose"), "head")  # noqa: B009
    convention = arguments.convention or getattr(head, "convention", "none")
    flip = "on" if arguments.flip else "off"
    return f"decode convention {convention}, flip {flip}, stn {arguments.stn}"


def describe(card: DetectorCard | PoseCard, models_dir: str | None) -> dict[str, Any]:
    """Say what a card is, and whether its files are here."""
    from ..errors import ModelError
    from ..models import DEFAULT_DETECTOR, DEFAULT_POSE
    from ..models.addresses import to_url
    from ..models.card import PoseCard
    from ..models.places import offline_variable
    from ..models.store import find, locate

    urls = [to_url(address) for address in card.network.urls]
    row = {
        "name": card.name,
        "title": card.title,
        "task": task_of(card),
        "default": card.name in (DEFAULT_DETECTOR, DEFAULT_POSE),
        "skeleton": card.skeleton.name if isinstance(card, PoseCard) else None,
        "keypoints": len(card.skeleton) if isinstance(card, PoseCard) else None,
        "input": list(card.input.size),
        "license": card.license,
        "accuracy": card.accuracy or None,
        "files": [file.name for file in card.files],
        "bytes": card.network.size,
        "origin": card.network.origin,
        "url": urls[0] if urls else None,
        "mirrors": urls[1:],
        "sha256": card.network.sha256 or None,
    }
    try:
        paths = [locate(file, models_dir) for file in card.files]
    except ModelError as error:
        missing = [file for file in card.files if find(file, models_dir) is None]
        if not missing:
            status = "damaged"
        elif all(file.urls for file in missing):
            variable = offline_variable()
            status = "downloaded when used" if variable is None else f"not here, {variable} is set"
        else:
            status = "missing, no URL"
        return row | {"present": False, "paths": [], "status": status, "problem": str(error)}
    size = sum(path.stat().st_size for path in paths)
    here = {"present": True, "paths": [str(path) for path in paths], "status": "here"}
    return row | here | {"bytes": size, "problem": None}


def table_of(columns: Sequence[tuple[str, ...]]) -> list[str]:
    """Align the columns of a table, whose first line is its head."""
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in columns
    ]
