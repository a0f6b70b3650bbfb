"""A PyTorch network as an ONNX file, with a card that goes with it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from rmpe_ext.conventions import CONVENTIONS

from ..detectors.classes import write_classes
from ..detectors.ssd import SSD
from ..errors import ModelError
from ..heads.heatmap import HeatmapHead
from ..networks.network import Network
from ..networks.onnxruntime import OnnxNetwork
from ..output_file import write_atomically
from .build import CardNetwork
from .card import Card, PoseCard
from .read import load_card

__all__ = ["Exported", "export_onnx"]

_OPSET = 17
# Of the largest value of an output: what two orders of the same additions in float32 may differ by.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    files
        The ONNX file, what goes with it, and the card, which is last.
    difference
        The largest between an output and PyTorch's, as a part of the output's largest value.
    """

    files: tuple[Path, ...]
    difference: float


class _WithSoftmax(nn.Module):
    """Gives probabilities in place of the logits of a detector."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        boxes, scores = self.module(batch)
        return boxes, scores.softmax(-1)


def export_onnx(
    name_or_path: str | os.PathLike[str],
    out: Path,
    models_dir: str | os.PathLike[str] | None = None,
) -> Exported:
    """Write a PyTorch network as ONNX, for batches of any size, and a card beside it.

    The softmax of a detector's scores is in the file; anchors are in a file of their own. Before
    anything gets its name, the file is run by onnxruntime and compared with PyTorch.

    Parameters
    ----------
    name_or_path : str or path
        As :func:`rmpe.load_card` takes it.
    out : Path
        The ONNX file; the card has its name with the suffix ``.toml``.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.obtain`.

    Raises
    ------
    rmpe.ModelError
        Where the network is no PyTorch network, cannot be exported, or gives something else then.
    OSError
        Where the files cannot be written.
    """
    card = load_card(name_or_path)
    if card.runtime != "pytorch":
        raise ModelError(f"model {card.name} is an ONNX file already: {card.network.name}")
    source = CardNetwork(card, "cpu", models_dir)
    extra: list[tuple[str, bytes]] = []
    if isinstance(card, PoseCard):
        module, names, tables = _describe_pose(card, source)
    else:
        module, names, tables, anchors = _describe_detector(card, source, out.stem)
        extra.append(anchors)
    module = module.to(torch.float32)  # Weights may be stored as float16.
    content = _to_onnx(module, names, card.input.size, card.name)
    difference = _compare(card, module, content, names)
    digest = hashlib.sha256(content).hexdigest()
    text = _card_text(card, out.name, digest, tables)
    files = [(out.name, content), *extra, (out.with_suffix(".toml").name, text.encode())]
    paths = []
    for name, data in files:
        paths.append(out.with_name(name))
        _write(paths[-1], data)
    return Exported(tuple(paths), difference)


def _write(path: Path, data: bytes) -> None:
    write_atomically(path, lambda stream: stream.write(data))


_Tables = dict[str, dict[str, Any]]


def _describe_pose(card: PoseCard, source: CardNetwork) -> tuple[nn.Module, list[str], _Tables]:
    if card.transformer is not None or not isinstance(card.head, HeatmapHead):
        raise ModelError(
            f"model {card.name}: only networks that give heatmaps, without a spatial transformer, "
            "can be written as ONNX"
        )
    head = card.head
    table: dict[str, Any] = {"output": "heatmaps", "convention": head.convention}
    if head.grid != CONVENTIONS[head.convention].grid:
        table["grid"] = head.grid
    table |= {"stride": head.stride, "offset": head.offset}
    if head.blur is not None:
        table["blur"] = list(head.blur)
    module = source.load_module(joints=len(card.skeleton))
    crop = {"convention": card.crop, "padding": card.padding}
    return module, ["heatmaps"], {"crop": crop, "heatmap": table}


def _describe_detector(
    card: Card, source: CardNetwork, stem: str
) -> tuple[nn.Module, list[str], _Tables, tuple[str, bytes]]:
    kind: Any = getattr(card, "detector", None)
    if not isinstance(kind, SSD):
        raise ModelError(f"model {card.name}: only SSDs can be written as ONNX")
    module: Any = source.load_module()
    anchors = module.anchors(card.input.size).numpy()
    packed = io.BytesIO()
    np.savez(packed, anchors=anchors)
    name = f"{stem}_anchors.npz"
    tables: _Tables = {
        "output": {"boxes": "boxes", "scores": "scores",
                   **write_classes(kind.classes), "activation": "none"},
        "boxes": {"encoding": kind.encoding, "variances": list(kind.variances),
                  "threshold": kind.threshold, "nms_iou": kind.nms_iou},
        "boxes.anchors": {"file": name, "key": "anchors", "format": "xyxy",
                          "sha256": hashlib.sha256(packed.getvalue()).hexdigest()},
    }  # fmt: skip
    if kind.activation == "softmax":
        module = _WithSoftmax(module)
    return module, ["boxes", "scores"], tables, (name, packed.getvalue())


def _to_onnx(module: nn.Module, names: list[str], size: tuple[int, int], model: str) -> bytes:
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
                input_names=["image"],
                output_names=names,
                dynamic_axes={name: {0: "N"} for name in ("image", *names)},
                opset_version=_OPSET,
                dynamo=False,
            )
        except ModuleNotFoundError:
            raise
        except Exception as error:  # The exporter raises anything.
            raise ModelError(f"model {model} cannot be written as ONNX: {error}") from error
        return path.read_bytes()


def _compare(card: Card, module: nn.Module, content: bytes, names: Sequence[str]) -> float:
    """Run both on noise, one item and several; return the largest difference."""
    shape = (3, *card.input.size)
    noise = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = module(noise)
    wanted = (found,) if isinstance(found, torch.Tensor) else tuple(found)
    shapes = [tuple(output.shape[1:]) for output in wanted]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        path.write_bytes(content)
        network: Network = OnnxNetwork(
            path, input_name="image", input_shape=shape, output_names=names, output_shapes=shapes
        )
        each = [network(item[None]) for item in noise]
        runs = [network(noise), tuple(map(torch.cat, zip(*each, strict=True)))]
    difference = 0.0
    for have in runs:
        for ours, theirs in zip(have, wanted, strict=True):
            largest = float(theirs.abs().max().clamp(min=1e-12))
            difference = max(difference, float((ours - theirs).abs().max()) / largest)
    if not difference <= _TOLERANCE:
        raise ModelError(
            f"model {card.name} gives something else as ONNX: outputs differ by {difference:.1e} "
            f"of their largest value, more than {_TOLERANCE:.0e}; nothing was written"
        )
    return difference


def _card_text(card: Card, file: str, digest: str, tables: _Tables) -> str:
    spec = card.input
    top: dict[str, Any] = {
        "kind": "pose" if isinstance(card, PoseCard) else "detector",
        "title": card.title,
        "license": card.license,
        "origin": f"{card.origin}, as ONNX by rmpe export",
    }
    if card.accuracy:
        top["accuracy"] = card.accuracy
    top["runtime"] = "onnx"
    if isinstance(card, PoseCard):
        top |= {"head": "heatmap", "skeleton": card.skeleton.name}
        if card.drawn_score is not None:
            top["drawn_score"] = card.drawn_score
    top["batch_size"] = card.batch_size
    everything = {
        "": top,
        "network": {"file": file, "sha256": digest},
        "input": {"name": "image", "size": list(spec.size), "channels": spec.channels,
                  "scale": spec.scale, "mean": list(spec.mean), "std": list(spec.std)},
        **tables,
    }  # fmt: skip
    lines = []
    for name, table in everything.items():
        lines += ["", f"[{name}]"] if name else []
        lines += [
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()
        ]
    return "\n".join(lines) + "\n"
