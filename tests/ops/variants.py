"""The presets of pose NMS beside the words of the oracle for them."""

import math

import torch

from rmpe_ext.presets import PRESETS
from tests.oracles import pose_nms as oracle

VARIANTS = {
    "paper": oracle.paper(
        *(getattr(PRESETS["paper"], name) for name in ("sigma1", "sigma2", "lam", "eta"))
    ),
    "rmpe": oracle.RMPE,
    "alphapose": oracle.ALPHAPOSE,
}
# Overrides that switch every part of the mechanism on or off, beside the oracle's words for them.
OVERRIDES = [
    ("paper", {}, {}),
    ("rmpe", {}, {}),
    ("alphapose", {}, {}),
    ("paper", {"unit": "pixel", "sigma2": 100.0}, {"in_box_units": False, "sigma2": 100.0}),
    ("paper", {"match_radius": 0.4, "eta": 5.0}, {"match_radius": 0.4, "eta": 5.0}),
    ("paper", {"match_box": None}, {"match_box": math.inf}),
    ("rmpe", {"squared": True, "match_radius": 0.4}, {"squared": True, "match_radius": 0.4}),
    ("alphapose", {"near_joints": 0, "match_radius": 4.0},
     {"near_joints": math.inf, "match_radius": 4.0}),
    ("alphapose", {"near_joints": 3, "near_box": 0.03}, {"near_joints": 3, "near_box": 0.03}),
]  # fmt: skip


def rounding(dtype, joints=17):
    """By how much a length in pixels, or d, may be off."""
    return (2e-5 if dtype == torch.float32 else 1e-12) * max(1.0, joints / 17)
