"""A PyTorch network as an ONNX file, with a card that goes with it."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from rmpe_ext.conventions import CONVENTIONS

from ..detectors.classes import write_classes
from ..detectors.ssd import SSD, centers_and_sizes
from ..errors import ModelError
from ..heads.heatmap import HeatmapHead
from ..networks.network import as_tuple
from ..networks.onnx_session import choose_provider, open_session
from ..output_file import write_together
from ..toml_file import toml_value
from .build import CardNetwork
from .card import Card, PoseCard
from .export_decoding import LOWEST_SCORE, BoxDecoding, KeypointDecoding
from .graph import INPUT
from .read_file import check_file_name
from .write_onnx import find_difference, noise, pytorch_card, run_pytorch, write_onnx

__all__ = ["Exported", "export_files", "export_onnx"]

_Tables = dict[str, dict[str, Any]]


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


@dataclass(frozen=True)
class _Parts:
    """What goes into a file, and what its card says of it.

    Attributes
    ----------
    module
        Gives the raw outputs.
    outputs
        Their names.
    tables
        Of the card.
    decoding
        What is made of the raw outputs in the file, or None.
    extra
        The content of the file beside it, or None.
    """

    module: nn.Module
    outputs: tuple[str, ...]
    tables: _Tables
    decoding: KeypointDecoding | BoxDecoding | None = None
    extra: bytes | None = None


class _WithDecoding(nn.Module):
    """Gives what a decoding makes of a network's outputs, and then these."""

    def __init__(self, module: nn.Module, decoding: KeypointDecoding | BoxDecoding) -> None:
        super().__init__()
        self.module, self.decoding = module, decoding

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        raw = as_tuple(self.module(batch))
        return (*self.decoding(*raw), *raw)


