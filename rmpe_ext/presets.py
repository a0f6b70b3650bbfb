"""Presets of parametric pose NMS: the parameters of each published variant.

This module imports neither torch nor numpy.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .validation.checks import TYPES, check_choice, check_real, check_type, check_whole

__all__ = ["DEFAULT_PRESET", "PRESETS", "PoseNMSPreset", "PresetName", "resolve_preset"]

PresetName = Literal["paper", "rmpe", "alphapose"]

_UNITS = ("pixel", "box")


@dataclass(frozen=True, kw_only=True)
class PoseNMSPreset:
    """Parameters of pose NMS, under the names of the RMPE paper.

    ``d(i, j) = sum_n [joint n matches] tanh(c_i / sigma1) tanh(c_j / sigma1)
    + lam * sum_n exp(-distance / sigma2)``. Pose ``i``, the reference, eliminates pose ``j`` where
    ``d > eta``. Both sums run over the joints, so ``eta`` depends on the skeleton: twice as many
    joints double ``d``.

    Attributes
    ----------
    sigma1 : float
        Scale of the joint scores; above 0.
    sigma2 : float
        Scale of the distance; above 0, in ``unit``, or in its square where ``squared``.
    lam : float
        Weight of the second sum (the paper's lambda).
    eta : float
        Threshold on ``d``.
    squared : bool
        Whether the distance in the second sum is squared.
    unit : str
        Unit of distances: ``"pixel"``, or ``"box"``, a tenth of the longer side of the reference
        box.
    match_box : float, optional
        A joint matches inside a box around the reference joint, with sides ``match_box`` times
        those of the reference box. None: no such bound.
    match_radius : float, optional
        A joint matches within this distance, in ``unit``. None: no such bound. Where both bounds
        are given, both must hold.
    near_joints : int
        A second rule beside ``d > eta``: a pose is also eliminated where at least this many of its
        joints are near those of the reference. 0: no such rule.
    near_radius, near_box : float
        A joint is near within ``min(near_radius, near_box * longer side of the reference box)``
        pixels.
    merge_box, merge_radius : float
        For :func:`rmpe_ext.merge_poses`, which runs after the suppression: a joint is merged
        within ``min(merge_radius, merge_box * longer side of the kept pose's box)`` pixels. The
        values of these and the next two were released for ``alphapose`` only; the other presets
        use the same.
    min_score : float
        A pose whose best joint scores less, before or after merging, is dropped.
    zero_score : float
        Weight of a joint score of 0 in the means; above 0.
    summary : str
        The row in a few words, for ``--help``; not a parameter of the method.
    """

    sigma1: float
    sigma2: float
    lam: float
    eta: float
    squared: bool = False
    unit: str = "pixel"
    match_box: float | None = None
    match_radius: float | None = None
    near_joints: int = 0
    near_radius: float = 0.0
    near_box: float = 0.0
    merge_box: float = 0.1
    merge_radius: float = 15.0
    min_score: float = 0.3
    zero_score: float = 1e-5
    summary: str = dataclasses.field(default="", compare=False)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check_type(TYPES, field.name, getattr(self, field.name), str(field.type))
        # The inverses of the scales have to be finite in float32.
        self._store_reals("in 1e-30..1e30", ("sigma1", "sigma2", "zero_score"), 1e-30, 1e30)
        self._store_reals("finite", ("lam", "eta", "min_score"))
        self._store_reals("at least 0 and finite, or None", ("match_box", "match_radius"), 0.0)
        radii = ("near_radius", "near_box", "merge_box", "merge_radius")
        self._store_reals("at least 0 and finite", radii, 0.0)
        near_joints = check_whole(TYPES, "near_joints", self.near_joints, least=0)
        object.__setattr__(self, "near_joints", near_joints)
        check_choice("unit", self.unit, _UNITS)

    def _store_reals(
        self,
        rule: str,
        names: tuple[str, ...],
        least: float = -math.inf,
        most: float = math.inf,
    ) -> None:
        """Check the fields, and store them as floats, whatever kind of number they were."""
        for name in names:
            value = getattr(self, name)
            if value is not None:
                value = check_real(TYPES, name, value, rule, least=least, most=most)
                object.__setattr__(self, name, value)


PRESETS: dict[PresetName, PoseNMSPreset] = {
    # The paper's form. Its constants were never published; these were fitted by `rmpe fit-nms`, for
    # the 17 joints of COCO: docs/presets.md says to what, and what that gained.
    "paper": PoseNMSPreset(
        sigma1=0.3,
        sigma2=0.1,
        lam=0.949,
        eta=8.61,
        squared=True,
        unit="box",
        match_box=0.1,
        summary="the paper's equations, fitted to COCO (their constants were never published)",
    ),
    # The authors' first release, for the 16 joints of MPII.
    "rmpe": PoseNMSPreset(
        sigma1=0.01,
        sigma2=2.08,
        lam=2.08,
        eta=22.48,
        unit="box",
        match_radius=1.0,
        summary="constants of the authors' first release, for MPII; distances relative to the box",
    ),
    # The authors' PyTorch release, for the 17 joints of COCO. A second rule suppresses a pose with
    # at least 5 joints near those of the picked one.
    "alphapose": PoseNMSPreset(
        sigma1=1.0,
        sigma2=2.65,
        lam=1.7,
        eta=22.48,
        match_radius=1.0,
        near_joints=5,
        near_radius=7.0,
        near_box=0.1,
        summary="constants of AlphaPose, for COCO; distances in pixels, and a rule on near joints",
    ),
}
# What users of the field know, with constants that its authors released; on the photographs of the
# README the three presets are within .008 AP of each other.
DEFAULT_PRESET: PresetName = "alphapose"
_PARAMETERS = tuple(
    field.name for field in dataclasses.fields(PoseNMSPreset) if field.name != "summary"
)


def resolve_preset(
    preset: PresetName | PoseNMSPreset, parameters: Mapping[str, Any] | None = None
) -> PoseNMSPreset:
    """Return the preset, looked up by its name, with some of its fields replaced.

    Raises
    ------
    TypeError
        If ``parameters`` names what is not a parameter.
    ValueError
        If there is no such preset, or a value is out of range.

    Examples
    --------
    >>> resolve_preset("alphapose", {"eta": 30.0}).eta
    30.0
    """
    if not isinstance(preset, PoseNMSPreset):
        check_choice("preset", preset, PRESETS)
        preset = PRESETS[preset]
    if not parameters:
        return preset
    for name in parameters:
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            raise TypeError(f"{name!r} is not a parameter of pose NMS; these are: {known}")
    return dataclasses.replace(preset, **parameters)
