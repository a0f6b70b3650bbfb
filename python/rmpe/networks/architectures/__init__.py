"""PyTorch networks, one architecture a file.

A card names its architecture, and holds the numbers that the architecture takes in a table of the
same name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import ModelError
from ...plugins import added_names, load_added

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "architecture_builder",
    "architecture_names",
    "build_architecture",
    "find_architecture",
    "recognize",
]

_GROUP = "rmpe.pose_networks"


@dataclass(frozen=True)
class Architecture:
    """A row of the table, or what another package adds to it.

    Attributes
    ----------
    task
        What it is for: ``"detector"``, ``"pose"``, or ``"localization"``, the network of a spatial
        transformer.
    module, builder
        The function, in the module of that name, that makes the network. It takes the parameters
        and for poses ``joints``, the number of keypoints. Modules of `ARCHITECTURES` are in this
        package; those of others have their full name.
    parameters
        The whole numbers that a card gives, and the largest value of each: a card may come from
        anywhere, and must not ask for more memory than there is.
    optional
        Likewise, of those that may be left out.
    divisor, smallest
        Height and width of the input are multiples of the one, and at least the other.
    """

    task: str
    module: str
    builder: str
    parameters: dict[str, int] = field(default_factory=dict)
    optional: dict[str, int] = field(default_factory=dict)
    divisor: int = 1
    smallest: int = 1

    @property
    def size_rule(self) -> str:
        """What height and width must be, in words; ``""`` where any will do."""
        rules = [f"multiples of {self.divisor}"] * (self.divisor > 1)
        rules += [f"at least {self.smallest}"] * (self.smallest > 1)
        return " and ".join(rules)


ARCHITECTURES = {
    "basic_hourglass": Architecture(
        "pose",
        "basic_hourglass",
        "basic_hourglass",
        {
            "stacks": 16,
            "stem": 512,
            "width_4": 1024,
            "width_8": 1024,
            "width_16": 1024,
            "width_32": 1024,
        },
        divisor=32,
    ),
    "hourglass52": Architecture("pose", "hourglass52", "hourglass52", {"stacks": 16}, divisor=128),
    "mobile_hourglass": Architecture(
        "pose", "mobile_hourglass", "mobile_hourglass", {"stem": 512, "features": 1024}, divisor=64
    ),
    "newell_hourglass": Architecture(
        "pose", "hourglass", "newell_hourglass", {"stacks": 16, "features": 1024}, divisor=64
    ),
    "resnet18_localization": Architecture("localization", "localization", "resnet18_localization"),
    "small_localization": Architecture(
        "localization", "localization", "small_localization", {"width": 64, "cells": 8}, smallest=8
    ),
    "small_ssd": Architecture(
        "detector",
        "small_ssd",
        "small_ssd",
        {
            "width_4": 512,
            "width_8": 1024,
            "width_16": 1024,
            "width_32": 1024,
            "width_64": 1024,
            "neck": 1024,
        },
        {"classes": 1000},
        divisor=128,
    ),
    # Of less, the last levels' convolutions would have nothing to look at.
    "ssd300_vgg16": Architecture(
        "detector",
        "ssd",
        "ssd300_vgg16",
        {"classes": 1000, "smallest": 99, "second": 89},
        smallest=268,
    ),
    "ssd512_vgg16": Architecture(
        "detector",
        "ssd",
        "ssd512_vgg16",
        {"classes": 1000, "smallest": 99, "second": 89},
        smallest=268,
    ),
    "ssdlite320_mobilenet_v3_large": Architecture(
        "detector", "ssd", "ssdlite320_mobilenet_v3_large", {"classes": 1000}
    ),
    "stacked_hourglass": Architecture(
        "pose",
        "hourglass",
        "stacked_hourglass",
        {"stacks": 16, "blocks": 8, "features": 1024},
        divisor=64,
    ),
}


def architecture_names(task: str) -> tuple[str, ...]:
    """Name those for a task: of `ARCHITECTURES`, and for poses those that other packages add."""
    own = tuple(name for name, row in ARCHITECTURES.items() if row.task == task)
    added = added_names(_GROUP) if task == "pose" else ()
    return own + tuple(name for name in added if name not in ARCHITECTURES)


def find_architecture(name: str) -> Architecture:
    """Return the row of one of `architecture_names`.

    Raises
    ------
    rmpe.ModelError
        Where another package adds what is none.
    """
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    added = load_added(_GROUP, name)
    if not isinstance(added, Architecture) or added.task != "pose":
        raise ModelError(
            f'{name} of {_GROUP} must be an Architecture of the task "pose", got {added!r}'
        )
    return added


def architecture_builder(name: str) -> Callable[..., nn.Module]:
    """Import the function that makes one of `architecture_names`.

    Those for poses take ``intermediate``: whether the network gives the outputs of all its stacks,
    as training wants them, or those of the last alone, which is the default.
    """
    row = find_architecture(name)
    path = f".{row.module}" if name in ARCHITECTURES else row.module
    module = importlib.import_module(path, __name__)
    builder: Callable[..., nn.Module] = getattr(module, row.builder)
    return builder


def build_architecture(name: str, **parameters: int) -> nn.Module:
    """Make one of `architecture_names` without memory for its weights, on the meta device.

    Returns
    -------
    torch.nn.Module
        Its state dict has the names of the published checkpoints.

    Examples
    --------
    >>> module = build_architecture("stacked_hourglass", joints=16, stacks=1, blocks=1, features=32)
    >>> next(module.parameters()).device
    device(type='meta')
    """
    import torch

    builder = architecture_builder(name)
    with torch.device("meta"):
        module: nn.Module = builder(**parameters)
    return module


def recognize(weights: Mapping[str, torch.Tensor]) -> tuple[str, dict[str, int]] | None:
    """Tell which of `ARCHITECTURES` made a state dict, and with which numbers.

    Modules that can tell have a function ``read_numbers`` that does.

    Returns
    -------
    tuple of str and dict of str to int, or None
        The name and arguments of `build_architecture`, as far as they can be told; None for what
        none of them knows.

    Examples
    --------
    >>> numbers = {"joints": 16, "stacks": 2, "blocks": 1, "features": 32}
    >>> recognize(build_architecture("stacked_hourglass", **numbers).state_dict())
    ('stacked_hourglass', {'joints': 16, 'stacks': 2, 'blocks': 1, 'features': 32})
    """
    for name in sorted({row.module for row in ARCHITECTURES.values()}):
        module = importlib.import_module(f".{name}", __name__)
        found: tuple[str, dict[str, int]] | None = (
            module.read_numbers(weights) if hasattr(module, "read_numbers") else None
        )
        if found is not None:
            return found
    return None
