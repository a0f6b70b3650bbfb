"""``rmpe models show``: all that is known of a network."""

from __future__ import annotations

import argparse
import json

from ..terminal import printable
from ._cards import describe, find_cards

SUMMARY = "say all that is known of a network"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from .models import add_folder, add_json

    parser.description = """\
Print what the card of a network says, and where its files are.

example:
  rmpe models show small_hourglass_coco17"""
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="of a network, or the path or address of a card"
    )
    add_folder(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print it, a line for each thing."""
    rows = [describe(card, arguments.models) for card in find_cards(arguments.names)]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    for number, row in enumerate(rows):
        if number:
            print()
        width = max(map(len, row))
        for key, value in row.items():
            if isinstance(value, list):
                value = ", ".join(map(str, value))
            if value not in (None, ""):
                print(printable(f"{key:<{width}}  {value}"))
    return 0
