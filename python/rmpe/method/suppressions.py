"""The kinds of suppression that can be fitted: what each does, and which parameters are tried.

A kind is one row of `SUPPRESSIONS`. Importing this module imports neither torch nor numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import rmpe_ext
from rmpe_ext.presets import PRESETS, PoseNMSPreset, PresetName, resolve_preset

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from rmpe_ext.return_types import NMSResult

    from ..people import People

__all__ = [
    "PRESET_KINDS", "SUPPRESSIONS", "Parameters", "Range", "Suppression", "preset_of",
]  # fmt: skip

_Result = TypeVar("_Result")
Parameters = Mapping[str, float]
"""Values of fitted parameters by name."""


@dataclass(frozen=True)
class Range:
    """``count`` values from ``low`` to ``high``, at equal distances or, if geometric, ratios."""

    low: float
    high: float
    count: int
    geometric: bool = False

    def values(self) -> npt.NDArray[np.float64]:
        """The values, ascending."""
        import numpy as np

        space = np.geomspace if self.geometric else np.linspace
        return space(self.low, self.high, self.count, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Suppression:
    """A kind of suppression.

    Attributes
    ----------
    summary : str
        One line for people.
    apply : callable
        `People` and parameters to `keep` (P,), bool, and the people with changed scores or
        keypoints: the same `People` where nothing but the selection changes.
    ranges : mapping of str to Range
        The values of each parameter that are tried.
    pairs : tuple of tuples of str
        Parameters that are searched together, with the others fixed.
    defaults : mapping of str to float
        Where the search starts.
    """

    summary: str
    apply: Callable[[People, Parameters], tuple[torch.Tensor, People]]
    ranges: Mapping[str, Range]
    pairs: tuple[tuple[str, ...], ...]
    defaults: Mapping[str, float]

    @property
    def grids(self) -> dict[str, npt.NDArray[np.float64]]:
        """The values of each parameter that are tried, ascending."""
        return {name: values.values() for name, values in self.ranges.items()}


def preset_of(kind: str, parameters: Parameters, joints: int) -> PoseNMSPreset:
    """Make the preset of pose NMS that fitted parameters stand for.

    Parameters
    ----------
    kind : str
        A key of `SUPPRESSIONS` that is a form of pose NMS.
    parameters : mapping
        Fields of the preset. But ``eta`` is the fraction of the largest ``d`` that there can be,
        ``joints * (1 + lam)``: so the two can be searched independently.
    joints : int
        Of the skeleton, K.

    Examples
    --------
    >>> preset_of("rmpe", {"eta": 0.5, "lam": 1.0}, joints=16).eta
    16.0
    """
    base, fixed = _FORMS[kind]
    fields: dict[str, Any] = {**fixed, **parameters}
    largest = joints * (1 + fields.get("lam", PRESETS[base].lam))
    fields["eta"] = parameters["eta"] * largest
    if "near_joints" in fields:
        fields["near_joints"] = int(fields["near_joints"])
    return resolve_preset(base, fields)


# Forms of pose NMS: the preset that each goes out from, and what differs in it.
_FORMS: dict[str, tuple[PresetName, dict[str, Any]]] = {
    "paper": ("paper", {"unit": "box"}),
    "paper-pixels": ("paper", {"unit": "pixel"}),
    "rmpe": ("rmpe", {}),
    "alphapose": ("alphapose", {}),
}
PRESET_KINDS = tuple(_FORMS)


def _pose_nms(kind: str) -> Callable[[People, Parameters], tuple[torch.Tensor, People]]:
    def apply(people: People, parameters: Parameters) -> tuple[torch.Tensor, People]:
        preset = preset_of(kind, parameters, len(people.skeleton))
        return _suppress(people, preset).keep, people

    return apply


def _suppress(people: People, preset: PoseNMSPreset | PresetName) -> NMSResult[torch.Tensor]:
    return rmpe_ext.pose_nms(
        people.keypoints,
        people.keypoint_scores,
        people.boxes,
        preset=preset,
        pose_scores=people.scores,
        image_index=people.image_index,
    )


def _merged(people: People, parameters: Parameters) -> tuple[torch.Tensor, People]:
    suppressor = _suppress(people, "alphapose").suppressor
    merged = rmpe_ext.merge_poses(
        people.keypoints,
        people.keypoint_scores,
        people.boxes,
        suppressor,
        preset="alphapose",
        **parameters,
    )
    return merged.keep, replace(people, keypoints=merged.keypoints)


def _box_nms(people: People, parameters: Parameters) -> tuple[torch.Tensor, People]:
    found = rmpe_ext.box_nms(
        people.boxes, people.scores, parameters["threshold"], image_index=people.image_index
    )
    return found.keep, people


def _oks_nms(people: People, parameters: Parameters) -> tuple[torch.Tensor, People]:
    return _by_oks(rmpe_ext.oks_nms, people, parameters).keep, people


def _soft_oks_nms(people: People, parameters: Parameters) -> tuple[torch.Tensor, People]:
    found = _by_oks(rmpe_ext.soft_oks_nms, people, parameters)
    return found.keep, replace(people, scores=found.pose_scores)


def _by_oks(op: Callable[..., _Result], people: People, parameters: Parameters) -> _Result:
    sides = people.boxes[:, 2:] - people.boxes[:, :2]
    return op(
        people.keypoints,
        people.keypoint_scores,
        sides.prod(1),
        people.skeleton.sigmas,
        threshold=parameters["threshold"],
        pose_scores=people.scores,
        image_index=people.image_index,
    )


def _nearby_joints_nms(people: People, parameters: Parameters) -> tuple[torch.Tensor, People]:
    max_near = int(parameters["max_near"])
    if max_near != parameters["max_near"]:
        raise ValueError(f"max_near must be a whole number, got {parameters['max_near']}")
    found = rmpe_ext.nearby_joints_nms(
        people.keypoints,
        people.keypoint_scores,
        distance=parameters["distance"],
        max_near=max_near,
        pose_scores=people.scores,
        image_index=people.image_index,
    )
    return found.keep, people


_THRESHOLDS = Range(0.05, 1.0, 39)
_PAPER = {
    "sigma1": Range(0.03, 3, 13, geometric=True),
    "sigma2": Range(0.01, 100, 13, geometric=True),
    "lam": Range(0.03, 30, 13, geometric=True),
    "eta": Range(0.02, 0.98, 25),
}
_PAPER_PAIRS = (("sigma1", "sigma2"), ("lam", "eta"))

SUPPRESSIONS: dict[str, Suppression] = {
    "paper": Suppression(
        "pose NMS of the paper; distances in tenths of the box's longer side",
        _pose_nms("paper"),
        _PAPER,
        _PAPER_PAIRS,
        {"sigma1": 0.3, "sigma2": 1.0, "lam": 1.0, "eta": 0.25},
    ),
    "paper-pixels": Suppression(
        "pose NMS of the paper; distances in pixels",
        _pose_nms("paper-pixels"),
        _PAPER | {"sigma2": Range(1, 10_000, 13, geometric=True)},
        _PAPER_PAIRS,
        {"sigma1": 0.3, "sigma2": 100.0, "lam": 1.0, "eta": 0.25},
    ),
    "rmpe": Suppression(
        "pose NMS as the authors first released it",
        _pose_nms("rmpe"),
        _PAPER
        | {
            "sigma1": Range(0.01, 3, 13, geometric=True),
            "sigma2": Range(0.1, 10, 13, geometric=True),
        },
        _PAPER_PAIRS,
        {"sigma1": 0.01, "sigma2": 2.08, "lam": 2.08, "eta": 0.45},
    ),
    "alphapose": Suppression(
        "pose NMS as AlphaPose has it, with a second rule for near joints",
        _pose_nms("alphapose"),
        {
            "sigma2": Range(0.1, 100, 13, geometric=True),
            "eta": _PAPER["eta"],
            "near_joints": Range(3, 17, 15),
            "near_radius": Range(1, 64, 13, geometric=True),
        },
        (("sigma2", "eta"), ("near_joints", "near_radius")),
        {"sigma2": 2.65, "eta": 0.49, "near_joints": 5, "near_radius": 7},
    ),
    "alphapose-merge": Suppression(
        "the preset alphapose, and the kept pose averaged with what it removed",
        _merged,
        {
            "merge_box": Range(0.01, 0.4, 8, geometric=True),
            "merge_radius": Range(2, 64, 6, geometric=True),
        },
        (("merge_box", "merge_radius"),),
        {"merge_box": 0.1, "merge_radius": 15},
    ),
    "box-nms": Suppression(
        "IoU of boxes", _box_nms, {"threshold": _THRESHOLDS}, (("threshold",),), {"threshold": 0.6}
    ),
    "oks-nms": Suppression(
        "OKS of poses", _oks_nms, {"threshold": _THRESHOLDS}, (("threshold",),), {"threshold": 0.9}
    ),
    "soft-oks-nms": Suppression(
        "scores lowered by the OKS with better poses",
        _soft_oks_nms,
        {"threshold": Range(0.02, 10, 14, geometric=True)},
        (("threshold",),),
        {"threshold": 0.9},
    ),
    "nearby-joints": Suppression(
        "joints that two poses share",
        _nearby_joints_nms,
        {"distance": Range(0.01, 0.3, 13, geometric=True), "max_near": Range(2, 15, 14)},
        (("distance", "max_near"),),
        {"distance": 0.05, "max_near": 8},
    ),
}
