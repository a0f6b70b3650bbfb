"""How networks run: on which device, by what, in which numbers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..networks.precision import PRECISIONS
from ..networks.providers import PROVIDERS
from . import CommandError
from ._messages import say

if TYPE_CHECKING:
    from ..models.card import DetectorCard, PoseCard
    from ..models.run_options import RunOptions

__all__ = ["add_runtime", "chosen_options", "resolve_runtime"]


def add_runtime(parser: argparse._ActionsContainer) -> None:
    """Add the options of every command that runs networks."""
    parser.add_argument(
        "--device",
        default="auto",
        help="cpu, cuda, cuda:1, ..., or auto: CUDA where there is any that all networks can use "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--provider",
        choices=tuple(PROVIDERS),
        metavar="NAME",
        help=f"what runs ONNX files: {', '.join(PROVIDERS)}, as far as the installed onnxruntime "
        "has it; an error where no network is an ONNX file (default: its own part for the device)",
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help="make code of PyTorch networks by torch.compile: a minute or so before the first "
        "photograph; an error where no network is in PyTorch",
    )
    parser.add_argument(
        "--precision",
        choices=tuple(PRECISIONS),
        default="float32",
        help="what PyTorch networks compute in; an error where no network is in PyTorch "
        "(default: %(default)s)\n"
        + "\n".join(f"{name}: {meaning}" for name, meaning in PRECISIONS.items()),
    )


def chosen_options(arguments: argparse.Namespace) -> RunOptions:
    """Give the options of `add_runtime` but the device, as Python functions take them."""
    return {
        "provider": arguments.provider,
        "compiled": arguments.compile,
        "precision": arguments.precision,
    }


def resolve_runtime(arguments: argparse.Namespace, cards: Sequence[DetectorCard | PoseCard]) -> str:
    """Give torch's name of the device that ``--device`` asks for.

    Raises
    ------
    CommandError
        There is no such device, or another option of `add_runtime` has no effect on any of these
        networks.
    """
    import torch

    from ..errors import ModelError
    from ..models.run_options import check_run_options

    try:
        check_run_options(cards, **chosen_options(arguments))
    except ModelError as error:
        raise CommandError(str(error)) from None
    name = arguments.device
    if name == "auto":
        return _choose_device(cards, arguments)
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise CommandError(f"--device must be auto, cpu, cuda or cuda:N, got {name}")
    found = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= found:
        raise CommandError(
            f"--device {name} is not there: torch finds {found} CUDA devices; "
            "`rmpe doctor` says more"
        )
    return str(name)


def _choose_device(cards: Sequence[DetectorCard | PoseCard], arguments: argparse.Namespace) -> str:
    """Choose CUDA where torch has it and every network's runtime can use it."""
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    if arguments.provider is not None:  # What it lacks is an error of its own.
        return PROVIDERS[arguments.provider].device
    # torch and torchvision, which run the others, use what torch found.
    onnx = [card.name for card in cards if card.runtime == "onnx"]
    if onnx:
        from ..networks.telemetry import import_onnxruntime

        onnxruntime = import_onnxruntime()
        if PROVIDERS["cuda"].library_name not in onnxruntime.get_available_providers():
            say(
                f"{arguments.prog}: running on the CPU, not on CUDA: {' and '.join(onnx)} "
                f"{'need' if len(onnx) > 1 else 'needs'} onnxruntime-gpu, and the installed "
                f"onnxruntime {onnxruntime.__version__} cannot use CUDA"
            )
            return "cpu"
    return "cuda"
