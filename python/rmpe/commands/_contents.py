"""What the files hold that options lead to: a run goes on only where that is the same, too."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ._cards import find_card

__all__ = ["contents_of_file", "contents_of_networks"]


def contents_of_networks(arguments: argparse.Namespace, dashes: str = "") -> dict[str, str]:
    """Tell what the cards of ``--detector`` and ``--pose`` hold, and the networks' files.

    Only what can change: a card that is given by its name is of the package. A file is not read
    where its card states its SHA-256, as no other is loaded. What is not here, or cannot be read,
    is left out: the networks are not loaded either then.

    Parameters
    ----------
    arguments
        With `rmpe.commands._options.add_networks`.
    dashes : str
        What comes before the options' names.

    Returns
    -------
    dict
        Settings, named by `rmpe.outputs.settings.content_of`.

    Raises
    ------
    CommandError
        There is no such card.
    """
    from ..digest import digest_of
    from ..errors import ModelError
    from ..models.read import own_card
    from ..models.store import locate
    from ..outputs.settings import content_of

    found: dict[str, str] = {}
    for option in ("detector", "pose"):
        name = getattr(arguments, option)
        card = find_card(name, option)
        found |= contents_of_file(f"{dashes}{option}", own_card(name), "card")
        try:
            told = [
                _told(file.name, file.sha256 or digest_of(locate(file, arguments.models)))
                for file in card.files
            ]
        except (ModelError, OSError):
            continue
        found[content_of(f"{dashes}{option}", "network")] = " and ".join(told)
    return found


def contents_of_file(
    option: str, path: str | os.PathLike[str] | None, part: str = "file"
) -> dict[str, str]:
    """Tell what the file of an option holds, likewise; nothing where there is none."""
    from ..digest import digest_of
    from ..outputs.settings import content_of

    if path is None:
        return {}
    try:
        digest = digest_of(Path(path))
    except (OSError, ValueError):  # Its path holds a NUL.
        return {}
    return {content_of(option, part): _told(Path(path).name, digest)}


def _told(name: str, digest: str) -> str:
    return f"{name} with SHA-256 {digest}"
