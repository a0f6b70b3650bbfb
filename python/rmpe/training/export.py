"""Weights for use: a float16 file and the model card that goes with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from ..skeletons import Skeleton
from .batches import OFFSET, STRIDE
from .checkpoint import write_atomically
from .config import TrainingConfig

__all__ = ["write_pose_model"]


def write_pose_model(
    folder: Path,
    name: str,
    network: nn.Module,
    config: TrainingConfig,
    skeleton: Skeleton,
    size: tuple[int, int],
) -> Path:
    """Write ``NAME.safetensors`` and ``NAME.toml``, which `rmpe.models.build.load_pose` takes.

    Parameters
    ----------
    folder : Path
    name : str
    network : nn.Module
    config : TrainingConfig
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
    weights, card = folder / f"{name}.safetensors", folder / f"{name}.toml"
    values = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    write_atomically(weights, lambda partial: save_file(values, partial))
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = _pose_card(weights.name, digest, config, skeleton, size)
    write_atomically(card, lambda partial: partial.write_text(text))
    return card


def _pose_card(
    file: str, digest: str, config: TrainingConfig, skeleton: Skeleton, size: tuple[int, int]
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
