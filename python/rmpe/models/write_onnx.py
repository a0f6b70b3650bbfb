"""A module as an ONNX file, and how far what that gives is from what PyTorch gives."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import nn

from ..detectors.ssd import SSD, check_ssd_outputs
from ..errors import ModelError
from ..networks.network import as_tuple, check_shapes
from .card import Card, DetectorCard, PoseCard
from .graph import INPUT
from .read import load_card

__all__ = ["find_difference", "noise", "pytorch_card", "run_pytorch", "write_onnx"]

_OPSET = 17
# Of the largest value of an output: what two orders of the same additions in float32 may differ by.
_TOLERANCE = 1e-3


def pytorch_card(name_or_path: str | os.PathLike[str]) -> Card:
    """Read the card of a network that can be written as ONNX.

    Raises
    ------
    rmpe.ModelError
        Where there is no such card, or the network is an ONNX file already.
    """
    card = load_card(name_or_path)
    if card.runtime != "pytorch":
        raise ModelError(f"model {card.name} is an ONNX file already: {card.network.name}")
    return card


def noise(size: tuple[int, int]) -> torch.Tensor:
    """Make three inputs of a height and width, on which both are compared."""
    return torch.randn(3, 3, *size, generator=torch.Generator().manual_seed(0))


def run_pytorch(card: Card, module: nn.Module, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Run a card's network, whose outputs must be those that the card says.

    Raises
    ------
    rmpe.ModelError
        Where it does not run, or gives something else: nobody could use what is written then.
    """
    try:
        with torch.no_grad():
            outputs = as_tuple(module.eval()(batch))
    except (RuntimeError, ValueError) as error:
        height, width = card.input.size
        raise ModelError(
            f"model {card.name} does not run on an input of {height}x{width}: {error}"
        ) from error
    shapes = [tuple(output.shape[1:]) for output in outputs]
    source = f"model {card.name}"
    if isinstance(card, PoseCard):
        check_shapes(source, shapes, card.head.output_shapes(len(card.skeleton), card.input.size))
    elif isinstance(card, DetectorCard) and isinstance(card.detector, SSD):
        check_ssd_outputs(source, card.detector, shapes, outputs[0].shape[1])
    return outputs


def write_onnx(module: nn.Module, names: Sequence[str], size: tuple[int, int], model: str) -> bytes:
    """Write a module as ONNX, whose input is `INPUT`, and whose outputs have these names.

    Raises
    ------
    rmpe.ModelError
        Where it cannot be written.
    """
    module = module.eval()
    with (
        torch.no_grad(),
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
    ):
        warnings.simplefilter("ignore")  # The exporter warns of itself.
        path = Path(folder) / "network.onnx"
        try:
            torch.onnx.export(
                module,
                (torch.zeros(2, 3, *size),),
                path,
                input_names=[INPUT],
                output_names=list(names),
                dynamic_axes={name: {0: "N"} for name in (INPUT, *names)},
                opset_version=_OPSET,
                dynamo=False,
            )
        except ModuleNotFoundError:
            raise
        except Exception as error:  # The exporter raises anything.
            raise ModelError(f"model {model} cannot be written as ONNX: {error}") from error
        return path.read_bytes()


def find_difference(model: str, pairs: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Find the largest difference between outputs and PyTorch's, as a part of the largest value.

    Raises
    ------
    rmpe.ModelError
        Where it is more than rounding.
    """
    differences = [
        (ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-12) for ours, theirs in pairs
    ]
    difference = float(torch.stack(differences).max())  # NaN, if one is.
    if not difference <= _TOLERANCE:
        raise ModelError(
            f"model {model} gives something else as ONNX: outputs differ by {difference:.1e} "
            f"of their largest value, more than {_TOLERANCE:.0e}; nothing was written"
        )
    return difference
