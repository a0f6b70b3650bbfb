"""Cards that are named by something else than their name: an address, or the network's file."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from ..errors import ModelError
from ..terminal import printable
from .addresses import last_name, to_url
from .card import Card
from .digests import digest_of
from .places import cache_folder, offline_variable
from .transfer import DiskError, receive

__all__ = ["NETWORK_FILES", "card_of_file", "card_of_name", "fetch_card"]

NETWORK_FILES = (".onnx", ".pth", ".pt", ".tar", ".safetensors")
_MOST_CARD_BYTES = 64 << 10

_AnyCard = TypeVar("_AnyCard", bound=Card)


def card_of_name(cards: Iterable[_AnyCard], name: str) -> _AnyCard:
    """Find the card whose network has a file of this name.

    Raises
    ------
    rmpe.ModelError
        Where there is none.
    """
    found = [card for card in cards if card.network.name == name]
    if not found:
        raise ModelError(
            f"no card is known for a network's file {name}, and a card says how it is used: write "
            f"one, {Path(name).stem}.toml beside it (rmpe models new-card makes a beginning)"
        )
    return found[0]


def card_of_file(cards: Iterable[_AnyCard], path: Path) -> _AnyCard:
    """Find the card of a network's file, by the file's SHA-256, else by its name.

    Raises
    ------
    rmpe.ModelError
        Where there is none, or the file cannot be read.
    """
    cards = list(cards)
    try:
        digest = digest_of(path)
    except OSError as error:
        raise ModelError(f"cannot read the network {path}: {error.strerror}") from None
    known = [card for card in cards if card.network.sha256]
    for card in known:
        if digest.startswith(card.network.sha256):
            return card
    return card_of_name(cards, path.name)


def fetch_card(address: str) -> Path:
    """Download the card at an address, once.

    Parameters
    ----------
    address : str
        One that `rmpe.models.addresses.is_safe_address`.

    Raises
    ------
    rmpe.ModelError
        Where it cannot be had.
    """
    cache, url, name = cache_folder(), to_url(address), last_name(address)
    if cache is None:
        raise ModelError(f"cannot download {url}: set RMPE_HOME to a folder for what is downloaded")
    path = cache / "cards" / hashlib.sha256(address.encode()).hexdigest()[:16] / name
    if os.path.isfile(path):  # Unlike Path.is_file, it takes names that are too long.
        return path
    if (variable := offline_variable()) is not None:
        raise ModelError(
            f"{variable} forbids to download the card {url}: put it into a folder, with the files "
            "that it names, and give its path"
        )
    part = path.with_name(f"{name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        receive(url, part, name, _MOST_CARD_BYTES)
        part.replace(path)
    except (OSError, DiskError, http.client.HTTPException, ValueError) as error:
        raise ModelError(
            f"cannot download the card {url}: {printable(getattr(error, 'reason', None) or error)}"
        ) from None
    return path
