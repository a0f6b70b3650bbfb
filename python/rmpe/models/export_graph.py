"""The graph of a PyTorch network as an ONNX file, for the table ``[graph]`` of its card."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path

import torch
from torch import nn

from ..errors import ModelError
from ..listing import listed
from ..output_file import write_together
from .build import CardNetwork
from .graph import folded_weights, graph_outputs, load_graph
from .read_file import check_file_name
from .write_onnx import find_difference, noise, pytorch_card, run_pytorch, write_onnx

__all__ = ["export_graph"]


def export_graph(
    name_or_path: str | os.PathLike[str],
    out: Path,
    models_dir: str | os.PathLike[str] | None = None,
) -> float:
    """Write the graph of a PyTorch network, without weights.

    Before the file gets its name, onnxruntime runs it with the card's weights on noise, and what it
    gives is compared with PyTorch's.

    Parameters
    ----------
    name_or_path, out, models_dir
        As :func:`rmpe.models.export.export_onnx` takes them.

    Returns
    -------
    float
        The largest difference between an output and PyTorch's, as a part of the output's largest
        value.

    Raises
    ------
    rmpe.ModelError, OSError
        As ``export_onnx``.
    """
    check_file_name(out)
    card = pytorch_card(name_or_path)
    module = CardNetwork(card, "cpu", models_dir).load_module().to(torch.float32)
    size = card.input.size
    batch = noise(size)
    wanted = run_pytorch(card, module, batch)
    content = _make_graph(module, size, len(wanted), card.name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / out.name
        path.write_bytes(content)
        shapes = [tuple(output.shape[1:]) for output in wanted]
        have = load_graph(path, module, size, shapes, batch_size=len(batch))(batch)
    difference = find_difference(card.name, zip(have, wanted, strict=True))
    write_together([(out, content)])
    return difference


def _make_graph(module: nn.Module, size: tuple[int, int], outputs: int, model: str) -> bytes:
    module = copy.deepcopy(module)
    # The exporter takes equal weights for one: these are all different, and nobody's.
    with torch.no_grad():
        for values in module.parameters():
            values.normal_()
    names = folded_weights(module).keys()
    content = write_onnx(module, graph_outputs(outputs), size, model)
    import onnx  # Which the exporter needs, too, and says so.

    graph = onnx.load_from_string(content)
    changed = [tensor.name for tensor in graph.graph.initializer if tensor.name not in names]
    if changed:
        raise ModelError(
            f"model {model} cannot be written without weights: the exporter changes some, as "
            "where a batch norm does not follow its convolution in an nn.Sequential: "
            f"{listed(changed)}"
        )
    del graph.graph.initializer[:]
    return bytes(graph.SerializeToString(deterministic=True))
