"""A PyTorch network for onnxruntime: its graph in a file of its own, and its weights as they are.

onnxruntime runs the networks of the package on a CPU 1.1 to 1.6 times as fast as PyTorch (one
thread of an AMD EPYC, calls of 1 to 8 images or crops). The graph depends on the architecture and
the input's size alone, so that both take the same file of weights.
`rmpe.models.export_graph` writes it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import nn

from ..networks.network import Shape
from ..networks.onnxruntime import OnnxNetwork
from ..networks.pytorch import fold_batch_norms

__all__ = ["INPUT", "folded_weights", "graph_outputs", "load_graph"]

INPUT = "image"  # Of every network that `rmpe export` writes.


def graph_outputs(count: int) -> list[str]:
    """Name the outputs of a graph, in the network's order."""
    return [f"output_{i}" for i in range(count)]


def folded_weights(module: nn.Module) -> dict[str, torch.Tensor]:
    """Name the weights that a graph takes, in float32.

    Parameters
    ----------
    module : torch.nn.Module
        It is changed: batch norms go into the convolutions before them.
    """
    module = module.to("cpu", torch.float32).eval()
    fold_batch_norms(module)
    return {name: w.detach() for name, w in module.state_dict().items() if w.is_floating_point()}


def load_graph(
    path: str | os.PathLike[str],
    module: nn.Module,
    size: tuple[int, int],
    output_shapes: Sequence[Shape],
    batch_size: int,
) -> OnnxNetwork:
    """Run a network with its graph, on a CPU.

    Parameters
    ----------
    path : path
        The graph.
    module : torch.nn.Module
        The network, which has the weights. It is changed as by `folded_weights`.
    size : (int, int)
        Height and width of the input.
    output_shapes, batch_size
        See `OnnxNetwork`.

    Raises
    ------
    rmpe.ModelError
        Where the graph is not that of the network.
    """
    return OnnxNetwork(
        path,
        input_name=INPUT,
        input_shape=(3, *size),
        output_names=graph_outputs(len(output_shapes)),
        output_shapes=output_shapes,
        batch_size=batch_size,
        weights=folded_weights(module),
    )
