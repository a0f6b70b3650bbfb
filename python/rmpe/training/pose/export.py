"""Pose networks for use."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ...method.parallel import RMPE
from ...skeletons import Skeleton
from ..export import write_model, write_weights
from .batches import OFFSET, STRIDE
from .config import PoseConfig

__all__ = ["write_pose_model"]


def write_pose_model(
    folder: Path,
    name: str,
    network: nn.Module,
    config: PoseConfig,
    skeleton: Skeleton,
    size: tuple[int, int],
) -> Path:
    """Write ``NAME.safetensors`` and ``NAME.toml``, which `rmpe.models.build.load_pose` takes.

    Parameters
    ----------
    folder : Path
    name : str
    network : nn.Module
    config : PoseConfig
        That it was trained by.
    skeleton : Skeleton
    size : (int, int)
        Height and width of its input.

    Returns
    -------
    Path
        Of the card.

    Raises
    ------
    OSError
        Where the folder cannot be written to; the files of before stay.
    """
    extra = ""
    if isinstance(network, RMPE):
        localization = network.transformer.localization
        file, digest = write_weights(folder, f"{name}_transformer", localization)
        extra = _transformer_table(file, digest, config) if network.transforms else ""
        network = network.sppe
    return write_model(
        folder,
        name,
        network,
        lambda file, digest: _pose_card(file, digest, config, skeleton, size) + extra,
    )


def _pose_card(
    file: str, digest: str, config: PoseConfig, skeleton: Skeleton, size: tuple[int, int]
) -> str:
    architecture = config.network.architecture
    parameters = "\n".join(f"{k} = {v}" for k, v in config.network.parameters.items())
    spec = config.input
    return f'''\
kind = "pose"
title = "{architecture}, {size[0]}x{size[1]}, trained by rmpe train"
license = "that of the training data"
origin = "rmpe train"
runtime = "pytorch"
architecture = "{architecture}"
head = "heatmap"
skeleton = "{skeleton.name}"
batch_size = 4

[network]
file = "{file}"
sha256 = "{digest}"

[{architecture}]
{parameters}

[input]
size = {list(size)}
channels = "rgb"
scale = {1 / 255}    # 1/255
mean = {list(spec.mean)}
std = {list(spec.std)}

[crop]
convention = "hrnet"
padding = {spec.padding}

[heatmap]
convention = "{config.validation.decode}"
grid = "half_pixel"
stride = {STRIDE}
offset = {OFFSET}
'''


def _transformer_table(file: str, digest: str, config: PoseConfig) -> str:
    spec = config.transformer
    if spec is None:
        return ""
    numbers = "\n".join(f"{key} = {value}" for key, value in spec.parameters.items())
    table = f"\n[transformer.{spec.localization}]\n{numbers}\n" if numbers else ""
    return f'''
[transformer]
architecture = "{spec.localization}"
size = {list(spec.small)}
limits = "{spec.limits}"
shift = {spec.shift}
zoom = {spec.zoom}
angle = {spec.angle}

[transformer.network]
file = "{file}"
sha256 = "{digest}"
{table}'''
