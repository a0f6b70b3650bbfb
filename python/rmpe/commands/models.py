"""``rmpe models``: the networks that are known, and whether their files are here."""

from __future__ import annotations

import argparse
import importlib
import json
from typing import Any

from ..terminal import printable
from ._cards import MODELS_HELP, PERMISSIVE, describe, table_of

SUMMARY = "list the networks, and whether their files are here; get, verify or compare them"

# Each is a module of `rmpe.commands`, models_NAME, in the order of the help.
ACTIONS = ("get", "show", "verify", "new-card", "check", "bench")


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = """\
List the networks that --detector and --pose know by name: what they do, their accuracy as
their source states it, their license, and where their files are, or where they come from.
Files with a URL are downloaded to $RMPE_HOME/models, or ~/.cache/rmpe/models, when they are
first used, unless RMPE_OFFLINE=1 is set.

examples:
  rmpe models
  rmpe models --licence permissive
  rmpe models get rtmpose_m_coco17 yolox_tiny_coco
  rmpe models --models networks/ --json"""
    add_folder(parser, default=None)
    add_json(parser, default=False)
    add_licence(parser, default="any")
    actions = parser.add_subparsers(metavar="ACTION", title="actions")
    for name in ACTIONS:
        module = importlib.import_module(f".models_{name.replace('-', '_')}", __package__)
        action = actions.add_parser(
            name, help=module.SUMMARY, formatter_class=parser.formatter_class
        )
        module.configure(action)
        action.set_defaults(run=module.run, prog=action.prog)


# An action takes these options, too, and without them leaves what stood before it: its own defaults
# would replace that.


def add_folder(parser: argparse.ArgumentParser, default: Any = argparse.SUPPRESS) -> None:
    """Add the folder of network files."""
    parser.add_argument("--models", metavar="DIR", default=default, help=MODELS_HELP)


def add_json(parser: argparse.ArgumentParser, default: Any = argparse.SUPPRESS) -> None:
    """Add the output for programs."""
    parser.add_argument(
        "--json", action="store_true", default=default, help="as JSON, for programs"
    )


def add_licence(parser: argparse.ArgumentParser, default: Any = argparse.SUPPRESS) -> None:
    """Add the choice among licenses."""
    parser.add_argument(
        "--licence",
        "--license",
        dest="licence",
        choices=("any", "permissive"),
        default=default,
        help="permissive: keep to licenses that allow commercial use: "
        + f"{', '.join(PERMISSIVE)} (default: any)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    from ..models.read import known_cards

    rows = [
        describe(card, arguments.models)
        for card in known_cards().values()
        if arguments.licence == "any" or card.license in PERMISSIVE
    ]
    lines = [json.dumps(rows, indent=2)] if arguments.json else map(printable, _table(rows))
    print("\n".join(lines))
    return 0


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = [("NAME", "TASK", "KEYPOINTS", "INPUT", "MB", "ACCURACY", "FILES")]
    for row in rows:
        height, width = row["input"]
        columns.append(
            (
                row["name"],
                f"{row['task']} (default)" if row["default"] else row["task"],
                row["skeleton"] or "-",
                f"{height}x{width}",
                "-" if row["bytes"] is None else f"{row['bytes'] / 1e6:.1f}",
                row["accuracy"] or "-",
                row["paths"][0] if row["present"] else row["status"],
            )
        )
    lines = [*table_of(columns), ""]
    for row in rows:
        lines.append(f"{row['name']}: {row['title']}")
        lines.append(f"  license: {row['license']}")
        lines.append(f"  from: {row['url'] or row['origin']}")
        if row["status"] == "damaged":
            lines.append(f"  {row['problem']}")
    return lines
