"""The configuration of a training run, as frozen dataclasses; `rmpe.training.read` reads the file.

Every key of the TOML file is a field below, in the table of its class. A field without a default
must be given.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "Augmentation",
    "ConfigError",
    "Input",
    "Network",
    "Optimizer",
    "Phase",
    "Source",
    "TrainingConfig",
    "Validation",
]


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the file and the key."""


@dataclass(frozen=True)
class Source:
    """``[[source]]``: annotated photographs, one table for each set that is mixed in.

    Attributes
    ----------
    annotations, images
        COCO annotations and the folder of the images, relative to the folder of the data.
    weight
        Share of the samples, relative to the other sources.
    aspect
        Standard deviation of the logarithm of a random change of the aspect ratio.
    """

    annotations: str
    images: str
    weight: float = 1.0
    aspect: float = 0.0


@dataclass(frozen=True)
class Validation:
    """``[validation]``: what the average precision is measured on, and how often.

    Attributes
    ----------
    annotations, images
        As in a source.
    every
        Samples between two measurements.
    decode
        Convention of :func:`rmpe_ext.decode`.
    """

    annotations: str
    images: str
    every: int = 50_000
    decode: str = "dark"


@dataclass(frozen=True)
class Network:
    """``[network]``: what is trained.

    Attributes
    ----------
    architecture
        A key of :data:`rmpe.networks.architectures.ARCHITECTURES` that is for poses.
    parameters
        The whole numbers that the architecture takes, by name.
    """

    architecture: str
    parameters: dict[str, int]


@dataclass(frozen=True)
class Input:
    """``[input]``: what the network sees, and the maps that it has to give.

    Attributes
    ----------
    mean, std
        Of each channel, in 0..1.
    padding
        By how much a box grows before it is cut, as a fraction of its side.
    sigma
        Of the Gaussian at a joint, in heatmap pixels.
    """

    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    padding: float = 0.25
    sigma: float = 1.5


@dataclass(frozen=True)
class Augmentation:
    """``[augmentation]``: how much the samples vary; every 0 switches something off.

    Attributes
    ----------
    flip
        Probability that a sample is mirrored.
    rotation, rotation_chance
        Standard deviation in degrees (at most twice that is drawn), and how often.
    scale
        Standard deviation of the logarithm of the size (at most twice that is drawn).
    shift
        Standard deviation of the center, as a fraction of the box's side.
    half_body_chance
        How often only the upper or the lower body is shown, of people with 8 joints or more.
    color
        Standard deviation of brightness, contrast, saturation and the gain of each channel.
    gray_chance
        How often the colors are taken away.
    erase_chance, erase_size
        How often a rectangle is filled with noise, and its largest side as a fraction of the
        crop's.
    """

    flip: float = 0.5
    rotation: float = 25.0
    rotation_chance: float = 0.6
    scale: float = 0.2
    shift: float = 0.06
    half_body_chance: float = 0.2
    color: float = 0.15
    gray_chance: float = 0.05
    erase_chance: float = 0.3
    erase_size: float = 0.35


@dataclass(frozen=True)
class Optimizer:
    """``[optimizer]``: how a step is taken.

    Attributes
    ----------
    kind
        ``"adamw"``, or ``"rmsprop"`` (the paper's, alpha 0.99, eps 1e-8).
    weight_decay
        Of the convolutions' weights; norms and biases have none.
    clip
        Largest norm of the gradient; a larger one is scaled down.
    ema
        Share of the old value in the moving average of the weights, at each step.
    """

    kind: str = "adamw"
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999


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
    samples: int
    size: tuple[int, int]
    rate: float
    end_rate: float = 0.0
    curve: str = "constant"
    warmup: int = 0


@dataclass(frozen=True)
class TrainingConfig:
    """The whole file.

    Attributes
    ----------
    batch_size
        Samples of a step, over all processes together.
    seed
        Of the weights and of everything random in the samples.
    precision
        ``"bfloat16"`` (convolutions; weights stay float32) or ``"float32"``.
    longest_side
        Larger photographs are reduced to this when they are cached.
    log_every, pictures_every, checkpoint_every
        Steps.
    """

    network: Network
    source: tuple[Source, ...]
    validation: Validation
    phase: tuple[Phase, ...]
    input: Input = field(default_factory=Input)
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: Optimizer = field(default_factory=Optimizer)
    batch_size: int = 32
    seed: int = 0
    precision: str = "bfloat16"
    longest_side: int = 640
    log_every: int = 25
    pictures_every: int = 2000
    checkpoint_every: int = 250
