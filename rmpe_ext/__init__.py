"""Fast ops for multi-person pose estimation: C++ on the CPU, CUDA on GPUs, or pure PyTorch.

Names are loaded on first use, so ``import rmpe_ext`` itself does not import torch.

What holds for every op, with ``docs/ops.md`` for the table of what the tests have shown:

*Dtypes.* 16-bit values are computed in float32, and may be mixed with float32 ones where poses,
scores and boxes come together. Matrices of 16 bits are refused, for they are wrong by pixels.

*Gradients* flow through ``affine_sample`` and ``soft_argmax``. All other ops detach their
arguments, but for the matrices of ``crop``, which must not require grad.

*Autocast* has no effect: no op has a rule for it, on any device, and each runs in the dtypes that
it is given. None needs one, for none computes in less than float32. ``affine_sample`` so keeps
16-bit activations 16-bit, where ``grid_sample`` makes them float32.

*torch.compile* and *torch.export* take every op into one graph, which serves any N.

*torch.vmap* joins the mapped dimension to N where the items of a call are independent. Suppression,
``pose_similarity``, ``merge_poses`` and ``crop`` are called for each element in turn: an
``image_index`` does in one call what a map over images does in many. The transforms of
``torch.func`` that differentiate, such as ``grad``, do not go through custom ops.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._native import Backend, backend
    from .ops.affine_sample import affine_sample
    from .ops.crop import crop, crop_matrices
    from .ops.decode import decode
    from .ops.decode_simcc import decode_simcc
    from .ops.merge_poses import merge_poses
    from .ops.nearby_joints_nms import nearby_joints_nms
    from .ops.oks_nms import oks_nms, soft_oks_nms
    from .ops.pose_nms import box_nms, pose_nms, pose_similarity
    from .ops.soft_argmax import soft_argmax
    from .results import MergedPoses, NMSResult, SoftNMSResult

__version__ = "0.1.0"
__all__ = [
    "Backend",
    "MergedPoses",
    "NMSResult",
    "SoftNMSResult",
    "affine_sample",
    "backend",
    "box_nms",
    "crop",
    "crop_matrices",
    "decode",
    "decode_simcc",
    "merge_poses",
    "nearby_joints_nms",
    "oks_nms",
    "pose_nms",
    "pose_similarity",
    "soft_argmax",
    "soft_oks_nms",
]

_MODULES = {
    "_native": ("Backend", "backend"),
    "ops.affine_sample": ("affine_sample",),
    "ops.crop": ("crop", "crop_matrices"),
    "ops.decode": ("decode",),
    "ops.decode_simcc": ("decode_simcc",),
    "ops.merge_poses": ("merge_poses",),
    "ops.nearby_joints_nms": ("nearby_joints_nms",),
    "ops.oks_nms": ("oks_nms", "soft_oks_nms"),
    "ops.pose_nms": ("box_nms", "pose_nms", "pose_similarity"),
    "ops.soft_argmax": ("soft_argmax",),
    "results": ("MergedPoses", "NMSResult", "SoftNMSResult"),
}
_SUBMODULES = ("conventions", "numpy", "presets", "reference")
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'rmpe_ext' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*__all__, *_SUBMODULES))
