"""Where model files are kept, and whether the network may be used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["cache_folder", "hub_folder", "is_offline", "offline_variable", "shelf_of"]

_OFFLINE = ("RMPE_OFFLINE", "HF_HUB_OFFLINE")


def cache_folder() -> Path | None:
    """Return the folder of what is downloaded; None where nothing says where the home folder is.

    It is ``models`` in the folder that the environment variable ``RMPE_HOME`` names, else
    ``rmpe/models`` in ``XDG_CACHE_HOME``, else ``~/.cache/rmpe/models``.
    """
    if home := os.environ.get("RMPE_HOME"):
        return Path(home) / "models"
    cache = _base_folder()
    return None if cache is None else cache / "rmpe" / "models"


def shelf_of(kind: str, *addresses: str) -> str:
    """Name the folder within `cache_folder` of what comes from addresses, and from no other.

    Parameters
    ----------
    kind : str
        ``"cards"`` or ``"networks"``.
    *addresses : str
        As they were given: another revision is another address.

    Examples
    --------
    >>> shelf_of("networks", "hf:someone/nets@v1/net.onnx")
    'networks/558a5b44956c71e1'
    """
    digest = hashlib.sha256("\n".join(addresses).encode()).hexdigest()
    return f"{kind}/{digest[:16]}"


def hub_folder() -> Path | None:
    """Return the folder in which Hugging Face's libraries keep what they download.

    That is ``HF_HUB_CACHE``, else ``hub`` in ``HF_HOME``, else ``~/.cache/huggingface/hub``.
    """
    if hub := os.environ.get("HF_HUB_CACHE"):
        return Path(hub)
    if home := os.environ.get("HF_HOME"):
        return Path(home) / "hub"
    cache = _base_folder()
    return None if cache is None else cache / "huggingface" / "hub"


def is_offline() -> bool:
    """Return whether ``RMPE_OFFLINE`` or ``HF_HUB_OFFLINE`` forbids downloads."""
    return offline_variable() is not None


def offline_variable() -> str | None:
    """Name the environment variable that forbids downloads, or None."""
    for name in _OFFLINE:
        if os.environ.get(name, "").lower() in ("1", "true", "yes", "on"):
            return name
    return None


def _base_folder() -> Path | None:
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache)
    try:
        return Path("~/.cache").expanduser()
    except RuntimeError:  # Nothing says where the home folder is.
        return None
