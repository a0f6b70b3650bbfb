"""RMPE, regional multi-person pose estimation: pretrained networks around the ops of `rmpe_ext`.

>>> import rmpe
>>> image = rmpe.read_image("street.jpg")                       # doctest: +SKIP
>>> people = rmpe.PoseEstimator()([image])                      # doctest: +SKIP
>>> people.keypoints.shape                                      # doctest: +SKIP
torch.Size([3, 17, 2])

From the command line: ``rmpe infer street.jpg``. Names are loaded on first use, so ``import rmpe``
itself imports neither torch nor OpenCV.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .datasets import load_dataset
    from .datasets.dataset import Dataset, DatasetError
    from .errors import ModelError
    from .evaluation import evaluate, predict
    from .inputs.find import find_images
    from .inputs.images import ImageError, read_image
    from .inputs.prefetch import read_images
    from .metrics.keypoint_ap import AveragePrecision, average_precision
    from .metrics.predictions import Predictions
    from .models.card import DetectorCard, PoseCard
    from .models.read import known_cards, load_card
    from .people import People
    from .pipeline import PoseEstimator, suppress
    from .skeletons import AIC_14, COCO_17, MPII_16, SKELETONS, Skeleton
    from .timing import StageTimer

_MODULES = {
    "datasets": ("load_dataset",),
    "datasets.dataset": ("Dataset", "DatasetError"),
    "errors": ("ModelError",),
    "evaluation": ("evaluate", "predict"),
    "inputs.find": ("find_images",),
    "inputs.images": ("ImageError", "read_image"),
    "inputs.prefetch": ("read_images",),
    "metrics.keypoint_ap": ("AveragePrecision", "average_precision"),
    "metrics.predictions": ("Predictions",),
    "models.card": ("DetectorCard", "PoseCard"),
    "models.read": ("known_cards", "load_card"),
    "people": ("People",),
    "pipeline": ("PoseEstimator", "suppress"),
    "skeletons": ("AIC_14", "COCO_17", "MPII_16", "SKELETONS", "Skeleton"),
    "timing": ("StageTimer",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AIC_14",
    "COCO_17",
    "MPII_16",
    "SKELETONS",
    "AveragePrecision",
    "Dataset",
    "DatasetError",
    "DetectorCard",
    "ImageError",
    "ModelError",
    "People",
    "PoseCard",
    "PoseEstimator",
    "Predictions",
    "Skeleton",
    "StageTimer",
    "average_precision",
    "evaluate",
    "find_images",
    "known_cards",
    "load_card",
    "load_dataset",
    "predict",
    "read_image",
    "read_images",
    "suppress",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from rmpe_ext import __version__ as value
    elif name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module 'rmpe' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
