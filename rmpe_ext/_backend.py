"""The compiled libraries: where they are, whether they load, and which implementation runs."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Backend", "backend"]

_MODES = ("auto", "native", "reference")


@dataclass(frozen=True)
class Backend:
    """The implementation that runs.

    Attributes
    ----------
    mode
        ``"native"`` where the compiled library was loaded, else ``"reference"``.
    library
        Path of the loaded library with the kernels for the CPU, or None.
    reason
        Why no library was loaded, or None.
    cuda_library
        Path of the loaded library with the kernels for CUDA, or None.
    cuda_reason
        Why it was not loaded, or None.
    """

    mode: str
    library: Path | None
    reason: str | None
    cuda_library: Path | None
    cuda_reason: str | None


@functools.cache
def backend() -> Backend:
    """Load the compiled libraries on the first call, and return what was loaded.

    The environment variable ``RMPE_EXT_BACKEND`` chooses: ``auto`` (the default) loads the
    libraries that were built, ``native`` requires the one for the CPU, ``reference`` loads none.

    Returns
    -------
    Backend

    Raises
    ------
    ValueError
        If ``RMPE_EXT_BACKEND`` is none of the three.
    ImportError
        If ``RMPE_EXT_BACKEND=native`` and the library is missing or does not load.

    Examples
    --------
    >>> import rmpe_ext
    >>> rmpe_ext.backend().mode in ("native", "reference")
    True
    """
    mode = os.environ.get("RMPE_EXT_BACKEND", "auto")
    if mode not in _MODES:
        raise ValueError(f"RMPE_EXT_BACKEND must be one of {', '.join(_MODES)}, got {mode!r}")
    if mode == "reference":
        by_choice = "RMPE_EXT_BACKEND=reference"
        return Backend("reference", None, by_choice, None, by_choice)
    import torch

    library, reason = _load("_C")
    if mode == "native" and library is None:
        raise ImportError(f"RMPE_EXT_BACKEND=native, but {reason}")
    # The library for CUDA is linked with libraries that only CUDA builds of torch have.
    cuda_library: Path | None = None
    cuda_reason: str | None = f"torch {torch.__version__} is built without CUDA"
    if torch.version.cuda is not None:
        cuda_library, cuda_reason = _load("_C_cuda")
    mode = "reference" if library is None else "native"
    return Backend(mode, library, reason, cuda_library, cuda_reason)


def _load(name: str) -> tuple[Path | None, str | None]:
    """Return the path of the library that was loaded, or the reason why none was."""
    import torch

    folder = Path(__file__).parent
    libraries = sorted(folder.glob(f"{name}.*"))
    if not libraries:
        return None, f"no compiled library {name} in {folder}"
    try:
        torch.ops.load_library(libraries[0])  # type: ignore[no-untyped-call]
    except OSError as error:
        return None, f"{libraries[0].name} did not load: {error}"
    return libraries[0], None
