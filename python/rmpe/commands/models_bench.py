"""``rmpe models bench``: networks side by side."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..terminal import printable
from . import CommandError
from ._cards import find_cards
from ._runtime import add_runtime, chosen_options, resolve_runtime

SUMMARY = "measure networks: time, memory, and accuracy on a data set"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from .models import add_folder

    parser.description = """\
Measure networks one after the other, each in a process of its own, and print a table in
Markdown: milliseconds of an item, in batches as large as the card says; the size of its
files; by how much the process grew; and with --data COCO's AP: of boxes of people for
detectors, and of keypoints in annotated boxes for networks with the skeleton of the data set.
On a machine that does other work, times say little.

example:
  rmpe models bench small_hourglass_coco17 rtmpose_m_coco17 \\
      --data annotations.json --images images/"""
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="of networks, or paths or addresses of cards"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="COCO annotations of keypoints (default: no accuracy)",
    )
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="folder of the images of --data (default: none)"
    )
    add_folder(parser)
    add_runtime(parser)
    parser.set_defaults(models=None)


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print the table."""
    from ..datasets import load_dataset
    from ..errors import ModelError
    from ..inputs.images import ImageError
    from ..models.run_options import run_options
    from ..network_bench import measure_network, table_of

    if (arguments.data is None) != (arguments.images is None):
        raise CommandError("--data and --images must be given together")
    # A name that is wrong is told before the first is measured.
    cards = find_cards(arguments.names)
    device = resolve_runtime(arguments, cards)
    data = None if arguments.data is None else (arguments.data, arguments.images)
    rows = []
    try:
        if data is not None:  # So are data that cannot be read.
            load_dataset(*data)
        for name, card in zip(arguments.names, cards, strict=True):
            options = run_options(card, **chosen_options(arguments))
            rows.append(
                measure_network(name, arguments.models, device=device, data=data, options=options)
            )
    except (ModelError, ImageError, ValueError) as error:
        raise CommandError(str(error)) from None
    print("\n".join(map(printable, table_of(rows))))
    return 0
