"""The configuration of a training run: one TOML file, read into frozen dataclasses.

Every key is a field below, in the table of its class; one that is not is refused. A field without
a default must be given.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

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
    "parse_config",
    "read_config",
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
    """``[network]``: what is trained; `rmpe.training.networks` builds it.

    Attributes
    ----------
    architecture
        ``"basic_hourglass"`` or ``"stacked_hourglass"``.
    stacks
        Number of hourglasses.
    widths, stem
        Channels of a basic hourglass.
    features, blocks
        Channels and residual blocks of a stacked hourglass.
    """

    architecture: str
    stacks: int = 2
    widths: tuple[int, ...] = (64, 96, 128, 128)
    stem: int = 32
    features: int = 256
    blocks: int = 1


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
    grey_chance
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
    grey_chance: float = 0.05
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


# What a value must be beyond its type: by the field's name, wherever it stands.
_POSITIVE = "above 0", lambda value: value > 0
_NOT_NEGATIVE = "at least 0", lambda value: value >= 0
_CHANCE = "in 0..1", lambda value: 0 <= value <= 1
_RULES: dict[str, tuple[str, typing.Callable[[Any], bool]]] = {
    **dict.fromkeys(
        ("weight", "every", "stacks", "stem", "features", "blocks", "std", "sigma", "clip"),
        _POSITIVE,
    ),
    **dict.fromkeys(("samples", "size", "rate", "batch_size", "widths"), _POSITIVE),
    **dict.fromkeys(("longest_side", "log_every", "pictures_every", "checkpoint_every"), _POSITIVE),
    **dict.fromkeys(
        ("aspect", "padding", "rotation", "scale", "shift", "color", "weight_decay", "end_rate"),
        _NOT_NEGATIVE,
    ),
    **dict.fromkeys(("warmup", "seed"), _NOT_NEGATIVE),
    **dict.fromkeys(
        ("flip", "rotation_chance", "half_body_chance", "grey_chance", "erase_chance"), _CHANCE
    ),
    **dict.fromkeys(("erase_size", "ema"), _CHANCE),
}
_CHOICES = {
    "architecture": ("basic_hourglass", "stacked_hourglass"),
    "kind": ("adamw", "rmsprop"),
    "curve": ("constant", "linear", "cosine"),
    "precision": ("bfloat16", "float32"),
}

T = TypeVar("T")


def read_config(path: Path) -> TrainingConfig:
    """Read a configuration; see `parse_config`.

    Raises
    ------
    ConfigError
        Where the file cannot be read, or is not what `TrainingConfig` says.
    """
    try:
        content = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    return parse_config(content, str(path))


def parse_config(content: str, name: str = "configuration") -> TrainingConfig:
    """Make a configuration of the text of a TOML file.

    Parameters
    ----------
    content : str
    name : str
        Of the file, for messages.

    Raises
    ------
    ConfigError
        For an unknown or missing key, or a value that is not what its field says.

    Examples
    --------
    >>> parse_config("batchsize = 16")
    Traceback (most recent call last):
    rmpe.training.config.ConfigError: configuration: batchsize is not a known key; known are
    network, source, validation, phase, input, augmentation, optimizer, batch_size, seed, precision,
    longest_side, log_every, pictures_every, checkpoint_every
    """
    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not a TOML file: {error}") from error
    config = _build(TrainingConfig, values, name, "")
    _check_phases(config, name)
    return config


def _build(kind: type[T], values: Any, name: str, prefix: str) -> T:
    """One dataclass from its table."""
    if not isinstance(values, dict):
        raise ConfigError(f"{name}: {prefix.rstrip('.')} must be a table, got {values!r}")
    fields = {entry.name: entry for entry in dataclasses.fields(typing.cast(Any, kind))}
    for key in values:
        if key not in fields:
            raise ConfigError(
                f"{name}: {prefix}{key} is not a known key; known are {', '.join(fields)}"
            )
    hints = typing.get_type_hints(kind)
    given = {key: _value(hints[key], value, name, prefix + key) for key, value in values.items()}
    for key, entry in fields.items():
        needed = entry.default is dataclasses.MISSING
        if needed and entry.default_factory is dataclasses.MISSING and key not in given:
            raise ConfigError(f"{name}: {prefix}{key} is missing")
    return kind(**given)


def _value(hint: Any, value: Any, name: str, key: str) -> Any:
    """One value, of the type that its field has."""
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast(type[Any], hint), value, name, key + ".")
    if typing.get_origin(hint) is tuple:
        kinds = typing.get_args(hint)
        count = None if kinds[-1] is Ellipsis else len(kinds)
        if not isinstance(value, list) or not value or count not in (None, len(value)):
            many = "a list" if count is None else f"a list of {count}"
            raise ConfigError(f"{name}: {key} must be {many}, got {value!r}")
        return tuple(
            _value(kinds[0], item, name, f"{key}[{position}]")
            for position, item in enumerate(value)
        )
    return _scalar(hint, value, name, key)


def _scalar(hint: Any, value: Any, name: str, key: str) -> Any:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    if hint is float and type(value) is int:
        value = float(value)
    if type(value) is not hint or (hint is float and not math.isfinite(value)):
        raise ConfigError(f"{name}: {key} must be {words[hint]}, got {value!r}")
    last = key.rpartition(".")[2].partition("[")[0]
    if last in _CHOICES and value not in _CHOICES[last]:
        raise ConfigError(
            f"{name}: {key} must be one of {', '.join(_CHOICES[last])}, got {value!r}"
        )
    if last in _RULES and not _RULES[last][1](value):
        raise ConfigError(f"{name}: {key} must be {_RULES[last][0]}, got {value!r}")
    return value


def _check_phases(config: TrainingConfig, name: str) -> None:
    names = [phase.name for phase in config.phase]
    for phase in config.phase:
        if names.count(phase.name) > 1:
            raise ConfigError(f"{name}: phases must have distinct names, got {phase.name!r} twice")
        if phase.curve == "constant" and phase.end_rate:
            raise ConfigError(
                f"{name}: phase {phase.name}: end_rate has no meaning with the curve constant; "
                "take linear or cosine"
            )
        if phase.warmup >= phase.samples:
            raise ConfigError(
                f"{name}: phase {phase.name}: warmup must be below its samples, "
                f"got {phase.warmup} of {phase.samples}"
            )
