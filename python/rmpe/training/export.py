"""Weights for use: a float16 file and the model card that goes with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from .checkpoint import write_atomically

__all__ = ["write_model"]


def write_model(
    folder: Path, name: str, network: nn.Module, card_text: Callable[[str, str], str]
) -> Path:
    """Write ``NAME.safetensors`` and ``NAME.toml``.

    Parameters
    ----------
    folder : Path
    name : str
    network : nn.Module
    card_text : callable
        The text of the card, from the name and the SHA-256 of the file of the weights.

    Returns
    -------
    Path
        Of the card.

    Raises
    ------
    OSError
        Where the folder cannot be written to; the files of before stay.
    """
    weights, card = folder / f"{name}.safetensors", folder / f"{name}.toml"
    values = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    write_atomically(weights, lambda partial: save_file(values, partial))
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = card_text(weights.name, digest)
    write_atomically(card, lambda partial: partial.write_text(text))
    return card
