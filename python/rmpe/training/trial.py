"""Networks of a configuration, tried without memory and without data.

What does not fit is refused when the configuration is read, not hours later, when the phase begins
that it is in.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ..listing import listed
from ..networks.architectures import ARCHITECTURES, architecture_builder
from ..toml_table import show
from .config import ConfigError, TrainingConfig
from .detector.config import DetectorConfig

__all__ = ["check_architecture", "check_forward", "check_sizes"]


def check_architecture(
    task: str, architecture: str, parameters: Mapping[str, int], key: str, parameters_key: str
) -> None:
    """Make sure that there is an architecture for a task, which takes such parameters.

    Parameters
    ----------
    task : str
        See :class:`rmpe.networks.architectures.Architecture`.
    architecture : str
    parameters : mapping of str to int
    key, parameters_key : str
        Where they stand in the configuration, for messages.

    Raises
    ------
    ConfigError
        The message names the key.

    Examples
    --------
    >>> check_architecture("localization", "vgg", {}, "architecture", "parameters")
    Traceback (most recent call last):
    rmpe.training.config.ConfigError: architecture must be one of resnet18_localization,
    small_localization, got 'vgg'
    """
    rows = {name: row for name, row in ARCHITECTURES.items() if row.task == task}
    if architecture not in rows:
        raise ConfigError(f"{key} must be one of {', '.join(rows)}, got {show(architecture)}")
    row = rows[architecture]
    limits = row.parameters | row.optional
    # How many classes there are, a configuration of a detector says by their names.
    needed = row.parameters.keys() - {"classes"}
    if not needed <= parameters.keys() <= limits.keys():
        raise ConfigError(
            f"{parameters_key} of {architecture} must be {', '.join(limits) or 'none'}, "
            f"got {show(list(parameters))}"
        )
    for name, value in parameters.items():
        if not 1 <= value <= limits[name]:
            raise ConfigError(
                f"{parameters_key}.{name} must be 1 to {limits[name]}, got {show(value)}"
            )


def check_sizes(config: TrainingConfig) -> None:
    """Make sure that the network takes the batches of every phase.

    Raises
    ------
    ConfigError
        Where it does not, or cannot be made of these parameters.
    """
    row = ARCHITECTURES[config.network.architecture]
    poses = row.task == "pose"
    if isinstance(config, DetectorConfig):
        # Of the outputs of the network, one is the background's.
        most = (row.parameters | row.optional)["classes"] - 1
        if len(config.classes) > most:
            raise ConfigError(
                f"classes must be at most {most}, which {config.network.architecture} can tell "
                f"apart, got {len(config.classes)}"
            )
    # How many joints there are, the data say; sizes do not depend on it.
    extra = {"joints": 1, "intermediate": True} if poses else {}
    try:
        with torch.device("meta"):
            network = architecture_builder(config.network.architecture)(**extra, **config.numbers)
    except ValueError as error:
        raise ConfigError(f"network.parameters: {error}") from None
    for phase in config.phase:
        output = check_forward(
            network,
            config.batch_size,
            phase.size,
            f"phase {show(phase.name)}: batches of batch_size and size",
        )
        if isinstance(config, DetectorConfig) and output[1].shape[2] != 1 + len(config.classes):
            raise ConfigError(
                f"network.parameters.classes must be {1 + len(config.classes)}, the background and "
                f"{listed(config.classes)}, got {output[1].shape[2]}; it may be left out"
            )


def check_forward(
    network: nn.Module, batch_size: int, size: tuple[int, int], what: str
) -> tuple[torch.Tensor, ...] | torch.Tensor:
    """Run a network on the meta device in training, on what is not there; its outputs.

    Raises
    ------
    ConfigError
        Where it does not take the input, which ``what`` names in the message.
    """
    images = torch.empty(batch_size, 3, *size, device="meta")
    try:
        with torch.no_grad():
            outputs: tuple[torch.Tensor, ...] | torch.Tensor = network.train()(images)
    except (ValueError, RuntimeError) as error:
        raise ConfigError(
            f"{what} must fit the network, got {batch_size} of {size[0]}x{size[1]}: {error}"
        ) from None
    return outputs
