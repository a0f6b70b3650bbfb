"""Pose networks for use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import nn

from ...method.parallel import RMPE
from ...skeletons import Skeleton
from ..export import WeightsFile, write_model
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
    """Write weights and the card ``NAME.toml``, which `rmpe.models.build.load_pose` takes.

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
        Where the folder cannot be written to; the model of before stays, whole.
    """
    networks = {"network": network}
    if isinstance(network, RMPE):
        networks = {"network": network.sppe}
        if network.transforms:
            networks["transformer"] = network.transformer.localization
    return write_model(folder, name, networks, lambda files: _card(files, config, skeleton, size))


def _card(
    files: Mapping[str, WeightsFile],
    config: PoseConfig,
    skeleton: Skeleton,
    size: tuple[int, int],
) -> str:
    weights, transformer = files["network"], files.get("transformer")
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
file = "{weights.name}"
sha256 = "{weights.sha256}"

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
{_transformer_table(transformer, config) if transformer else ""}'''


def _transformer_table(weights: WeightsFile, config: PoseConfig) -> str:
    spec = config.transformer
    if spec is None:
        return ""
    numbers = "\n".join(f"{key} = {value}" for key, value in spec.numbers.items())
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
file = "{weights.name}"
sha256 = "{weights.sha256}"
{table}'''
