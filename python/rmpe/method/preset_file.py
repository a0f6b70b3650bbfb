"""Presets of pose NMS, and other suppressions, in files, as ``rmpe fit-nms`` writes them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from typing import Any

from rmpe_ext.presets import PRESETS, PoseNMSPreset, resolve_preset

from ..arguments import as_path
from ..output_file import write_output
from ..terminal import printable
from ..toml_file import TomlError, parse_toml, read_text
from .fitted_suppression import FittedSuppression

__all__ = ["load_preset", "write_preset"]


def load_preset(
    preset: str | os.PathLike[str] | PoseNMSPreset | FittedSuppression,
) -> PoseNMSPreset | FittedSuppression:
    """Find a preset of pose NMS, or another suppression with its parameters.

    Parameters
    ----------
    preset : str, path, PoseNMSPreset or FittedSuppression
        A key of `rmpe_ext.presets.PRESETS`; or the path of a ``.toml`` file, which holds the fields
        of a `rmpe_ext.presets.PoseNMSPreset`, or those that differ from a known one and the name of
        that: ``preset = "paper"``; or, of a suppression of another kind, its name and parameters:
        ``kind = "oks-nms"``, ``threshold = 0.85``. What is no text or path is returned.

    Raises
    ------
    ValueError
        There is no such preset, or the file is not like that; the message names file and field.

    Examples
    --------
    >>> load_preset("rmpe").eta
    22.48
    """
    if isinstance(preset, (PoseNMSPreset, FittedSuppression)):
        return preset
    path = as_path("preset", preset)
    if path.suffix != ".toml":
        for name, known in PRESETS.items():
            if name == preset:
                return known
        raise ValueError(
            f"preset must be one of {', '.join(PRESETS)}, or the path of a .toml file, "
            f"got {str(preset)!r}"
        )
    try:
        fields = parse_toml(read_text(path, "preset"), f"the preset {path}")
    except TomlError as error:
        raise ValueError(str(error)) from None
    try:
        if "kind" in fields:
            return FittedSuppression(fields.pop("kind"), fields)
        if "preset" in fields:
            return resolve_preset(fields.pop("preset"), fields)
        return PoseNMSPreset(**fields)
    except (ValueError, TypeError) as error:
        raise ValueError(f"the preset {path} is not valid: {error}") from None


def write_preset(
    path: str | os.PathLike[str],
    preset: PoseNMSPreset | FittedSuppression,
    comments: Iterable[str] = (),
) -> None:
    """Write all fields of a preset to a file that `load_preset` reads, below lines of comments."""
    # TOML has no control characters, also in comments.
    lines = [f"# {printable(line)}" for line in comments]
    if isinstance(preset, FittedSuppression):
        fields: dict[str, Any] = {"kind": preset.kind, **preset.parameters}
    else:
        fields = {field.name: getattr(preset, field.name) for field in dataclasses.fields(preset)}
    for name, value in fields.items():
        if value is None or name == "summary":
            continue
        text = str(value).lower() if isinstance(value, bool) else value
        lines.append(f'{name} = "{text}"' if isinstance(value, str) else f"{name} = {text}")
    write_output(path, ("\n".join(lines) + "\n").encode())
