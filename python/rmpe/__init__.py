"""RMPE, regional multi-person pose estimation: pretrained networks around the ops of `rmpe_ext`.

>>> import rmpe
>>> image = rmpe.read_image("street.jpg")                       # doctest: +SKIP
>>> people = rmpe.PoseEstimator()([image])                      # doctest: +SKIP
>>> people.keypoints.shape                                      # doctest: +SKIP
torch.Size([3, 17, 2])

From the command line: ``rmpe infer street.jpg``. Names and modules are loaded on first use, so
``import rmpe`` itself imports neither torch nor OpenCV.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

# The public names and their modules. `make update` writes __init__.pyi,
# which tells type checkers and editors of them, from this table.
_MODULES = {
    "datasets": ("load_dataset",),
    "datasets.dataset": ("Dataset", "DatasetError"),
    "errors": ("ModelError",),
    "evaluation": ("evaluate", "predict"),
    "inputs.clip": ("Excerpt",),
    "inputs.find": ("find_images",),
    "inputs.frames": ("Frame", "read_frames"),
    "inputs.images": ("ImageError", "read_image"),
    "inputs.live": ("Connection",),
    "inputs.prefetch": ("read_images",),
    "inputs.raw": ("RawVideo",),
    "metrics.keypoint_ap": ("AveragePrecision", "average_precision"),
    "metrics.predictions": ("Predictions",),
    "models.build": ("load_detector", "load_pose"),
    "models.card": ("DetectorCard", "PoseCard"),
    "models.read": ("known_cards", "load_card"),
    "people": ("People",),
    "pipeline": ("PoseEstimator", "suppress"),
    "result": ("Result",),
    "result_parts": ("Boxes", "Keypoints"),
    "skeletons": ("AIC_14", "COCO_17", "HALPE_26", "MPII_16", "SKELETONS", "Skeleton"),
    "timing": ("StageTimer",),
    "trackers.parameters": ("TrackingParameters",),
    "trackers.tracker": ("TrackerState", "track"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}
_SUBMODULES = {
    module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "__version__":
        from rmpe_ext import __version__ as value
    elif name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module 'rmpe' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES, "__version__"})
