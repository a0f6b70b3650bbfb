"""``rmpe export``: a PyTorch network, or its graph alone, as an ONNX file."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from ..digest import digest_of
from ..terminal import printable
from . import CommandError

SUMMARY = "write a PyTorch network as ONNX, and compare both"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from ._cards import MODELS_HELP

    parser.description = """\
Write a PyTorch network as ONNX, for batches of any size, with a card that goes with it. A
detector's softmax is in the file, and its anchors beside it. The file is run on noise and
compared with PyTorch before it gets its name.

With --decoded the file itself makes keypoints (x, y in pixels of the crop, score) of the
heatmaps, or boxes (x1, y1, x2, y2 in pixels of the input, score) and labels of a detector's
outputs, suppressed and best first: up to 200 an image, of all classes together, as in the
paper of SSD and in torchvision, that score more than .01. The network itself, and a file
without --decoded, have no such limit.

With --graph the file holds no weights. It goes beside the network's card, into which the lines
that are printed go: onnxruntime then runs the network on a CPU with the weights that the card
names, the package's own 1.1 to 1.6 times as fast as PyTorch. With --device cuda, --compile or
--precision bfloat16 PyTorch does. Other weights of the same architecture and input size need no
other graph.

examples:
  rmpe export hourglass2_mpii16 --onnx networks/hourglass2.onnx
  rmpe infer photos/ --pose networks/hourglass2.toml
  rmpe export runs/pose/average.toml --graph runs/pose/pose.onnx"""
    parser.add_argument("network", metavar="NAME", help="name, path or address of a card")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--onnx", type=Path, metavar="FILE", help="the ONNX file (default: none)")
    kind.add_argument(
        "--graph", type=Path, metavar="FILE", help="the ONNX file without weights (default: none)"
    )
    parser.add_argument(
        "--decoded", action="store_true", help="let the file give keypoints, or boxes"
    )
    parser.add_argument("--models", metavar="DIR", help=MODELS_HELP)
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the file, and what is written beside it, if they are there",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write it."""
    from ..errors import ModelError
    from ..models.export import export_files, export_onnx
    from ..models.export_graph import export_graph
    from ..models.write_onnx import pytorch_card
    from ..toml_file import toml_value

    graph = arguments.onnx is None
    option, out = ("--graph", arguments.graph) if graph else ("--onnx", arguments.onnx)
    if out.suffix != ".onnx":
        raise CommandError(f"{option} must end in .onnx, got {out}")
    if graph and arguments.decoded:
        raise CommandError("--decoded needs --onnx: a graph gives what the network gives")
    try:
        card = pytorch_card(arguments.network)
        # A graph has no card of its own.
        written = (out,) if graph else export_files(card, out, decoded=arguments.decoded)
        _check_written(written, arguments.overwrite)
        if graph:
            files, difference = [out], export_graph(arguments.network, out, arguments.models)
        else:
            exported = export_onnx(
                arguments.network, out, arguments.models, decoded=arguments.decoded
            )
            files, difference = [*exported.files], exported.difference
    except ModelError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror or error}") from None
    for path in files:
        print(printable(str(path)))
    if graph:
        print(f"for the card:\n\n[graph]\nfile = {toml_value(out.name)}")
        print(f'sha256 = "{digest_of(out)}"\n')
    print(f"largest difference from PyTorch: {difference:.1e} of an output's largest value")
    return 0


def _check_written(paths: Sequence[Path], overwrite: bool) -> None:
    """Make sure that all files can be written, before the network is."""
    from ..output_file import check_output

    for path in paths:
        try:
            check_output(path)
        except OSError as error:
            raise CommandError(f"cannot write {path}: {error.strerror}") from None
    there = [path for path in paths if os.path.exists(path)]
    if there and not overwrite:
        raise CommandError(f"{there[0]} is there already: choose --overwrite, or another name")
