"""Checkpoints of amdegroot/ssd.pytorch: the layers of an SSD on VGG-16, counted through."""

from __future__ import annotations

import re

import torch

__all__ = ["TITLE", "convert", "matches"]

TITLE = "amdegroot/ssd.pytorch"

_HEADS = {"loc": "regression_head", "conf": "classification_head"}
# Layers of VGG-16 are counted from these on in torchvision's parts: up to the first feature map, up
# to the last pooling, and the two convolutions that were fully connected.
_VGG = ((30, "backbone.extra.0.7"), (23, "backbone.extra.0"), (0, "backbone.features"))


def matches(weights: dict[str, torch.Tensor]) -> bool:
    """Whether there are the first convolution and both heads."""
    return {"vgg.0.weight", "loc.0.weight", "conf.0.weight"} <= set(weights)


def convert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give the weights torchvision's names.

    Examples
    --------
    >>> names = ["vgg.31.bias", "L2Norm.weight", "extras.3.weight", "conf.0.bias"]
    >>> for name in convert(dict.fromkeys(names)):
    ...     print(name)
    backbone.extra.0.7.1.bias
    backbone.scale_weight
    backbone.extra.2.2.weight
    head.classification_head.module_list.0.bias
    """
    return {_rename(name): value for name, value in weights.items()}


def _rename(name: str) -> str:
    if name == "L2Norm.weight":
        return "backbone.scale_weight"
    found = re.fullmatch(r"(vgg|extras|loc|conf)\.(\d+)\.(\w+)", name)
    if found is None:
        return name
    part, layer, kind = found[1], int(found[2]), found[3]
    if part == "vgg":
        first, place = next(row for row in _VGG if layer >= row[0])
        return f"{place}.{layer - first}.{kind}"
    if part == "extras":
        # Two to a level, with a ReLU after each.
        return f"backbone.extra.{layer // 2 + 1}.{layer % 2 * 2}.{kind}"
    return f"head.{_HEADS[part]}.module_list.{layer}.{kind}"
