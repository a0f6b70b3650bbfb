"""What ONNX files say of their own input, where whoever exported them wrote it down.

CIGPose's files hold, under the name ``cigpose_meta``, a JSON object with ``input_w``, ``input_h``
and ``split_ratio``, and may hold ``mean`` and ``std`` of 8-bit values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ModelError
from ..heads.simcc import SimCCHead
from ..toml_table import is_integer, is_number
from .card import LONGEST_SIDE, Card, PoseCard

__all__ = ["Embedded", "check_embedded", "read_embedded"]

_KEY = "cigpose_meta"


@dataclass(frozen=True)
class Embedded:
    """What a file says; None where it does not.

    Attributes
    ----------
    size
        Height and width of the input.
    split_ratio
        Bins of a SimCC vector per pixel of the input.
    mean, std
        Of each channel, of values in 0..255.
    """

    size: tuple[int, int] | None = None
    split_ratio: float | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None


def read_embedded(metadata: Mapping[str, str]) -> Embedded:
    """Read what the metadata of an ONNX file says, leaving out what makes no sense.

    Examples
    --------
    >>> text = '{"input_w": 192, "input_h": 256, "split_ratio": 2.0}'
    >>> read_embedded({"cigpose_meta": text}).size
    (256, 192)
    """
    try:
        values = json.loads(metadata.get(_KEY, "{}"))
    except (ValueError, RecursionError):  # Whatever it is, it is not JSON.
        return Embedded()
    if not isinstance(values, dict):
        return Embedded()
    height, width, ratio = (values.get(key) for key in ("input_h", "input_w", "split_ratio"))
    return Embedded(
        size=_two_sides(height, width),
        split_ratio=float(ratio) if isinstance(ratio, (int, float)) and is_number(ratio) else None,
        mean=_three_numbers(values.get("mean")),
        std=_three_numbers(values.get("std")),
    )


def check_embedded(card: Card, metadata: Mapping[str, str]) -> None:
    """Compare a card with what its file says.

    Raises
    ------
    rmpe.ModelError
        Where they contradict each other.
    """
    said, spec = read_embedded(metadata), card.input
    _compare(card, "input.size", said.size, spec.size)
    for name, value, ours in (("mean", said.mean, spec.mean), ("std", said.std, spec.std)):
        _compare(card, f"input.{name}", value, tuple(number / spec.scale for number in ours))
    if isinstance(card, PoseCard) and isinstance(card.head, SimCCHead):
        _compare(card, "simcc.split_ratio", said.split_ratio, card.head.split_ratio)


def _compare(card: Card, key: str, said: Any, ours: Any) -> None:
    if said is None:
        return
    pairs = zip(said, ours, strict=True) if isinstance(said, tuple) else [(said, ours)]
    if not all(math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-3) for a, b in pairs):
        raise ModelError(
            f"model {card.name}: {key} must be {said}, as {card.network.name} says itself, got "
            f"{ours}; write that into the card"
        )


def _two_sides(height: Any, width: Any) -> tuple[int, int] | None:
    if is_integer(height, 1, LONGEST_SIDE) and is_integer(width, 1, LONGEST_SIDE):
        return height, width
    return None


def _three_numbers(values: Any) -> tuple[float, ...] | None:
    if isinstance(values, list) and len(values) == 3 and all(map(is_number, values)):
        return tuple(map(float, values))
    return None