class _WithSoftmax(nn.Module):
    """Gives probabilities in place of the logits of a detector."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        boxes, scores = self.module(batch)
        return boxes, scores.softmax(-1)


def export_files(card: Card, out: Path, *, decoded: bool = False) -> tuple[Path, ...]:
    """Name what `export_onnx` writes: the file, the anchors of a detector, and the card.

    Parameters
    ----------
    card : Card
        Of the PyTorch network.
    out, decoded
        As `export_onnx` takes them.

    Raises
    ------
    rmpe.ModelError
        Where one is the card itself, or a file of it.
    """
    beside = () if decoded or isinstance(card, PoseCard) else (_anchors_file(out),)
    written = (out, *beside, out.with_suffix(".toml"))
    own = [file.folder / file.name for file in card.files if file.folder is not None]
    if card.network.folder is not None:
        own.append(card.network.folder / f"{card.name}.toml")
    for path in written:
        if os.path.realpath(path) in map(os.path.realpath, own):
            raise ModelError(
                f"{path} belongs to the network that is written as ONNX: choose another name"
            )
    return written


def _anchors_file(out: Path) -> Path:
    return out.with_name(f"{out.stem}_anchors.npz")


def export_onnx(
    name_or_path: str | os.PathLike[str],
    out: Path,
    models_dir: str | os.PathLike[str] | None = None,
    *,
    decoded: bool = False,
) -> Exported:
    """Write a PyTorch network as ONNX, for batches of any size, and a card beside it.

    The softmax of a detector's scores is in the file; anchors are in a file of their own. Before
    anything gets its name, the file is run by onnxruntime and compared with PyTorch.

    With ``decoded``, the file also turns heatmaps into keypoints, or encodings into the boxes that
    suppression leaves, and its card says so: see `rmpe.models.export_decoding`.

    Parameters
    ----------
    name_or_path : str or path
        As :func:`rmpe.load_card` takes it.
    out : Path
        The ONNX file; the card has its name with the suffix ``.toml``.
    models_dir : path, optional
        Folder of the model files; see :func:`rmpe.models.store.obtain`.
    decoded : bool
        Whether the file gives keypoints, or boxes.

    Raises
    ------
    rmpe.ModelError
        Where the network is no PyTorch network, cannot be exported, or gives something else then.
    OSError
        Where the files cannot be written.
    """
    check_file_name(out)
    card = pytorch_card(name_or_path)
    paths = export_files(card, out, decoded=decoded)
    source = CardNetwork(card, "cpu", models_dir)
    if isinstance(card, PoseCard):
        parts = _describe_pose(card, source, decoded)
    else:
        parts = _describe_detector(card, source, _anchors_file(out).name, decoded)
    module = parts.module.to(torch.float32)  # Weights may be stored as float16.
    batch = noise(card.input.size)
    wanted = run_pytorch(card, module, batch)
    names = parts.outputs
    if parts.decoding is not None:
        module = _WithDecoding(module, parts.decoding)
        names = (*parts.decoding.outputs, *names)
    content = write_onnx(module, names, card.input.size, card.name)
    difference = _compare(card.name, parts, content, names, batch, wanted)
    digest = hashlib.sha256(content).hexdigest()
    text = _card_text(card, out.name, digest, parts)
    extra = [] if parts.extra is None else [parts.extra]
    # The card last: it says which files it goes with.
    contents = [content, *extra, text.encode()]
    write_together(list(zip(paths, contents, strict=True)))
    return Exported(paths, difference)


def _describe_pose(card: PoseCard, source: CardNetwork, decoded: bool) -> _Parts:
    if card.transformer is not None or not isinstance(card.head, HeatmapHead):
        raise ModelError(
            f"model {card.name}: only networks that give heatmaps, without a spatial transformer, "
            "can be written as ONNX"
        )
    head = card.head
    module = source.load_module()
    crop = {"convention": card.crop, "padding": card.padding}
    if decoded:
        tables: _Tables = {"crop": crop, "points": {"output": "keypoints"}}
        return _Parts(module, ("heatmaps",), tables, KeypointDecoding(head))
    table: dict[str, Any] = {"output": "heatmaps", "convention": head.convention}
    if head.grid != CONVENTIONS[head.convention].grid:
        table["grid"] = head.grid
    table |= {"stride": head.stride, "offset": head.offset}
    if head.blur is not None:
        table["blur"] = list(head.blur)
    return _Parts(module, ("heatmaps",), {"crop": crop, "heatmap": table})


def _describe_detector(card: Card, source: CardNetwork, beside: str, decoded: bool) -> _Parts:
    kind: Any = getattr(card, "detector", None)
    if not isinstance(kind, SSD):
        raise ModelError(f"model {card.name}: only SSDs can be written as ONNX")
    module: Any = source.load_module()
    anchors = module.anchors(card.input.size)
    if kind.activation == "softmax":
        module = _WithSoftmax(module)
    classes = write_classes(kind.classes)
    if decoded:
        decoding = BoxDecoding(kind, centers_and_sizes(anchors.float(), "xyxy"), card.input.size)
        tables: _Tables = {
            "output": {"boxes": "boxes", "labels": "labels", **classes},
            "boxes": {"threshold": max(kind.threshold, LOWEST_SCORE)},
        }
        return _Parts(module, ("encoded", "scores"), tables, decoding)
    packed = io.BytesIO()
    np.savez(packed, anchors=anchors.numpy())
    tables = {
        "output": {"boxes": "boxes", "scores": "scores", **classes, "activation": "none"},
        "boxes": {"encoding": kind.encoding, "variances": list(kind.variances),
                  "threshold": kind.threshold, "nms_iou": kind.nms_iou},
        "boxes.anchors": {"file": beside, "key": "anchors", "format": "xyxy",
                          "sha256": hashlib.sha256(packed.getvalue()).hexdigest()},
    }  # fmt: skip
    return _Parts(module, ("boxes", "scores"), tables, extra=packed.getvalue())


def _compare(
    model: str,
    parts: _Parts,
    content: bytes,
    names: Sequence[str],
    batch: torch.Tensor,
    wanted: Sequence[torch.Tensor],
) -> float:
    """Run the file on items of a batch, one and several; return the largest difference.

    What is decoded in the file is compared with what PyTorch decodes of the file's raw outputs: two
    peaks that are equal but for rounding would else be taken for each other.
    """
    session = open_session(
        Path(f"{model}.onnx"), content, choose_provider(torch.device("cpu")), threads=1
    )

    def run(items: torch.Tensor) -> list[torch.Tensor]:
        found: Any = session.run(list(names), {INPUT: items.numpy()})
        return [torch.from_numpy(output) for output in found]

    each = [run(item[None]) for item in batch]
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    for have in (run(batch), list(map(torch.cat, zip(*each, strict=True)))):
        first = len(have) - len(wanted)
        pairs += zip(have[first:], wanted, strict=True)
        if parts.decoding is not None:
            both = have[:first], parts.decoding(*have[first:])
            pairs += zip(*(parts.decoding.comparable(*one) for one in both), strict=True)
    return find_difference(model, pairs)


def _card_text(card: Card, file: str, digest: str, parts: _Parts) -> str:
    spec = card.input
    decoded = parts.decoding is not None
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
        top |= {"head": "points" if decoded else "heatmap", "skeleton": card.skeleton.name}
        if card.drawn_score is not None:
            top["drawn_score"] = card.drawn_score
    elif decoded:
        top |= {"detector": "end_to_end", "preparation": "stretch"}
    top["batch_size"] = card.batch_size
    everything = {
        "": top,
        "network": {"file": file, "sha256": digest},
        "input": {"name": INPUT, "size": list(spec.size), "channels": spec.channels,
                  "scale": spec.scale, "mean": list(spec.mean), "std": list(spec.std)},
        **parts.tables,
    }  # fmt: skip
    lines = []
    for name, table in everything.items():
        lines += ["", f"[{name}]"] if name else []
        lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
