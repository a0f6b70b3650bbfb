"""The hourglass of edvardHua/PoseEstimationForMobile, from a frozen graph of TensorFlow.

It takes (N, h, w, 3), and gives (N, h / 4, w / 4, K), as ``hourglass_out_3``.
"""

from __future__ import annotations

import re

import torch

__all__ = ["TITLE", "convert", "matches"]

TITLE = "edvardHua/PoseEstimationForMobile"

_BLOCK = re.compile(
    r"(?:\w+/)?inverted_bottleneck_"
    r"(?:(?P<body>Conv2d_[12])|hourglass_(?P<part>front|mid|back|branch_jump)_(?P<level>\d))"
    r"(?:_(?P<number>\d))?/\w+?_(?P<layer>up_pointwise|depthwise|pointwise)/(?P<kind>.+)"
)
_STEM = re.compile(r"Conv2d_0/(?P<kind>.+)")
# The first two blocks keep the size, and are counted for themselves.
_COUNTED_BEFORE = {"Conv2d_1": 0, "Conv2d_2": 2}
_LAYERS = {"up_pointwise": "expand.", "depthwise": "depthwise.", "pointwise": "project."}
_KINDS = {
    "weights": "conv.weight",
    "depthwise_weights": "weight",
    "BatchNorm/Const": "bn.weight",
    "BatchNorm/gamma": "bn.weight",
    "BatchNorm/beta": "bn.bias",
    "BatchNorm/moving_mean": "bn.running_mean",
    "BatchNorm/moving_variance": "bn.running_var",
}
_LEVELS = 4


def matches(weights: dict[str, torch.Tensor]) -> bool:
    """Whether there are its first convolution and the middle of an hourglass."""
    middle = "inverted_bottleneck_hourglass_mid_0/hourglass_mid_0_pointwise/weights"
    return {"Conv2d_0/weights", middle} <= set(weights)


def convert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give the weights our names, and the axes of PyTorch: TensorFlow's are h, w, in, out.

    Examples
    --------
    >>> block = "hourglass_front_4/inverted_bottleneck_hourglass_front_4_1/hourglass_front_4_1_"
    >>> found = convert({block + "depthwise/depthwise_weights": torch.zeros(3, 3, 144, 1)})
    >>> {name: tuple(value.shape) for name, value in found.items()}
    {'down.0.0.depthwise.weight': (144, 1, 3, 3)}
    """
    return {
        _rename(name): _turn(value, "depthwise_weights" in name) for name, value in weights.items()
    }


def _rename(name: str) -> str:
    if (stem := _STEM.fullmatch(name)) is not None:
        return f"stem.{_KINDS.get(stem['kind'], stem['kind'])}"
    found = _BLOCK.fullmatch(name)
    if found is None:
        return name
    number = int(found["number"] or 1) - 1
    if found["body"] is not None:
        place = f"body.{_COUNTED_BEFORE[found['body']] + number}"
    else:
        level = int(found["level"])
        place = {
            "front": f"down.{_LEVELS - level}.{number}",
            "mid": "middle",
            "back": f"up.{level}",
            "branch_jump": f"jump.{level}.{number}",
        }[found["part"]]
    return f"{place}.{_LAYERS[found['layer']]}{_KINDS.get(found['kind'], found['kind'])}"


def _turn(value: torch.Tensor, depthwise: bool) -> torch.Tensor:
    if value.dim() != 4:
        return value
    axes = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    return value.permute(axes).contiguous()
