"""The ops in pure PyTorch: the same names, arguments and results as in rmpe_ext, on any device.

The reference runs where no native library was built, and the native kernels are tested against it.
Each function takes its signature and its documentation from the op of the same name.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _OPS

if TYPE_CHECKING:
    from ..ops import *  # noqa: F403
else:
    __all__ = list(_OPS)

    def __getattr__(name: str) -> Any:
        if name not in _OPS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = function = _make(name)
        return function


def __dir__() -> list[str]:
    return list(_OPS)


def _make(name: str) -> Callable[..., Any]:
    """Make the function that validates the op's arguments and runs its reference kernel."""
    op, validate, kernel = (
        getattr(importlib.import_module(f"rmpe_ext.{module}.{name}"), function)
        for module, function in (
            ("ops", name),
            ("validation", f"validate_{name}"),
            ("reference.kernels", f"{name}_kernel"),
        )
    )
    torch_arrays = importlib.import_module("rmpe_ext.validation.torch_arrays")
    signature = inspect.signature(op)

    @functools.wraps(op)
    def function(*arguments: Any, **keywords: Any) -> Any:
        bound = signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        torch_arrays.check_dense(bound.arguments)
        results = kernel(*validate(torch_arrays, *bound.arguments.values()))
        # The second result of soft_argmax is for its gradient only.
        return results[0] if name == "soft_argmax" else results

    function.__module__ = __name__
    return function
