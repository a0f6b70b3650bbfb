"""Cards that are named by something else than their name: an address, or the network's file."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from ..errors import ModelError
from ..networks.file_kinds import describe_file
from ..terminal import printable
from ..toml_table import show
from .addresses import HubFile, last_name, to_url
from .card import Card
from .digests import digest_of
from .places import cache_folder, offline_variable
from .transfer import DiskError, receive

__all__ = ["NETWORK_FILES", "card_of_address", "card_of_file", "fetch_card"]

NETWORK_FILES = (".onnx", ".pth", ".pt", ".tar", ".safetensors")
_MOST_CARD_BYTES = 64 << 10

_AnyCard = TypeVar("_AnyCard", bound=Card)


def card_of_address(cards: Iterable[_AnyCard], address: str) -> _AnyCard:
    """Find the card whose network comes from an address, or has a file of the name there.

    An archive that a card names is known by its name, too, wherever a copy of it lies.

    Raises
    ------
    rmpe.ModelError
        Where there is none.
    """
    cards, name, source = list(cards), last_name(address), _source(address)
    packed = name.lower().endswith(".zip")
    for card in cards:
        urls = card.network.urls
        if source in map(_source, urls) or (packed and name in map(last_name, urls)):
            return card
    for card in cards:
        if card.network.name == name:
            return card
    if Path(name).suffix not in (*NETWORK_FILES, ".zip"):
        raise ModelError(
            f"the address of a model must end in .toml, or as a network's file in "
            f"{', '.join(NETWORK_FILES)}, got {show(address)}"
        )
    file = "the ONNX file in it" if packed else name
    raise ModelError(
        f"no card is known for the network {address}, and a card says how it is used: download "
        f"{to_url(address)}, begin a card for {file} with rmpe models new-card, complete that, and "
        f"give its path in place of the address, as --detector CARD.toml or --pose CARD.toml"
    )


def _source(address: str) -> tuple[str, str]:
    """What an address is of, in whatever revision."""
    found = HubFile.parse(address)
    return ("", address) if found is None else (found.repository, found.file)


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
    for card in cards:
        if card.network.name == path.name:
            return card
    what = describe_file(path)
    if what is not None:
        raise ModelError(f"{path} is {what}")
    raise ModelError(
        f"no card is known for a network's file {path.name}, and a card says how it is used: write "
        f"one, {path.stem}.toml beside it (rmpe models new-card makes a beginning)"
    )


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
