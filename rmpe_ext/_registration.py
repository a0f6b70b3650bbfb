"""Registration of the ops with PyTorch.

An op's schema, its fake kernel and its reference kernel are registered from Python, so that the
package works where no library was built. A library adds kernels for its device, which PyTorch's
dispatcher prefers.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ._backend import backend
from ._vmap import each_in_turn
from .validation import torch_arrays

__all__ = ["define"]

_NAMESPACE = "rmpe_ext"
_registrations: list[Any] = []  # an op lives as long as its Library object


@functools.cache
def _warn_reference(device: str) -> None:
    """Warn, once for each type of device, that the reference runs where a kernel could."""
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
            f"To build the native kernels, install {compiler} and reinstall, in the folder of the "
            "sources: pip install ."
        )
    warnings.warn(
        f"rmpe_ext runs its pure-PyTorch path on {device} tensors: {reason}. Results are the "
        f"same; most ops are many times slower. {remedy} "
        "RMPE_EXT_BACKEND=reference silences this warning.",
        RuntimeWarning,
        stacklevel=_caller_level(),
    )


def _caller_level() -> int:
    """Return the stack level of the user's code, as ``warnings.warn`` counts it."""
    internal = (str(Path(__file__).parent), str(Path(torch.__file__).parent))
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(internal):
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
        The reference kernel; it runs on every device without a native kernel.
    fake
        Computes the shapes and dtypes of the results, for ``torch.compile`` and ``torch.export``.
    vmap
        The rule for ``torch.vmap``, from :mod:`rmpe_ext._vmap`.

    Returns
    -------
    callable
        The op; its arguments are those of the schema.
    """
    backend()
    name = schema.partition("(")[0]

    @functools.wraps(reference)
    def fallback(*arguments: Any) -> Any:
        torch_arrays.check_dense(dict(zip(names, arguments, strict=True)))
        _warn_reference(_device_type(arguments))
        return reference(*arguments)

    library: Any = torch.library.Library(_NAMESPACE, "FRAGMENT")  # type: ignore[no-untyped-call]
    library.define(schema)
    library.impl(name, fallback, "CompositeExplicitAutograd")
    op: Any = getattr(getattr(torch.ops, _NAMESPACE), name).default

    names = [argument.name for argument in op._schema.arguments]

    def batched(info: Any, in_dims: tuple[Any, ...], *arguments: Any) -> tuple[Any, Any]:
        if info.batch_size == 0:
            raise ValueError(f"{name} needs at least one element under torch.vmap, got none")
        results = vmap(op, info.batch_size, in_dims, *arguments)
        return results, 0 if isinstance(results, torch.Tensor) else (0,) * len(results)

    torch.library.register_fake(f"{_NAMESPACE}::{name}", fake, lib=library)
    torch.library.register_vmap(f"{_NAMESPACE}::{name}", batched, lib=library)
    _registrations.append(library)
    defined: Callable[..., Any] = op
    return defined


def _device_type(arguments: tuple[Any, ...]) -> str:
    first = arguments[0]
    return (first if isinstance(first, torch.Tensor) else first[0]).device.type
