"""Detectors for use."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ...detectors.classes import write_classes
from ...toml_file import toml_value
from ..export import WeightsFile, write_model
from .config import DetectorConfig
from .matching import VARIANCES

__all__ = ["write_detector_model"]

# Lowest score of a detection, and the overlap above which the better of two boxes is kept, unless
# the user says otherwise.
_THRESHOLD, _NMS_IOU = 0.3, 0.5


def write_detector_model(
    folder: Path, name: str, network: nn.Module, config: DetectorConfig, size: tuple[int, int]
) -> Path:
    """Write weights and the card ``NAME.toml``, which `rmpe.models.build.load_detector` takes.

    Parameters
    ----------
    folder : Path
    name : str
    network : nn.Module
    config : DetectorConfig
        That it was trained by.
    size : (int, int)
        Height and width of its input.

    Returns
    -------
    Path
        Of the card.

    Raises
    ------
    OSError
        Where the folder cannot be written to; the model of before stays, whole.
    """
    return write_model(
        folder,
        name,
        {"network": network},
        lambda files: _card(files["network"], config, size),
    )


def _card(weights: WeightsFile, config: DetectorConfig, size: tuple[int, int]) -> str:
    architecture = config.network.architecture
    numbers = config.numbers
    parameters = "\n".join(f"{key} = {value}" for key, value in numbers.items())
    spec = config.input
    ((key, value),) = write_classes(("", *config.classes)).items()
    return f'''\
kind = "detector"
title = "{architecture}, {size[0]}x{size[1]}, trained by rmpe train"
license = "that of the training data"
origin = "rmpe train"
runtime = "pytorch"
architecture = "{architecture}"
batch_size = 4

[network]
file = "{weights.name}"
sha256 = "{weights.sha256}"
{
        f"""
[{architecture}]
{parameters}
"""
        if numbers
        else ""
    }
[input]
size = {list(size)}
channels = "rgb"
scale = {1 / 255}    # 1/255
mean = {list(spec.mean)}
std = {list(spec.std)}

[output]
{key} = {toml_value(value)}
activation = "softmax"

[boxes]
encoding = "txtytwth"
variances = {list(VARIANCES)}
threshold = {_THRESHOLD}
nms_iou = {_NMS_IOU}
'''
