"""``rmpe models verify``: whether the files that are here are the right ones."""

from __future__ import annotations

import argparse

from ..terminal import printable
from ._cards import find_cards, table_of
from ._messages import say

SUMMARY = "compare the files that are here with their SHA-256"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from .models import add_folder

    parser.description = """\
Compare each file that is here with its SHA-256: that of the card, and where it states none
or only its beginning, that of the first download.

example:
  rmpe models verify

exit status: 0 all that are here are right; 1 one is damaged, or one that was named is
missing."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="of networks (default: all that are known)"
    )
    add_folder(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each file."""
    from ..errors import ModelError
    from ..models.digests import read_record
    from ..models.read import known_cards
    from ..models.store import find, locate

    cards = find_cards(arguments.names) if arguments.names else list(known_cards().values())
    status, lines, problems = 0, [("NETWORK", "FILE", "SHA-256")], []
    for card in cards:
        for file in card.files:
            path = find(file, arguments.models)
            if path is None and not arguments.names:
                continue
            try:
                path = locate(file, arguments.models)
            except ModelError as error:
                state = "missing" if path is None else "wrong"
                lines.append((card.name, str(path or file.name), state))
                problems.append(str(error))
                status = 1
                continue
            known = file.sha256 or read_record(path)
            lines.append((card.name, str(path), "right" if known else "not known"))
    print("\n".join(map(printable, table_of(lines))))
    for problem in problems:
        say(f"{arguments.prog}: {problem}")
    return status
