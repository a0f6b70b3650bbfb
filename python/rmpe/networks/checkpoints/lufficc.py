"""Checkpoints of lufficc/SSD: those of amdegroot/ssd.pytorch with other names of the parts."""

from __future__ import annotations

import torch

from . import amdegroot

__all__ = ["TITLE", "convert", "matches"]

TITLE = "lufficc/SSD"

_PARTS = {
    "backbone.vgg.": "vgg.",
    "backbone.extras.": "extras.",
    "backbone.l2_norm.": "L2Norm.",
    "box_head.predictor.reg_headers.": "loc.",
    "box_head.predictor.cls_headers.": "conf.",
}


def matches(weights: dict[str, torch.Tensor]) -> bool:
    """Whether the backbone is VGG-16, and there is a predictor."""
    return {"backbone.vgg.0.weight", "box_head.predictor.cls_headers.0.weight"} <= set(weights)


def convert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give the weights torchvision's names.

    Examples
    --------
    >>> list(convert({"box_head.predictor.reg_headers.6.bias": torch.zeros(16)}))
    ['head.regression_head.module_list.6.bias']
    """
    return amdegroot.convert({_rename(name): value for name, value in weights.items()})


def _rename(name: str) -> str:
    for theirs, ours in _PARTS.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name
