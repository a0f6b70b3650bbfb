"""Fast ops for multi-person pose estimation: C++ on the CPU, CUDA on GPUs, or pure PyTorch.

Ops and submodules are loaded on first use, so that ``import rmpe_ext`` does not import torch.

The following holds for every op; ``docs/ops.md`` has a table of what the tests have shown.

*Dtypes.* 16-bit values are computed in float32. They may be mixed with float32 where poses, scores
and boxes come together. Matrices must not be of 16 bits, which are too few for positions.

*Gradients* flow through ``affine_sample`` and ``soft_argmax``. All other ops detach their
arguments; the matrices of ``crop`` must not require grad.

*Autocast* has no effect on any device: each op runs in the dtypes that it is given. It needs none,
because no op computes in less than float32. ``affine_sample`` therefore returns 16-bit activations
for 16-bit activations, where autocast makes ``grid_sample`` return float32.

*torch.compile* and *torch.export* take every op into one graph, which serves any N.

*torch.vmap* joins the mapped dimension to N in ops whose items are independent. Suppressions,
``pose_similarity``, ``merge_poses`` and ``crop`` are called for each element in turn; pass an
``image_index`` instead of mapping over images. The transforms of ``torch.func`` that
differentiate, such as ``grad``, do not support custom ops.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._backend import Backend as Backend
from ._backend import backend as backend
from .return_types import MergedPoses as MergedPoses
from .return_types import NMSResult as NMSResult
from .return_types import SoftNMSResult as SoftNMSResult

__version__ = "0.1.0"

# The module of an op has its name.
_OPS = sorted(path.stem for path in Path(__file__).with_name("ops").glob("[!_]*.py"))
_SUBMODULES = ("conventions", "numpy", "presets", "reference", "return_types", "sigmas")

if TYPE_CHECKING:
    from .ops import *  # noqa: F403
else:
    __all__ = [*_OPS, "Backend", "MergedPoses", "NMSResult", "SoftNMSResult", "backend"]

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name not in _OPS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            value = getattr(importlib.import_module(f"{__name__}.ops.{name}"), name)
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise ModuleNotFoundError(
                f"rmpe_ext.{name} takes tensors of torch, which is not installed: install torch, "
                f"or call rmpe_ext.numpy.{name}, which takes numpy's arrays",
                name="torch",
            ) from None
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted([*__all__, *_SUBMODULES, "__version__"])
