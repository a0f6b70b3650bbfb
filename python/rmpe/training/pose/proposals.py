"""The proposals of a configuration."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ...method.proposals import FITTED, RELEASED, Proposals, random_jitter, read_proposals
from ...skeletons import Skeleton
from ..config import ConfigError
from . import config

__all__ = ["load_proposals", "proposals_contents"]


def load_proposals(spec: config.Proposals, folder: Path, skeleton: Skeleton) -> Proposals | None:
    """Read them, if there are any.

    Parameters
    ----------
    spec : rmpe.training.pose.config.Proposals
    folder : Path
        Of the configuration's own file.
    skeleton : Skeleton
        That of the sources.

    Raises
    ------
    ConfigError
        A file is given with a kind that has none, or not with one that has, or is of another
        skeleton.
    """
    if (spec.kind in ("fitted", "jitter")) != bool(spec.file):
        raise ConfigError(
            "proposals.file must be given with the kinds fitted and jitter, and with no other; "
            f"got {spec.file!r} with {spec.kind}"
        )
    if spec.kind == "none":
        return None
    if spec.kind == "released":
        return RELEASED
    fitted = read_proposals(_path(spec, folder))
    if fitted.poses is not None and fitted.poses.skeleton != skeleton:
        raise ConfigError(
            f"proposals.file must have poses of {skeleton.name}, as the sources have, got "
            f"{spec.file!r} with those of {fitted.poses.skeleton.name}"
        )
    return random_jitter(fitted) if spec.kind == "jitter" else fitted


def proposals_contents(spec: config.Proposals, folder: Path) -> dict[str, str]:
    """What their file holds, if there is one, by its digest."""
    if not spec.file:
        return {}
    digest = hashlib.sha256(_path(spec, folder).read_bytes()).hexdigest()
    return {f"proposals file, {spec.file}": f"sha256 {digest}"}


def _path(spec: config.Proposals, folder: Path) -> Path:
    return FITTED.get(spec.file, folder / spec.file)
