"""``rmpe export``: a PyTorch network as an ONNX file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

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

example:
  rmpe export hourglass2_mpii16 --onnx networks/hourglass2.onnx
  rmpe infer photos/ --pose networks/hourglass2.toml"""
    parser.add_argument("network", metavar="NAME", help="name, path or address of a card")
    parser.add_argument("--onnx", type=Path, required=True, metavar="FILE", help="the ONNX file")
    parser.add_argument(
        "--decoded", action="store_true", help="let the file give keypoints, or boxes"
    )
    parser.add_argument("--models", metavar="DIR", help=MODELS_HELP)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the file and its card, if they are there"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write it."""
    from ..errors import ModelError
    from ..models.export import export_onnx
    from ..output_file import check_output

    out = arguments.onnx
    if out.suffix != ".onnx":
        raise CommandError(f"--onnx must end in .onnx, got {out}")
    there = [path for path in (out, out.with_suffix(".toml")) if os.path.exists(path)]
    if there and not arguments.overwrite:
        raise CommandError(f"{there[0]} is there already: choose --overwrite, or another name")
    try:
        check_output(out)
        exported = export_onnx(arguments.network, out, arguments.models, decoded=arguments.decoded)
    except ModelError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror or error}") from None
    for path in exported.files:
        print(printable(str(path)))
    print(
        f"largest difference from PyTorch: {exported.difference:.1e} of an output's largest value"
    )
    return 0
