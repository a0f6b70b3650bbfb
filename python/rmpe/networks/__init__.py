"""Networks behind one interface, whichever library runs them.

A `Network` takes a batch and returns a tuple of tensors: `OnnxNetwork` and `TorchNetwork` are two.
"""

from .network import Network
from .onnxruntime import OnnxNetwork
from .pytorch import TorchNetwork

__all__ = ["Network", "OnnxNetwork", "TorchNetwork"]
