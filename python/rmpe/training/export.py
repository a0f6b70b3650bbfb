"""Weights for use: float16 files and the model card that goes with them.

A file of weights has a part of its own hash in its name, so that new weights never take the place
of those that a card names. The card is renamed last. So the card that is there goes with the
weights that are there, whenever a run ends. Weights that it does not name are then removed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from ..errors import ModelError
from ..output_file import write_atomically

__all__ = ["WeightsFile", "write_model"]

# Digits of the hash in a name.
_DIGITS = 16
_LARGEST = torch.finfo(torch.float16).max


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights, as a card names it.

    Attributes
    ----------
    name : str
    sha256 : str
        All 64 digits.
    """

    name: str
    sha256: str


def write_model(
    folder: Path,
    name: str,
    networks: Mapping[str, nn.Module],
    card_text: Callable[[Mapping[str, WeightsFile]], str],
) -> Path:
    """Write ``NAME-PART-HASH.safetensors`` of each network, then ``NAME.toml``.

    Parameters
    ----------
    folder : Path
    name : str
        Letters, digits and underscores.
    networks : mapping of str to nn.Module
        By what part of the model they are.
    card_text : callable
        The text of the card, from the files of the parts.

    Returns
    -------
    Path
        Of the card.

    Raises
    ------
    OSError
        Where the folder cannot be written to; the model of before stays, whole.
    ModelError
        Where a weight is not finite in float16; likewise.
    """
    card = folder / f"{name}.toml"
    try:
        files = {
            part: _write_weights(folder, f"{name}-{part}", network)
            for part, network in networks.items()
        }
        text = card_text(files)
        write_atomically(card, lambda file: file.write(text.encode()))
    finally:
        # What stays is taken away after the next model; it must not cost this one.
        with suppress(OSError):
            _remove_unnamed(card)
    return card


def _write_weights(folder: Path, name: str, network: nn.Module) -> WeightsFile:
    values = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    for key, value in values.items():
        if not value.isfinite().all():
            raise ModelError(
                f"the weight {key} must be finite in float16, up to {_LARGEST:g} in amount; more "
                "weight decay or a lower learning rate keeps it small"
            )
    content = save(values)
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"{name}-{digest[:_DIGITS]}.safetensors"
    write_atomically(path, lambda file: file.write(content))
    return WeightsFile(path.name, digest)


def _remove_unnamed(card: Path) -> None:
    """Remove what `write_model` has written beside a card that does not name it."""
    pattern = rf"\.?{card.stem}-\w+-[0-9a-f]{{{_DIGITS}}}\.safetensors(\.partial)?"
    named = card.read_bytes() if card.is_file() else b""
    for path in card.parent.iterdir():
        if re.fullmatch(pattern, path.name) and f'"{path.name}"'.encode() not in named:
            path.unlink()
