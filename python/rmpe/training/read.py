"""Reading the configuration of a training run: one TOML file, in which nothing is left unread."""

from __future__ import annotations

import dataclasses
import math
import tomllib
import typing
from typing import Any, TypeVar

from ..networks.architectures import ARCHITECTURES
from .config import ConfigError, Network, TrainingConfig

__all__ = ["parse_config"]

# What a value must be beyond its type: by the field's name, wherever it stands.
_POSITIVE = "above 0", lambda value: value > 0
_NOT_NEGATIVE = "at least 0", lambda value: value >= 0
_CHANCE = "in 0..1", lambda value: 0 <= value <= 1
_RULES: dict[str, tuple[str, typing.Callable[[Any], bool]]] = {
    **dict.fromkeys(
        ("weight", "every", "std", "sigma", "clip", "samples", "size", "rate", "batch_size"),
        _POSITIVE,
    ),
    **dict.fromkeys(("longest_side", "log_every", "pictures_every", "checkpoint_every"), _POSITIVE),
    **dict.fromkeys(
        ("aspect", "padding", "rotation", "scale", "shift", "color", "weight_decay", "end_rate"),
        _NOT_NEGATIVE,
    ),
    **dict.fromkeys(("warmup", "seed"), _NOT_NEGATIVE),
    **dict.fromkeys(
        ("flip", "rotation_chance", "half_body_chance", "gray_chance", "erase_chance"), _CHANCE
    ),
    **dict.fromkeys(("erase_size", "ema"), _CHANCE),
}
_CHOICES = {
    "architecture": tuple(k for k, row in ARCHITECTURES.items() if row.task == "pose"),
    "kind": ("adamw", "rmsprop"),
    "curve": ("constant", "linear", "cosine"),
    "precision": ("bfloat16", "float32"),
}

T = TypeVar("T")


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
    _check_network(config.network, name)
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
    if typing.get_origin(hint) is dict:
        if not isinstance(value, dict):
            raise ConfigError(f"{name}: {key} must be a table, got {value!r}")
        return {
            k: _scalar(typing.get_args(hint)[1], v, name, f"{key}.{k}") for k, v in value.items()
        }
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


def _check_network(network: Network, name: str) -> None:
    limits = ARCHITECTURES[network.architecture].parameters
    if network.parameters.keys() != limits.keys():
        raise ConfigError(
            f"{name}: network.parameters of {network.architecture} must be {', '.join(limits)}, "
            f"got {', '.join(network.parameters)}"
        )
    for key, most in limits.items():
        if not 1 <= network.parameters[key] <= most:
            raise ConfigError(
                f"{name}: network.parameters.{key} must be 1 to {most}, "
                f"got {network.parameters[key]}"
            )


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
