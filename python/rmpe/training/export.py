"""Weights for use: a float16 file and the model card that goes with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import save
from torch import nn

from ..output_file import write_atomically

__all__ = ["write_model", "write_weights"]


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
    text = card_text(*write_weights(folder, name, network))
    card = folder / f"{name}.toml"
    write_atomically(card, lambda file: file.write(text.encode()))
    return card


def write_weights(folder: Path, name: str, network: nn.Module) -> tuple[str, str]:
    """Write ``NAME.safetensors``; the name of the file, and its SHA-256.

    Raises
    ------
    OSError
        As `write_model`.
    """
    path = folder / f"{name}.safetensors"
    values = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    content = save(values)
    write_atomically(path, lambda file: file.write(content))
    return path.name, hashlib.sha256(content).hexdigest()
