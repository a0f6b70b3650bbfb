"""Cards that are named by something else than their name: an address, or the network's file."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..digest import digest_of
from ..errors import ModelError
from ..networks.file_kinds import describe_file
from ..terminal import printable
from ..toml_table import show
from .addresses import HubFile, last_name, to_url
from .card import Card
from .places import cache_folder, offline_variable, shelf_of
from .transfer import DiskError, receive

__all__ = ["NETWORK_FILES", "card_of_address", "card_of_file", "fetch_card"]

NETWORK_FILES = (".onnx", ".pth", ".pt", ".tar", ".safetensors", ".pb")
_MOST_CARD_BYTES = 64 << 10

_AnyCard = TypeVar("_AnyCard", bound=Card)


def card_of_address(cards: Iterable[_AnyCard], address: str) -> _AnyCard:
    """Find the card of the network at an address, and let it come from there.

    That is one of a card's own addresses, or another revision of it, which keeps to a folder of its
    own. At any other address, a file (or an archive) of a card's name is taken if the card has the
    whole SHA-256 to compare it with.

    Raises
    ------
    rmpe.ModelError
        Where there is none.
    """
    cards, name = list(cards), last_name(address)
    packed = name.lower().endswith(".zip")
    for card in cards:
        if to_url(address) in map(to_url, card.network.urls):
            return _from(card, address, *card.network.urls)
    hub = HubFile.parse(address)
    for card in cards:
        if hub is not None and any(map(hub.is_revision_of, card.network.urls)):
            pinned = replace(card.network, shelf=shelf_of("networks", address), pinned=True)
            return _from(replace(card, network=pinned), address)
    named = [
        card
        for card in cards
        if card.network.name == name or (packed and name in map(last_name, card.network.urls))
    ]
    for card in named:
        if len(card.network.sha256) == 64:
            return _from(card, address, *card.network.urls)
    if Path(name).suffix.lower() not in (*NETWORK_FILES, ".zip"):
        raise ModelError(
            f"the address of a model must end in .toml, or as a network's file in "
            f"{', '.join(NETWORK_FILES)}, got {show(address)}"
        )
    raise ModelError(_not_known(address, named))


def _from(card: _AnyCard, *addresses: str) -> _AnyCard:
    """Return a card whose network comes from these addresses."""
    urls = tuple(dict.fromkeys(addresses))
    return replace(card, network=replace(card.network, urls=urls))


def _not_known(address: str, named: Sequence[Card]) -> str:
    """Say that no card is known for an address, and how to have one."""
    if named:
        card = named[0]
        said = (
            f"the network {address} has the file name of {card.name}, whose whole SHA-256 is not "
            f"known, so that nothing tells whether it is the same: give the name {card.name} in "
            "place of the address, or, if you want this file"
        )
    else:
        said = f"no card is known for the network {address}, and a card says how it is used"
    get = f"download {to_url(address)}"
    if (variable := offline_variable()) is not None:
        get = f"{get} ({variable} is set, so that nothing is downloaded here)"
    name = last_name(address)
    file = "the ONNX file in it" if name.lower().endswith(".zip") else name
    return (
        f"{said}: {get}, begin a card for {file} with rmpe models new-card, complete that, and "
        "give its path in place of the address, as --detector CARD.toml or --pose CARD.toml"
    )


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
    path = cache / shelf_of("cards", address) / name
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
