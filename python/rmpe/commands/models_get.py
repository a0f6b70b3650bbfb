"""``rmpe models get``: download networks before they are used."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..terminal import printable
from . import CommandError
from ._cards import PERMISSIVE, find_cards
from ._messages import say

if TYPE_CHECKING:
    from ..models.card import DetectorCard, ModelFile, PoseCard

SUMMARY = "download networks now"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from .models import add_folder, add_licence

    parser.description = """\
Download the files of networks, unless they are here, and print where they are. What was
begun and broke off is taken up again. A file that is here and damaged is not replaced:
remove it first.

examples:
  rmpe models get rtmpose_m_coco17 yolox_tiny_coco
  rmpe models get --all --licence permissive

exit status: 0 all are here; 1 some could not be had."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="as rmpe models lists them; or the path or address of a card (https://... or "
        "hf:owner/repository[@revision]/file.toml)",
    )
    parser.add_argument("--all", action="store_true", help="all that have a URL")
    add_folder(parser)
    add_licence(parser)


def run(arguments: argparse.Namespace) -> int:
    """Download, one after the other."""
    from ..errors import ModelError
    from ..models.addresses import to_url
    from ..models.places import offline_variable
    from ..models.read import known_cards
    from ..models.store import how_to_place, obtain

    if bool(arguments.names) == arguments.all:
        raise CommandError("give the NAMEs of networks, or --all")
    cards = (
        [card for card in known_cards().values() if all(file.urls for file in card.files)]
        if arguments.all
        else find_cards(arguments.names)
    )
    if arguments.licence == "permissive":
        refused = [card for card in cards if card.license not in PERMISSIVE]
        if not arguments.all and refused:
            raise CommandError(
                f"the license of {refused[0].name} is {refused[0].license}, which is not among "
                + ", ".join(PERMISSIVE)
            )
        cards = [card for card in cards if card not in refused]
    if (variable := offline_variable()) is not None:
        say(f"{arguments.prog}: {variable} is set, so that nothing is downloaded")
    missing = _missing(cards, arguments.models) if variable is not None else []
    if len(missing) > 1:  # What to do is the same for all of them, and said once.
        say(f"{arguments.prog}: {how_to_place()}")
        for name, file in missing:
            say(f"  {name}: {file.name} from {to_url(file.urls[0])}")
    said = [file for _, file in missing] if len(missing) > 1 else []
    status = 1 if missing else 0
    for card in cards:
        for file in card.files:
            if file in said:
                continue
            try:
                print(printable(str(obtain(file, arguments.models))), flush=True)
            except ModelError as error:
                say(f"{arguments.prog}: {card.name}: {error}")
                status = 1
    return status


def _missing(
    cards: Sequence[DetectorCard | PoseCard], models_dir: str | None
) -> list[tuple[str, ModelFile]]:
    """Find what would be downloaded to the same folder, and the name of the network of each."""
    from ..models.store import find

    return [
        (card.name, file)
        for card in cards
        for file in card.files
        if file.urls and not file.shelf and find(file, models_dir) is None
    ]
