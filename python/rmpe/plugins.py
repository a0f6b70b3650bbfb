"""What other packages add, by entry points of their own.

======================  =======================================================================
``rmpe.detectors``      a kind of detector, as `rmpe.detectors.detector.DetectorKind`
``rmpe.heads``          a head, as `rmpe.heads.head.Head`
``rmpe.pose_networks``  a pose network in PyTorch, an `rmpe.networks.architectures.Architecture`
``rmpe.cards``          a package whose folder holds model cards, and may hold their files
======================  =======================================================================
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from .errors import ModelError

__all__ = ["added_cards", "added_names", "load_added"]


@functools.lru_cache(maxsize=8)
def _entry_points(group: str) -> Mapping[str, metadata.EntryPoint]:
    return {point.name: point for point in metadata.entry_points(group=group)}


def added_names(group: str) -> tuple[str, ...]:
    """Name what packages add to a group, without importing them."""
    return tuple(sorted(_entry_points(group)))


def load_added(group: str, name: str) -> Any:
    """Import what a package adds under a name of `added_names`.

    Raises
    ------
    rmpe.ModelError
        Where it cannot be imported.
    """
    point = _entry_points(group)[name]
    try:
        return point.load()
    except Exception as error:  # Modules raise anything when they are imported.
        raise ModelError(f"{name} of {_owner(point)} cannot be used: {error}") from error


def added_cards() -> dict[str, Path]:
    """Find the cards that packages add, by the names of their files.

    Raises
    ------
    rmpe.ModelError
        Where such a package is not there.
    """
    found: dict[str, Path] = {}
    for point in _entry_points("rmpe.cards").values():
        try:
            spec = importlib.util.find_spec(point.value)
        except (ImportError, ValueError):
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(
                f"the cards of {_owner(point)} must be in a package, got {point.value}"
            )
        for folder in spec.submodule_search_locations:
            found |= {path.stem: path for path in sorted(Path(folder).glob("*.toml"))}
    return found


def _owner(point: metadata.EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist else point.value
