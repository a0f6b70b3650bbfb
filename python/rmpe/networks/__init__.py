"""Pretrained networks behind one interface, and what their outputs mean.

A `Network` takes a batch and returns a tuple of tensors: `OnnxNetwork` and `TorchNetwork` are two.
`SSDDetector` and `HeatmapPose` give its outputs their meaning, as its model card says.
"""

from .hourglass import StackedHourglass
from .network import Network
from .onnx import OnnxNetwork
from .pose import HeatmapPose, load_pose
from .ssd import Detections, SSDDetector, load_detector
from .torch import TorchNetwork

__all__ = [
    "Detections",
    "HeatmapPose",
    "Network",
    "OnnxNetwork",
    "SSDDetector",
    "StackedHourglass",
    "TorchNetwork",
    "load_detector",
    "load_pose",
]
