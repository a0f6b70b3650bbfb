"""The device that ``--device`` names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import CommandError

if TYPE_CHECKING:
    from ..models.card import DetectorCard, PoseCard

__all__ = ["resolve_device"]


def resolve_device(name: str, cards: Sequence[DetectorCard | PoseCard], prog: str) -> str:
    """Give torch's name of the device that ``--device`` asks for.

    Raises
    ------
    CommandError
        There is no such device.
    """
    import torch

    if name == "auto":
        return _choose_device(cards, prog)
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
    return name


def _choose_device(cards: Sequence[DetectorCard | PoseCard], prog: str) -> str:
    """Choose CUDA where torch has it and every network's runtime can use it."""
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    # torch and torchvision, which run the others, use what torch found.
    onnx = [card.name for card in cards if card.runtime == "onnx"]
    if onnx:
        from ..networks.telemetry import import_onnxruntime

        onnxruntime = import_onnxruntime()
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            print(
                f"{prog}: running on the CPU, not on CUDA: {' and '.join(onnx)} "
                f"{'need' if len(onnx) > 1 else 'needs'} onnxruntime-gpu, and the installed "
                f"onnxruntime {onnxruntime.__version__} cannot use CUDA",
                file=sys.stderr,
            )
            return "cpu"
    return "cuda"
