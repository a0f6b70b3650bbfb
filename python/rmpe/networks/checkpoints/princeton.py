"""Checkpoints of princeton-vl/pytorch_stacked_hourglass, by the authors of the paper.

Their network takes (N, h, w, 3), and gives the heatmaps of all stacks, (N, stacks, K, h / 4,
w / 4). Every residual block brings a ``skip_layer``, which is used only where the number of
channels changes.
"""

from __future__ import annotations

import re

import torch

__all__ = ["TITLE", "convert", "matches"]

TITLE = "princeton-vl/pytorch_stacked_hourglass"

# What the project's training code has around the network.
_PREFIX = re.compile(r"^(model\.)?(module\.)?")
_RULES = (
    (r"^pre\.0\.conv\.", "conv1."),
    (r"^pre\.0\.bn\.", "bn1."),
    (r"^pre\.1\.", "layer1.0."),
    (r"^pre\.3\.", "layer2.0."),
    (r"^pre\.4\.", "layer3.0."),
    (r"^features\.(\d+)\.0\.", r"res.\1.0."),
    (r"^features\.(\d+)\.1\.conv\.", r"fc.\1.0."),
    (r"^features\.(\d+)\.1\.bn\.", r"fc.\1.1."),
    (r"^outs\.(\d+)\.conv\.", r"score.\1."),
    (r"^merge_features\.(\d+)\.conv\.conv\.", r"fc_.\1."),
    (r"^merge_preds\.(\d+)\.conv\.conv\.", r"score_.\1."),
    (r"(conv\d)\.conv\.", r"\1."),
    (r"skip_layer\.conv\.", "downsample.0."),
)
# An hourglass is nested in ``low2`` of the larger one; that of the smallest is a block.
_BRANCH = re.compile(r"^hgs\.(\d+)\.0\.((?:low2\.)*)(up1|low1|low3|low2)\.")
_BRANCHES = ("up1", "low1", "low3", "low2")
_DEEPEST = 3


def matches(weights: dict[str, torch.Tensor]) -> bool:
    """Whether there are its first convolution and an hourglass."""
    names = {_PREFIX.sub("", name) for name in weights}
    return {"pre.0.conv.weight", "hgs.0.0.up1.bn1.weight"} <= names


def convert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give the weights our names, and leave out those that are not used.

    Examples
    --------
    >>> list(convert({"model.module.hgs.1.0.low2.low3.conv2.conv.bias": torch.zeros(128)}))
    ['hg.1.hg.2.2.0.conv2.bias']
    """
    return {
        _rename(name): value for name, value in weights.items() if not _is_unused(weights, name)
    }


def _rename(name: str) -> str:
    name = _BRANCH.sub(_rename_branch, _PREFIX.sub("", name))
    for theirs, ours in _RULES:
        name = re.sub(theirs, ours, name)
    return name


def _rename_branch(branch: re.Match[str]) -> str:
    stack, way, name = branch.groups()
    return f"hg.{stack}.hg.{_DEEPEST - way.count('low2')}.{_BRANCHES.index(name)}.0."


def _is_unused(weights: dict[str, torch.Tensor], name: str) -> bool:
    block, skip, _ = name.rpartition(".skip_layer.conv.")
    weight = weights.get(f"{block}{skip}weight")
    return bool(skip) and weight is not None and weight.dim() > 1 and len(weight) == weight.shape[1]
