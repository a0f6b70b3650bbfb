"""Reading the configuration of a training run: one TOML file, in which nothing is left unread."""

from __future__ import annotations

import dataclasses
import math
import typing
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union

from ..toml_file import TomlError, parse_toml
from ..toml_table import is_number, plain, show
from .config import ConfigError, TrainingConfig
from .task import TASKS, task_class
from .trial import check_architecture

__all__ = ["parse_config"]

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
    >>> parse_config("task = 'juggling'")
    Traceback (most recent call last):
    rmpe.training.config.ConfigError: configuration: task must be one of pose, detector,
    got 'juggling'
    """
    try:
        values = parse_toml(content, name)
    except TomlError as error:
        raise ConfigError(str(error)) from None
    task = values.get("task")
    if not isinstance(task, str) or task not in TASKS:
        raise ConfigError(f"{name}: task must be one of {', '.join(TASKS)}, got {show(task)}")
    config: TrainingConfig = _build(task_class(task).config_class, values, name, "")
    _check_network(config, name)
    _check_phases(config, name)
    return config


def _build(kind: type[T], values: Any, name: str, prefix: str) -> T:
    """One dataclass from its table."""
    if not isinstance(values, dict):
        raise ConfigError(f"{name}: {prefix.rstrip('.')} must be a table, got {show(values)}")
    fields = {entry.name: entry for entry in dataclasses.fields(typing.cast(Any, kind))}
    for key in values:
        if key not in fields:
            raise ConfigError(
                f"{name}: {prefix}{plain(key)} is not a known key; known are {', '.join(fields)}"
            )
    hints = typing.get_type_hints(kind, include_extras=True)
    given = {key: _value(hints[key], value, name, prefix + key) for key, value in values.items()}
    for key, entry in fields.items():
        needed = entry.default is dataclasses.MISSING
        if needed and entry.default_factory is dataclasses.MISSING and key not in given:
            raise ConfigError(f"{name}: {prefix}{key} is missing")
    return kind(**given)


def _value(hint: Any, value: Any, name: str, key: str) -> Any:
    """One value, of the type that its field has."""
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast(Any, hint), value, name, key + ".")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        checked, rule = _value(arguments[0], value, name, key), arguments[1]
        if not rule.holds(checked):
            raise ConfigError(f"{name}: {key} must be {rule}, got {show(value)}")
        return checked
    if origin is Literal:
        if value not in arguments:
            raise ConfigError(
                f"{name}: {key} must be one of {', '.join(arguments)}, got {show(value)}"
            )
        return value
    if origin in (Union, UnionType):  # a table that may be left out
        return _value(arguments[0], value, name, key)
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigError(f"{name}: {key} must be a table, got {show(value)}")
        return {k: _value(arguments[1], v, name, f"{key}.{plain(k)}") for k, v in value.items()}
    if origin is tuple:
        return _values(arguments, value, name, key)
    return _scalar(hint, value, name, key)


def _values(hints: tuple[Any, ...], value: Any, name: str, key: str) -> tuple[Any, ...]:
    count = None if hints[-1] is Ellipsis else len(hints)
    if not isinstance(value, list) or not value or count not in (None, len(value)):
        many = "a list" if count is None else f"a list of {count}"
        raise ConfigError(f"{name}: {key} must be {many}, got {show(value)}")
    return tuple(
        _value(hints[0], item, name, f"{key}[{position}]") for position, item in enumerate(value)
    )


def _scalar(hint: Any, value: Any, name: str, key: str) -> Any:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    # A whole number is a number, unless it is larger than any float.
    number = float(value) if hint is float and is_number(value) else value
    if type(number) is not hint or (hint is float and not math.isfinite(number)):
        raise ConfigError(f"{name}: {key} must be {words[hint]}, got {show(value)}")
    return number


def _check_network(config: TrainingConfig, name: str) -> None:
    network = config.network
    try:
        check_architecture(
            config.task,
            network.architecture,
            network.parameters,
            "network.architecture",
            "network.parameters",
        )
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None


def _check_phases(config: TrainingConfig, name: str) -> None:
    names = [phase.name for phase in config.phase]
    for phase in config.phase:
        if names.count(phase.name) > 1:
            raise ConfigError(
                f"{name}: phases must have distinct names, got {show(phase.name)} twice"
            )
        if phase.curve == "constant" and phase.end_rate:
            raise ConfigError(
                f"{name}: phase {plain(phase.name)}: end_rate has no meaning with the curve "
                "constant; take linear or cosine"
            )
        if phase.warmup >= phase.samples:
            raise ConfigError(
                f"{name}: phase {plain(phase.name)}: warmup must be below its samples, "
                f"got {phase.warmup} of {phase.samples}"
            )
