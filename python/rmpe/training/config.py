"""What the configurations of all tasks have in common.

Every key of the TOML file is a field, in the table of its class; `rmpe.training.read` reads it. A
field without a default must be given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..networks.precision import WantedPrecision
from .rules import (
    BatchSize,
    Count,
    Fraction,
    NotNegative,
    NotNegativeCount,
    Positive,
    Seed,
    Side,
)

__all__ = ["ConfigError", "Network", "Optimizer", "Phase", "TrainingConfig"]


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the file and the key."""


@dataclass(frozen=True)
class Network:
    """``[network]``: what is trained.

    Attributes
    ----------
    architecture
        A key of :data:`rmpe.networks.architectures.ARCHITECTURES`.
    parameters
        The whole numbers that the architecture takes, by name.
    """

    architecture: str
    parameters: dict[str, int]


@dataclass(frozen=True)
class Optimizer:
    """``[optimizer]``: how a step is taken.

    Attributes
    ----------
    kind
        ``"adamw"``, ``"muon"`` (see `rmpe.training.muon`), or ``"rmsprop"`` (the paper's, alpha
        0.99, eps 1e-8).
    weight_decay
        Of the convolutions' weights; norms and biases have none.
    clip
        Largest norm of the gradient; a larger one is scaled down.
    ema
        Share of the old value in the moving average of the weights, at each step.
    """

    kind: Literal["adamw", "muon", "rmsprop"] = "adamw"
    weight_decay: NotNegative = 0.01
    clip: Positive = 1.0
    ema: Fraction = 0.999


@dataclass(frozen=True)
class Phase:
    """``[[phase]]``: a stretch of training; they follow each other.

    Attributes
    ----------
    name
        For messages, and to start at it (``--phase``).
    samples
        Its length.
    size
        Height and width of the crops.
    rate, end_rate
        Learning rate at the beginning and at the end.
    curve
        The way between them: ``"constant"`` (then both are equal), ``"linear"`` or ``"cosine"``.
    warmup
        Samples over which the rate rises from 0 at the beginning.
    """

    name: str
    samples: Count
    size: tuple[Side, Side]
    rate: Positive
    end_rate: NotNegative = 0.0
    curve: Literal["constant", "linear", "cosine"] = "constant"
    warmup: NotNegativeCount = 0


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What stands at the top of the file, whatever is trained.

    Attributes
    ----------
    task
        What is trained: a key of :data:`rmpe.training.task.TASKS`.
    batch_size
        Samples of a step, over all processes together.
    seed
        Of the weights and of everything random in the samples.
    precision
        ``"bfloat16"`` (convolutions; weights stay float32), ``"float32"``, or ``"auto"``: bfloat16
        where the processor has instructions for it, else float32. A resumed run keeps its own.
    longest_side
        Larger photographs are reduced to this when they are cached.
    validate_every
        Samples between two measurements.
    log_every, pictures_every, checkpoint_every
        Steps.
    """

    task: str
    network: Network
    phase: tuple[Phase, ...]
    optimizer: Optimizer = field(default_factory=Optimizer)
    batch_size: BatchSize = 32
    seed: Seed = 0
    precision: WantedPrecision = "auto"
    longest_side: Count = 640
    validate_every: Count = 20_000
    log_every: Count = 25
    pictures_every: Count = 2000
    checkpoint_every: Count = 250

    @property
    def numbers(self) -> dict[str, int]:
        """What the architecture takes."""
        return self.network.parameters
