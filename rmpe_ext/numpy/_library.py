"""The compiled library."""

from __future__ import annotations

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

__all__ = ["library"]


def _reason(error: ImportError) -> str:
    folder = os.path.dirname(os.path.dirname(__file__))
    built = sorted(
        name for name in os.listdir(folder) if name.startswith("_numpy.") and name != "_numpy.pyi"
    )
    if not built:
        return f"there is no _numpy in {folder}"
    if not any("_numpy" + suffix in built for suffix in EXTENSION_SUFFIXES):
        return f"{built[0]} is for another Python than this one, {sys.implementation.cache_tag}"
    return f"{built[0]} did not load: {error}"


try:
    from .. import _numpy as library
except ImportError as error:
    raise ImportError(
        f"rmpe_ext.numpy needs its compiled library, and {_reason(error)}. To build it, install a "
        "C++ compiler and reinstall, in the folder of the sources, under this Python: pip install ."
    ) from error
