"""``rmpe models new-card``: the beginning of a card for a network of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..terminal import printable
from . import CommandError

SUMMARY = "write the beginning of a card for a network of your own"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = """\
Look into a network's file and write a card with what it shows: sizes, outputs, layout,
number of keypoints. What a person has to say stands in it as comments that begin with
"# say:"; until then the card is refused. Then: rmpe models check CARD --image PHOTO.

example:
  rmpe models new-card my-network.onnx"""
    parser.add_argument(
        "file", type=Path, help="ONNX file, or weights: .pth, .pt, .safetensors, .pb"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="CARD",
        help="the card (default: FILE with the suffix .toml); in another folder, the "
        "network's file must be copied beside it, or its folder be named with --models",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the card, and print what is left to say."""
    from ..errors import ModelError
    from ..models.draft import SAY, draft_card

    if not arguments.file.name:
        raise CommandError(f"the network must be a file, got {arguments.file}")
    card = arguments.out or arguments.file.with_suffix(".toml")
    if card.suffix != ".toml":
        raise CommandError(f"--out must end in .toml, got {card}")
    try:
        text = draft_card(arguments.file)
        with card.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except ModelError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"cannot write {card}: {error.strerror}") from None
    print(printable(f"{card} is written. To say in it:"))
    for line in text.splitlines():
        if line.startswith(SAY):
            print(printable(f"  {line.removeprefix(SAY)}"))
    if card.parent.resolve() != arguments.file.parent.resolve():
        print(
            printable(
                f"{arguments.file.name} must be copied beside it, or its folder be named with "
                "--models or RMPE_MODELS"
            )
        )
    return 0
