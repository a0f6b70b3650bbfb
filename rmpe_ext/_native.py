"""Load the compiled kernels and register every op with PyTorch.

An op's schema, its fake kernel and its reference implementation are registered from Python, so the
package works where no library was built; the library adds kernels for its device, and PyTorch's
dispatcher prefers them.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ._vmap import each_in_turn

__all__ = ["Backend", "backend", "define"]

_NAMESPACE = "rmpe_ext"
_MODES = ("auto", "native", "reference")
_registrations: list[torch.library.Library] = []  # an op lives as long as its Library object


@dataclass(frozen=True)
class Backend:
    """Which implementation runs.

    Attributes
    ----------
    mode
        ``"native"`` where the compiled library was loaded, else ``"reference"``.
    library
        Path of the library that was loaded, with the kernels for the CPU, or None.
    reason
        Why no library was loaded, or None.
    cuda_library
        Path of the library with the kernels for CUDA, or None.
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
    """Load the compiled libraries on the first call and say what was loaded.

    The environment variable ``RMPE_EXT_BACKEND`` chooses: ``auto`` (the default) takes the
    libraries where there are any, ``native`` insists on the one for the CPU, ``reference`` leaves
    them alone.

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
        reason = "RMPE_EXT_BACKEND=reference"
        return Backend("reference", None, reason, None, reason)
    library, reason = _load("_C")
    if mode == "native" and library is None:
        raise ImportError(f"RMPE_EXT_BACKEND=native, but {reason}")
    # The library for CUDA is linked with torch's own, which only its CUDA builds have.
    if torch.version.cuda is None:
        cuda_library, cuda_reason = None, f"torch {torch.__version__} is built without CUDA"
    else:
        cuda_library, cuda_reason = _load("_C_cuda")
    mode = "reference" if library is None else "native"
    return Backend(mode, library, reason, cuda_library, cuda_reason)


def _load(name: str) -> tuple[Path | None, str | None]:
    """The library's path where it was loaded, else why it was not."""
    folder = Path(__file__).parent
    libraries = sorted(folder.glob(f"{name}.*"))
    if not libraries:
        return None, f"no compiled library {name} in {folder}"
    try:
        torch.ops.load_library(libraries[0])
    except OSError as error:
        return None, f"{libraries[0].name} did not load: {error}"
    return libraries[0], None


@functools.cache
def _warn_reference(device: str) -> None:
    """Warn, once for each type of device, that a slow path runs where a fast one could."""
    if os.environ.get("RMPE_EXT_BACKEND") == "reference":
        return
    reasons = {"cpu": backend().reason, "cuda": backend().cuda_reason}
    reason = reasons.get(device)
    if reason is None:
        reason = f"there are no native kernels for {device}"
        remedy = "Tensors on the CPU or on CUDA would use the native kernels."
    else:
        compiler = "the CUDA toolkit (nvcc)" if device == "cuda" else "a C++ compiler"
        remedy = (
            f"To build the native kernels, install {compiler} and reinstall: "
            "pip install --no-build-isolation ."
        )
    warnings.warn(
        f"rmpe_ext runs its pure-PyTorch path on {device} tensors: {reason}. Results are the "
        f"same; most ops are many times slower. {remedy} "
        "RMPE_EXT_BACKEND=reference silences this warning.",
        RuntimeWarning,
        stacklevel=_caller_level(),
    )


def _caller_level() -> int:
    """The stack level, for ``warnings.warn`` in the calling function, of the op's user."""
    own = (str(Path(__file__).parent), str(Path(torch.__file__).parent))
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame, level = frame.f_back, level + 1
    return level


def define(
    schema: str,
    *,
    reference: Callable[..., Any],
    fake: Callable[..., Any],
    vmap: Callable[..., Any] = each_in_turn,
) -> Callable[..., Any]:
    """Register an op as ``torch.ops.rmpe_ext.<name>``.

    Parameters
    ----------
    schema
        ``"name(Tensor x, ...) -> Tensor"``.
    reference
        The pure-PyTorch implementation, run on every device without a native kernel.
    fake
        Computes the shapes and dtypes of the results, for ``torch.compile`` and ``torch.export``.
    vmap
        The rule for ``torch.vmap``, one of :mod:`rmpe_ext._vmap`.

    Returns
    -------
    callable
        The op, to be called with the schema's arguments.
    """
    backend()
    name = schema.partition("(")[0]

    @functools.wraps(reference)
    def fallback(*arguments: Any) -> Any:
        _warn_reference(_device_type(arguments))
        return reference(*arguments)

    library = torch.library.Library(_NAMESPACE, "FRAGMENT")
    library.define(schema)
    library.impl(name, fallback, "CompositeExplicitAutograd")
    op = getattr(getattr(torch.ops, _NAMESPACE), name).default

    def batched(info: Any, in_dims: tuple, *arguments: Any) -> tuple[Any, Any]:
        if info.batch_size == 0:
            raise ValueError(f"{name} needs at least one element under torch.vmap, got none")
        results = vmap(op, info.batch_size, in_dims, *arguments)
        return results, 0 if isinstance(results, torch.Tensor) else (0,) * len(results)

    torch.library.register_fake(op, fake, lib=library)
    torch.library.register_vmap(op, batched, lib=library)
    _registrations.append(library)
    return op


def _device_type(arguments: tuple[Any, ...]) -> str:
    first = arguments[0]
    return (first if isinstance(first, torch.Tensor) else first[0]).device.type
