"""``rmpe models``: the networks that are known, and whether their files are here."""

from __future__ import annotations

import argparse
import difflib
import json
from typing import TYPE_CHECKING, Any

from ..terminal import printable
from . import CommandError

if TYPE_CHECKING:
    from ..models.card import DetectorCard, PoseCard

SUMMARY = "list the networks, and whether their files are here"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = """\
List the networks that --detector and --pose know by name: what they do, their license,
and where their files are, or where they come from. Files with a URL are downloaded to
~/.cache/rmpe/models when they are first used, unless RMPE_OFFLINE=1 is set.

examples:
  rmpe models
  rmpe models --models networks/ --json"""
    parser.add_argument(
        "--models",
        metavar="DIR",
        help="folder of network files (default: $RMPE_MODELS, then ~/.cache/rmpe/models)",
    )
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    from ..models.read import known_cards

    rows = [_describe(card, arguments.models) for card in known_cards().values()]
    lines = [json.dumps(rows, indent=2)] if arguments.json else map(printable, _table(rows))
    print("\n".join(lines))
    return 0


def find_card(name: str, task: str) -> DetectorCard | PoseCard:
    """Read the card that `name` stands for, one for `task`: ``"detector"`` or ``"pose"``.

    Raises
    ------
    CommandError
        There is none; the message lists those there are, and what may have been meant.
    """
    from ..errors import ModelError
    from ..models.read import known_cards, load_card

    fitting = [known for known, card in known_cards().items() if _task(card) == task]
    advice = f"choose one of {', '.join(fitting)}, or give the path of a .toml card"
    if not name.endswith(".toml") and name not in known_cards():
        close = difflib.get_close_matches(name, fitting, n=1)
        hint = f"did you mean {close[0]}? Else " if close else ""
        raise CommandError(f"--{task} {name} is not known: {hint}{advice}")
    try:
        card = load_card(name)
    except ModelError as error:
        raise CommandError(f"--{task}: {error}") from None
    if _task(card) != task:
        raise CommandError(f"--{task} {name} is a card for --{_task(card)}: {advice}")
    return card


def _task(card: DetectorCard | PoseCard) -> str:
    from ..models.card import PoseCard

    return "pose" if isinstance(card, PoseCard) else "detector"


def _describe(card: DetectorCard | PoseCard, models_dir: str | None) -> dict[str, Any]:
    from ..errors import ModelError
    from ..models.card import PoseCard
    from ..models.store import find, locate

    row = {
        "name": card.name,
        "title": card.title,
        "task": _task(card),
        "skeleton": card.skeleton.name if isinstance(card, PoseCard) else None,
        "input": list(card.input.size),
        "license": card.license,
        "accuracy": card.accuracy or None,
        "files": [file.name for file in card.files],
        "origin": card.network.origin,
        "url": card.network.url,
    }
    try:
        paths = [str(locate(file, models_dir)) for file in card.files]
    except ModelError as error:
        missing = [file for file in card.files if find(file, models_dir) is None]
        if not missing:
            status = "damaged"
        elif all(file.url for file in missing):
            status = "downloaded when used"
        else:
            status = "missing"
        return row | {"present": False, "paths": [], "status": status, "problem": str(error)}
    return row | {"present": True, "paths": paths, "status": "here", "problem": None}


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = [("NAME", "TASK", "SKELETON", "INPUT", "FILES")]
    for row in rows:
        height, width = row["input"]
        columns.append(
            (
                row["name"],
                row["task"],
                row["skeleton"] or "-",
                f"{height}x{width}",
                row["paths"][0] if row["present"] else row["status"],
            )
        )
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in columns
    ]
    lines.append("")
    for row in rows:
        lines.append(f"{row['name']}: {row['title']}")
        lines.append(f"  license: {row['license']}")
        if row["accuracy"]:
            lines.append(f"  accuracy, as stated there: {row['accuracy']}")
        lines.append(f"  from: {row['url'] or row['origin']}")
        if row["status"] == "damaged":
            lines.append(f"  {row['problem']}")
    return lines
